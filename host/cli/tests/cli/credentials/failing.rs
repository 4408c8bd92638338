//! Sources that are there and give nothing: no other one takes their place, and what is told leads to the mistake.

use serde_json::json;

use super::bedrock;
use crate::support::{Answer, Quarry, Responder, SONNET};

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
        (format!("{role}source_profile = default\n"), "refers to have no credentials", "source_profile"),
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
    // It may be anything, and goes to nobody whose request fails.
    for command in [&["models", "list"][..], &["chat", "--model", SONNET, "hello"]] {
        let told = quarry.run(command);
        assert!(told.code == Some(1) && told.stderr.contains("exit status: 3"), "{told:?}");
        assert!(!told.stderr.contains("xxx") && !told.stderr.contains("the last line"), "{told:?}");
    }
}

#[test]
fn what_the_sdk_panics_on_is_told_or_left_out() {
    let bedrock = bedrock();
    let profile = |more: &str| {
        Quarry::new()
            .file(
                ".aws/config",
                format!("[default]\naws_access_key_id = AKIDDEFAULT0004\naws_secret_access_key = s\n{more}"),
            )
            .set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint)
    };
    for quarry in [
        profile("retry_mode = legacy\n"),
        profile("retry_mode = quick\nmax_attempts = zero\n"),
        profile("").set("AWS_RETRY_MODE", "legacy"),
        profile("").set("AWS_MAX_ATTEMPTS", "0").set("AWS_RETRY_MODE", ""),
    ] {
        let checked = quarry.run(&["auth", "status", "--check"]);
        assert_eq!(checked.code, Some(0), "{checked:?}");
    }
    let broken = |id: &str, token: &str| {
        Quarry::new()
            .set("AWS_ACCESS_KEY_ID", id)
            .set("AWS_SECRET_ACCESS_KEY", "s")
            .set("AWS_SESSION_TOKEN", token)
            .set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint)
    };
    for (quarry, said) in
        [(broken("AKID\nTEST", "t"), "access key's id"), (broken("AKIDTEST", "a\nb"), "session token")]
    {
        let told = quarry.run(&["auth", "status", "--check"]);
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(told.stdout.contains(&format!("the {said} contains a space")), "{told:?}");
    }
    let told = profile("").set("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "localhost:8080").run(&["auth", "status"]);
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.stderr.contains("the endpoint \"localhost:8080\" is not a URL such as"), "{told:?}");
}

#[test]
fn a_token_is_not_told_where_its_request_cannot_be_sent() {
    let token = "eyJhbGciOiJub25lIn0.hunter2-of-the-pod";
    let quarry = Quarry::new().file("token", token);
    let path = quarry.path("token").display().to_string();
    let quarry = quarry
        .set("AWS_WEB_IDENTITY_TOKEN_FILE", &path)
        .set("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/Pod")
        .set("AWS_ENDPOINT_URL_STS", "localhost:8080");
    for command in [&["auth", "status"][..], &["models", "list"], &["chat", "--model", SONNET, "hello"]] {
        let told = quarry.run(command);
        let all = format!("{}{}", told.stdout, told.stderr);
        assert_eq!(told.code, Some(1), "{told:?}");
        assert!(all.contains("failed to apply endpoint"), "{told:?}");
        assert!(!all.contains("hunter2") && !all.contains("WebIdentityToken"), "{told:?}");
    }
}
