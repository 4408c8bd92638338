//! `quarry auth status`: which credentials are used, and whether they can be.

use serde_json::{Value, json};

use crate::support::{Answer, Outcome, Quarry, Responder};

const TOKEN: (&str, &str) = ("AWS_BEARER_TOKEN_BEDROCK", "token");
const KEY: (&str, &str) = ("AWS_ACCESS_KEY_ID", "AKIDTEST");
const SECRET: (&str, &str) = ("AWS_SECRET_ACCESS_KEY", "secret");
const PROFILE: (&str, &str) = ("AWS_PROFILE", "work");
const WEB_IDENTITY: (&str, &str) = ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token");
const CONTAINER: (&str, &str) = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/credentials");

fn with(variables: &[(&str, &str)]) -> Quarry {
    variables.iter().fold(Quarry::new(), |quarry, (name, value)| quarry.set(name, value))
}

fn status(quarry: &Quarry) -> (Outcome, Value) {
    let status = quarry.run(&["auth", "status", "--json"]);
    let json = status.json();
    (status, json)
}

#[test]
fn the_first_source_of_the_environment_counts() {
    let order = [TOKEN, KEY, SECRET, PROFILE, WEB_IDENTITY];
    for (skipped, mode, kind, source) in [
        (0, "bearer-token", "bearer-token", "env: AWS_BEARER_TOKEN_BEDROCK"),
        (1, "aws-sdk", "access-keys", "env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY"),
        (3, "aws-sdk", "profile", "env: AWS_PROFILE"),
        (4, "aws-sdk", "web-identity", "aws-sdk default chain: web identity token"),
        (5, "aws-sdk", "sdk-chain", "aws-sdk default chain"),
    ] {
        let (outcome, status) = status(&with(&order[skipped..]));
        assert_eq!((&status["mode"], &status["kind"], &status["source"]), (&json!(mode), &json!(kind), &json!(source)));
        // Of these, only the first two are there; what the others name is not.
        assert_eq!(status["usable"], skipped < 3, "{status:#}");
        assert_eq!(outcome.code, Some(if skipped < 3 { 0 } else { 1 }), "{outcome:?}");
        assert_eq!(status["problem"].is_string(), skipped >= 3, "{status:#}");
    }
    let (_, status) = status(&with(&[CONTAINER]));
    assert_eq!(status["kind"], "container", "{status:#}");
}

#[test]
fn a_key_in_the_configuration_comes_before_the_environment() {
    let config = |key: &str| json!({ "models": { "providers": { "amazon-bedrock": { "apiKey": key } } } }).to_string();
    let quarry = with(&[TOKEN]).file(".openclaw/openclaw.json", config("configured-token"));
    let (outcome, found) = status(&quarry);
    assert_eq!((&found["source"], &found["usable"]), (&json!("config: apiKey"), &json!(true)), "{outcome:?}");
    assert!(!outcome.stdout.contains("configured-token"), "{outcome:?}");
    // OpenClaw's marker is no key.
    let quarry = with(&[KEY, SECRET]).file(".openclaw/openclaw.json", config("AWS_PROFILE"));
    assert_eq!(status(&quarry).1["kind"], "access-keys");
}

#[test]
fn text_says_what_is_used_and_from_where() {
    let quarry = with(&[KEY, SECRET]).set("AWS_REGION", "eu-west-1").set("QUARRY_BASE_URL", "https://bedrock.example");
    let expected = "provider     amazon-bedrock\n\
                    source       env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY\n\
                    key id       …TEST\n\
                    credentials  found\n\
                    region       eu-west-1 (AWS_REGION)\n\
                    endpoint     https://bedrock.example\n";
    assert_eq!(quarry.run(&["auth", "status"]).succeeded().stdout, expected);
}

#[test]
fn without_credentials_it_says_where_it_looked_and_what_to_do() {
    let none = Quarry::new().run(&["auth", "status"]);
    assert_eq!(none.code, Some(1), "{none:?}");
    for line in [
        "credentials  none found\n",
        "shared config: the profile default does not exist\n",
        "web identity: ",
        "container: ",
        "instance role: switched off by AWS_EC2_METADATA_DISABLED\n",
    ] {
        assert!(none.stdout.contains(line), "{line}: {none:?}");
    }
    assert!(none.stderr.contains("What to do: set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and"), "{none:?}");
    assert!(!none.stderr.contains("WARN"), "{none:?}");
    let profile = with(&[PROFILE]).run(&["auth", "status"]);
    assert!(profile.stderr.contains("check that the profile is in ~/.aws/config"), "{profile:?}");
    let web = with(&[WEB_IDENTITY, ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")]).run(&["auth", "status"]);
    assert_eq!(web.code, Some(1), "{web:?}");
    assert!(web.stdout.contains("not usable: ") && web.stdout.contains("No such file"), "{web:?}");
}

#[test]
fn a_role_of_another_partition_than_the_region_is_asked_for_nothing() {
    let of_china = "arn:aws-cn:iam::123456789012:role/x";
    let words = "belongs to the partition aws-cn, and the region us-east-1 to aws: set a region of aws-cn";
    let web = with(&[WEB_IDENTITY, ("AWS_ROLE_ARN", of_china), ("AWS_REGION", "us-east-1")]);
    let profile = with(&[PROFILE, ("AWS_REGION", "us-east-1")])
        .file(".aws/config", format!("[profile work]\nrole_arn = {of_china}\nsource_profile = work\n"));
    for quarry in [web, profile] {
        let asked = quarry.run(&["chat", "--model", "us.anthropic.claude-sonnet-4-6", "hello"]);
        assert!(asked.code.is_some_and(|code| code != 0) && asked.stderr.contains(words), "{asked:?}");
    }
}

#[test]
fn a_profile_is_read() {
    let quarry = with(&[PROFILE])
        .file(".aws/credentials", "[work]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = profile-secret\n");
    let found = quarry.run(&["auth", "status"]);
    let text = &found.succeeded().stdout;
    assert!(text.contains("credentials  found\n") && !text.contains("profile-secret"), "{text}");
    // The default profile needs no variable.
    let quarry = Quarry::new()
        .file(".aws/credentials", "[default]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = secret\n");
    let (outcome, found) = status(&quarry);
    assert_eq!((&found["kind"], outcome.code), (&json!("shared-config"), Some(0)), "{outcome:?}");
}

/// A container's credentials that are valid until then.
fn container(until: &'static str) -> Responder {
    Responder::start(move |_| {
        Answer::json(&json!({
            "AccessKeyId": "AKIDCONTAINER", "SecretAccessKey": "container-secret", "Token": "container-token", "Expiration": until,
        }))
    })
}

#[test]
fn credentials_that_end_are_told_with_their_end() {
    let asked = |responder: &Responder| {
        let uri = format!("{}/credentials", responder.endpoint);
        with(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &uri)]).run(&["auth", "status"])
    };
    let valid = asked(&container("2999-01-01T00:00:00Z"));
    assert!(valid.succeeded().stdout.contains("credentials  found, valid until 2999-01-01T00:00:00Z\n"), "{valid:?}");
    let expired = asked(&container("2001-01-01T00:00:00Z"));
    assert_eq!(expired.code, Some(1), "{expired:?}");
    assert!(expired.stdout.contains("credentials  expired at 2001-01-01T00:00:00Z\n"), "{expired:?}");
    assert!(expired.stderr.contains("What to do: "), "{expired:?}");
    for outcome in [valid, expired] {
        assert!(!outcome.stdout.contains("container-secret") && !outcome.stdout.contains("container-token"));
    }
}
