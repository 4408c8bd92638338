//! Sources that are there and give nothing: no other one takes their place, and what is told leads to the mistake.

use serde_json::json;

use super::bedrock;
use crate::support::{Answer, Quarry, Responder};

#[test]
fn a_profile_that_leads_nowhere_is_told_and_nobody_takes_its_place() {
    let container = Responder::start(|_| {
        Answer::json(&json!({
            "AccessKeyId": "AKIDCONTAINER0009", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z",
        }))
    });
    let role = "role_arn = arn:aws:iam::123456789012:role/Reader\n";
    for (profile, said, advice) in [
        (format!("{role}source_profile = gone\n"), "gone", "source_profile"),
        (format!("{role}source_profile = default\n"), "leads to has no credentials", "source_profile"),
        (format!("{role}credential_source = Environment\n"), "environment variable not set", "credential_source"),
        ("credential_process = echo no-json\n".to_owned(), "process", "credential_process"),
        ("sso_session = s\nsso_account_id = 1\nsso_role_name = r\n".to_owned(), "sso", "aws sso login"),
        ("aws_access_key_id = AKIDHALF0001\n".to_owned(), "aws_secret_access_key", "aws_secret_access_key"),
    ] {
        for variable in ["AWS_PROFILE", "QUARRY_TEST"] {
            let bedrock = bedrock();
            let quarry = Quarry::new()
                .file(".aws/config", format!("[default]\n{profile}"))
                .set(variable, "default")
                .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/credentials", container.endpoint))
                .set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint);
            let told = quarry.run(&["auth", "status", "--check", "--json"]);
            let status = told.json();
            assert_eq!((told.code, &status["usable"]), (Some(1), &json!(false)), "{profile}: {told:?}");
            let problem = status["problem"].as_str().unwrap_or_default();
            assert!(problem.starts_with("not usable: ") && problem.contains(said), "{profile}: {problem}");
            assert!(status["advice"].as_str().unwrap_or_default().contains(advice), "{profile}: {status:#}");
            let list = quarry.run(&["models", "list"]);
            assert_eq!(list.code, Some(1), "{profile}: {list:?}");
            assert!(list.stderr.contains("could not be loaded") && list.stderr.contains(said), "{profile}: {list:?}");
            assert!(bedrock.asked().is_empty() && container.asked().is_empty(), "{profile}");
        }
    }
}

#[test]
fn what_a_process_complains_of_is_told_to_its_end_and_not_at_any_length() {
    let process = "head -c 300000 /dev/zero | tr '\\0' x >&2; echo the last line >&2; exit 3";
    let quarry = Quarry::new().file(".aws/config", format!("[default]\ncredential_process = {process}\n"));
    let told = quarry.run(&["auth", "status"]);
    assert_eq!(told.code, Some(1), "{told:?}");
    assert!(told.stdout.contains("exit status: 3") && told.stdout.contains("the last line"), "{told:?}");
    assert!(told.stdout.len() < 2_000, "{} bytes", told.stdout.len());
}
