//! Addresses that nobody can choose: ECS has its credentials at one of the machine's link, and IMDS has one for IPv6. No test may ask
//! those, so the binary runs in a network of its own where they are loopback's, with servers behind them. There is no way out of it.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::debian;
use crate::packages::script;
use crate::support::Quarry;

/// Where Bedrock is in that network.
const BEDROCK: &str = "127.0.0.1 8080";

/// The credentials of whoever is asked.
fn credentials(id: &str) -> Value {
    let credentials = json!({
        "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": id, "SecretAccessKey": "s", "Token": "t",
        "Expiration": "2999-01-01T00:00:00Z",
    });
    answer(&credentials.to_string())
}

fn answer(body: &str) -> Value {
    // The lifetime belongs to the metadata service's token, and means nothing elsewhere.
    json!({ "body": body, "headers": { "x-aws-ec2-metadata-token-ttl-seconds": "21600" } })
}

/// What `auth status --check` told, and what the server at the address was asked; checks that this key signed.
fn status_of(quarry: Quarry, address: &str, answers: &Value, id: &str) -> (Value, Vec<Value>) {
    let quarry = quarry.set("AWS_ENDPOINT_URL_BEDROCK", &format!("http://{}", BEDROCK.replace(' ', ":")));
    let python = script("alone_with_servers.py");
    let mut command = debian::installed("unshare", "util-linux");
    command.args(["--user", "--map-root-user", "--net"]).arg(python.get_program()).args(python.get_args());
    let mut child = quarry
        .surround(&mut command)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("unshare cannot be started ({error}); on Debian it is in the package util-linux")
        });
    let given = json!({
        "servers": {
            (format!("{address} 80")): answers,
            BEDROCK: { "/foundation-models": answer(r#"{"modelSummaries":[]}"#) },
        },
        "command": [env!("CARGO_BIN_EXE_quarry"), "auth", "status", "--check", "--json"],
    });
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(given.to_string().as_bytes()).expect("the script reads its input");
    drop(stdin);
    let output = child.wait_with_output().expect("a child can be waited for");
    let told: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("a network of its own needs user namespaces, or a superuser ({error}): {output:?}");
    });
    let status: Value = serde_json::from_str(told["stdout"].as_str().unwrap_or_default())
        .unwrap_or_else(|error| panic!("{error}: {told:#}"));
    assert_eq!((&told["code"], &status["check"]["accepted"]), (&json!(0), &json!(true)), "{told:#}");
    let asked = told["asked"].as_array().cloned().unwrap_or_default();
    let (there, bedrock): (Vec<Value>, Vec<Value>) = asked.into_iter().partition(|asked| asked["server"] == address);
    let signed = bedrock.last().and_then(|asked| asked["headers"]["authorization"].as_str()).unwrap_or_default();
    assert!(signed.contains(&format!("Credential={id}/")), "{told:#}");
    (status, there)
}

#[test]
#[ignore = "peers: Python, unshare"]
fn a_task_of_ecs_has_its_role_from_the_relative_address() {
    let quarry = Quarry::new()
        .set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/task")
        .set("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic of-the-task")
        // Nobody else is to see what is said there.
        .set("HTTP_PROXY", "http://127.0.0.1:9")
        .set("NO_PROXY", "127.0.0.1");
    let answers = json!({ "/v2/credentials/task": credentials("AKIDTASK0010") });
    let (status, asked) = status_of(quarry, "169.254.170.2", &answers, "AKIDTASK0010");
    assert_eq!((&status["kind"], &status["means"]), (&json!("container"), &json!("ecs-task-role")), "{status:#}");
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!((&asked[0]["method"], &asked[0]["path"]), (&json!("GET"), &json!("/v2/credentials/task")), "{asked:?}");
    assert_eq!(asked[0]["headers"]["authorization"], "Basic of-the-task", "{asked:?}");
}

#[test]
#[ignore = "peers: Python, unshare"]
fn an_instance_of_ipv6_alone_needs_its_mode_and_nothing_else() {
    let quarry =
        Quarry::new().set("AWS_EC2_METADATA_DISABLED", "false").set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    let roles = "/latest/meta-data/iam/security-credentials/";
    let answers = json!({
        "/latest/api/token": answer("imds-token"),
        "/latest/meta-data/placement/region": answer("eu-west-1"),
        (roles): answer("box-role"),
        (format!("{roles}box-role")): credentials("AKIDINSTANCE0011"),
    });
    let (status, asked) = status_of(quarry, "fd00:ec2::254", &answers, "AKIDINSTANCE0011");
    assert_eq!((&status["kind"], &status["role"]), (&json!("instance-role"), &json!("box-role")), "{status:#}");
    assert_eq!(asked[0]["method"], "PUT", "IMDSv2 begins with a token: {asked:?}");
    assert!(asked[1..].iter().all(|asked| asked["headers"]["x-aws-ec2-metadata-token"] == "imds-token"), "{asked:?}");
}
