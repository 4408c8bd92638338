//! Every source in one table.

use serde_json::{Value, json};

use super::peer::Peer;
use super::{bedrock, signed_by};
use crate::support::{Answer, Quarry, Responder};

/// The session of `aws sso login`; the file's name is the SHA-1 of the session's.
const SSO_CACHE: &str = ".aws/sso/cache/380e92522a961cef894f4e62feddc6fc4dfdff3b.json";

/// SSO as profiles had it before sessions; the file's name is the SHA-1 of the start URL.
const OLD_SSO: &str = "[profile work]\nsso_start_url = https://example.awsapps.com/start\nsso_region = us-east-1\n\
                       sso_account_id = 123456789012\nsso_role_name = Reader\n";
const OLD_SSO_CACHE: &str = ".aws/sso/cache/e8be5486177c5b5392bd9aa76563515b29358e6e.json";

/// The session of `aws login`; the file's name is the SHA-256 of the session's ARN.
const LOGIN_SESSION: &str = "arn:aws:sts::123456789012:assumed-role/Admin/me";
const LOGIN_CACHE: &str = ".aws/login/cache/c03a7323bda916bba892295dd46ea73c98866a0ad0a2606cb839909f35fbc865.json";

/// One way to have credentials.
struct Way {
    quarry: Quarry,
    kind: &'static str,
    means: Option<&'static str>,
    role: Option<&'static str>,
    profile: Option<&'static str>,
    /// What signs: a key id that is known before, or whatever the status told the end of.
    signs: Signs,
}

enum Signs {
    Exactly(&'static str),
    AsTold,
}

fn way(quarry: Quarry, kind: &'static str, signs: Signs) -> Way {
    Way { quarry, kind, means: None, role: None, profile: None, signs }
}

fn profile(text: &str) -> Quarry {
    Quarry::new().file(".aws/config", text)
}

fn keys(name: &str, id: &str) -> String {
    format!("[profile {name}]\naws_access_key_id = {id}\naws_secret_access_key = secret\n")
}

fn role(name: &str, arn_name: &str, from: &str) -> String {
    format!("[profile {name}]\nrole_arn = arn:aws:iam::123456789012:role/{arn_name}\n{from}\n")
}

fn ways(moto: &str, portal: &str, container: &str) -> Vec<(&'static str, Way)> {
    use Signs::{AsTold, Exactly};
    let with_sts = |quarry: Quarry| quarry.set("AWS_ENDPOINT_URL_STS", moto);
    let web = |quarry: Quarry| {
        let path = quarry.path("token").display().to_string();
        with_sts(quarry.file("token", "web-identity-token")).set("AWS_WEB_IDENTITY_TOKEN_FILE", &path)
    };
    let instance = |quarry: Quarry| {
        quarry.set("AWS_EC2_METADATA_DISABLED", "false").set("AWS_EC2_METADATA_SERVICE_ENDPOINT", moto)
    };
    let process = Quarry::new();
    let path = process.path("process.json").display().to_string();
    let given = json!({
        "Version": 1, "AccessKeyId": "AKIDPROCESS0005", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2999-01-01T00:00:00Z",
    });
    let process = process
        .file("process.json", given.to_string())
        .file(".aws/config", format!("[default]\ncredential_process = /bin/cat \"{path}\"\n"));
    let sso = "[profile work]\nsso_session = work-sso\nsso_account_id = 123456789012\nsso_role_name = Reader\n\
               [sso-session work-sso]\nsso_region = us-east-1\nsso_start_url = https://example.awsapps.com/start\n";
    let sso_token = json!({
        "accessToken": "sso-access-token", "expiresAt": "2999-01-01T00:00:00Z", "region": "us-east-1",
        "startUrl": "https://example.awsapps.com/start",
    });
    let signed_in = |text: &str, cache: &str| Way {
        means: Some("sso"),
        profile: Some("work"),
        role: Some("Reader"),
        ..way(
            profile(text)
                .file(cache, sso_token.to_string())
                .set("AWS_PROFILE", "work")
                .set("AWS_ENDPOINT_URL_SSO", portal),
            "profile",
            Exactly("AKIDSSO0006"),
        )
    };
    let login = json!({
        "accessToken": {
            "accessKeyId": "AKIDLOGIN0007", "secretAccessKey": "s", "sessionToken": "t", "accountId": "123456789012",
            "expiresAt": "2999-01-01T00:00:00Z",
        },
        "tokenType": "aws_sigv4", "refreshToken": "r", "idToken": "i", "clientId": "c", "dpopKey": "k",
    });
    let configured = json!({ "models": { "providers": { "amazon-bedrock": { "apiKey": "configured-token" } } } });
    let chain = format!(
        "{}{}{}",
        keys("base", "AKIDBASE0003"),
        role("middle", "Middle", "source_profile = base"),
        role("top", "team/Top", "source_profile = middle")
    );
    vec![
        (
            "apiKey",
            way(
                Quarry::new().file(".openclaw/openclaw.json", configured.to_string()),
                "bearer-token",
                Exactly("Bearer configured-token"),
            ),
        ),
        (
            "bearer token",
            way(
                Quarry::new().set("AWS_BEARER_TOKEN_BEDROCK", "environment-token").set("AWS_PROFILE", "x"),
                "bearer-token",
                Exactly("Bearer environment-token"),
            ),
        ),
        (
            "key pair, with the line break that copying brings",
            way(
                profile(&keys("work", "AKIDWORK0002"))
                    .set("AWS_ACCESS_KEY_ID", "AKIDENV0001")
                    .set("AWS_SECRET_ACCESS_KEY", "secret\n")
                    .set("AWS_PROFILE", "work"),
                "access-keys",
                Exactly("AKIDENV0001"),
            ),
        ),
        (
            "keys of a profile, before a web identity",
            Way {
                means: Some("static-keys"),
                profile: Some("work"),
                ..way(
                    web(profile(&keys("work", "AKIDWORK0002"))).set("AWS_PROFILE", "work"),
                    "profile",
                    Exactly("AKIDWORK0002"),
                )
            },
        ),
        (
            "the default profile, which nobody names, before a container",
            Way {
                means: Some("static-keys"),
                profile: Some("default"),
                ..way(
                    profile("[default]\naws_access_key_id = AKIDDEFAULT0004\naws_secret_access_key = s\n")
                        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container),
                    "shared-config",
                    Exactly("AKIDDEFAULT0004"),
                )
            },
        ),
        (
            "a chain of roles",
            Way {
                means: Some("assume-role"),
                profile: Some("top"),
                role: Some("Top"),
                ..way(with_sts(profile(&chain)).set("AWS_PROFILE", "top"), "profile", AsTold)
            },
        ),
        (
            "a role from the instance's credentials",
            Way {
                means: Some("assume-role"),
                profile: Some("boxed"),
                role: Some("Boxed"),
                ..way(
                    instance(with_sts(profile(&role("boxed", "Boxed", "credential_source = Ec2InstanceMetadata"))))
                        .set("AWS_PROFILE", "boxed"),
                    "profile",
                    AsTold,
                )
            },
        ),
        (
            "a role from the container's credentials",
            Way {
                means: Some("assume-role"),
                profile: Some("task"),
                role: Some("Task"),
                ..way(
                    with_sts(profile(&role("task", "Task", "credential_source = EcsContainer")))
                        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container)
                        .set("AWS_PROFILE", "task"),
                    "profile",
                    AsTold,
                )
            },
        ),
        (
            "a process",
            Way {
                means: Some("credential-process"),
                profile: Some("default"),
                ..way(process, "shared-config", Exactly("AKIDPROCESS0005"))
            },
        ),
        ("SSO", signed_in(sso, SSO_CACHE)),
        ("SSO as it is written without a session", signed_in(OLD_SSO, OLD_SSO_CACHE)),
        (
            "a login session",
            Way {
                means: Some("login-session"),
                profile: Some("work"),
                ..way(
                    profile(&format!("[profile work]\nlogin_session = {LOGIN_SESSION}\n"))
                        .file(LOGIN_CACHE, login.to_string())
                        .set("AWS_PROFILE", "work"),
                    "profile",
                    Exactly("AKIDLOGIN0007"),
                )
            },
        ),
        (
            "a web identity",
            Way {
                role: Some("Pod"),
                ..way(
                    web(Quarry::new()).set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Pod"),
                    "web-identity",
                    AsTold,
                )
            },
        ),
        (
            "a container's endpoint",
            Way {
                means: Some("container-endpoint"),
                ..way(
                    Quarry::new().set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container),
                    "container",
                    Exactly("AKIDCONTAINER0008"),
                )
            },
        ),
        (
            "EKS Pod Identity",
            Way {
                means: Some("eks-pod-identity"),
                ..{
                    let quarry = Quarry::new().file("pod-token", "pod-token");
                    let path = quarry.path("pod-token").display().to_string();
                    way(
                        quarry
                            .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", container)
                            .set("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", &path),
                        "container",
                        Exactly("AKIDCONTAINER0008"),
                    )
                }
            },
        ),
        (
            "the instance's role",
            Way { role: Some("default-role"), ..way(instance(Quarry::new()), "instance-role", Exactly("test-key")) },
        ),
        (
            "the instance's role, with OpenClaw's workaround",
            Way {
                role: Some("default-role"),
                ..way(instance(Quarry::new()).set("AWS_PROFILE", "default"), "instance-role", Exactly("test-key"))
            },
        ),
        (
            "no authentication",
            way(
                Quarry::new().set("AWS_BEDROCK_SKIP_AUTH", "1").set("AWS_BEARER_TOKEN_BEDROCK", "token"),
                "skip-auth",
                Exactly("dummy-access-key"),
            ),
        ),
    ]
}

#[test]
#[ignore = "peers: Python"]
fn the_source_that_is_told_is_the_source_that_signs() {
    let moto = Peer::moto();
    let portal = Responder::start(|_| {
        Answer::json(&json!({ "roleCredentials": {
            "accessKeyId": "AKIDSSO0006", "secretAccessKey": "s", "sessionToken": "t", "expiration": 32_503_680_000_000_u64,
        } }))
    });
    let container = Responder::start(|_| {
        Answer::json(&json!({
            "AccessKeyId": "AKIDCONTAINER0008", "SecretAccessKey": "s", "Token": "t", "Expiration": "2999-01-01T00:00:00Z",
        }))
    });
    let address = format!("{}/credentials", container.endpoint);
    for (name, Way { quarry, kind, means, role, profile, signs }) in ways(&moto.endpoint, &portal.endpoint, &address) {
        let bedrock = bedrock();
        let quarry = quarry.set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint);
        let told = quarry.run(&["auth", "status", "--check", "--json"]);
        let status = told.json();
        assert_eq!((told.code, &status["usable"]), (Some(0), &json!(true)), "{name}: {told:?}");
        let expected = json!({ "kind": kind, "means": means, "role": role, "profile": profile });
        for (member, value) in expected.as_object().expect("it is one") {
            assert_eq!(&status[member], value, "{name}: {member}: {status:#}");
        }
        assert_eq!(status["check"]["accepted"], true, "{name}: {status:#}");
        let signer = signed_by(&bedrock);
        match signs {
            Signs::Exactly(expected) => assert_eq!(signer, expected, "{name}"),
            Signs::AsTold => {}
        }
        // What the status tells of the key is the end of the one that signed.
        if let Value::String(end) = &status["keyIdEndsWith"] {
            assert!(signer.ends_with(end.as_str()) && signer.len() > end.len(), "{name}: {signer} {end}");
        } else {
            assert!(matches!(kind, "bearer-token" | "skip-auth"), "{name}: {status:#}");
        }
    }
    // The container's token went where it belongs, and nowhere else.
    let tokens: Vec<_> = container.asked().iter().map(|asked| asked.headers.get("authorization").cloned()).collect();
    assert_eq!(tokens, [None, None, Some("pod-token".to_owned())]);
}
