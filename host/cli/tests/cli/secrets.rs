//! No secret is ever printed, at any level of logging, whether things go well or not.

use serde_json::json;

use crate::planted::{nothing_shows_in, plant};
use crate::support::{Answer, Outcome, Quarry, Responder, SONNET, nobody_there, simulator};

/// The secrets of these tests: none of them is a part of any other text.
const SECRET_KEY: &str = "sEcReTaCcEsSkEy0123456789";
const SESSION_TOKEN: &str = "sEsSiOnToKeN9876543210";
const BEARER_TOKEN: &str = "bEaReRtOkEn5647382910";
const CONFIGURED_KEY: &str = "cOnFiGuReDkEy1029384756";
const HEADER_VALUE: &str = "hEaDeRvAlUe6574839201";
const FOREIGN_KEY: &str = "fOrEiGnKeY0987612345";
const URL_PASSWORD: &str = "uRlPaSsWoRd1122334455";
const ALL: [&str; 7] =
    [SECRET_KEY, SESSION_TOKEN, BEARER_TOKEN, CONFIGURED_KEY, HEADER_VALUE, FOREIGN_KEY, URL_PASSWORD];

#[track_caller]
fn keeps_its_secrets(outcome: &Outcome) {
    let shown = format!("{}{}", outcome.stdout, outcome.stderr);
    assert!(!shown.is_empty(), "{outcome:?}");
    ALL.iter().for_each(|secret| plant(secret));
    nothing_shows_in("what a command printed", shown.as_bytes());
}

/// How those of [`run_all`] end where Bedrock answers.
const EXPECTED: [i32; 12] = [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0];

/// Everything that is ever run, with all that can be logged.
fn run_all(quarry: &Quarry) -> Vec<Outcome> {
    let commands: [&[&str]; 12] = [
        &["chat", "--model", SONNET, "hello"],
        &["chat", "--json", "--model", "sim.exception.throttling.after-2", "hello"],
        &["chat", "--model", "sim.http.403-expired", "hello"],
        &["chat", "--dry-run", "--model", SONNET, "hello"],
        &["auth", "status"],
        &["auth", "status", "--json"],
        &["models", "list", "--json", "--all"],
        &["auth", "status", "--check"],
        &["auth", "status", "--check", "--json"],
        &["doctor", "--model", SONNET],
        &["doctor", "--json", "--model", "sim.http.403-expired"],
        &["models", "show", SONNET],
    ];
    let outcomes: Vec<Outcome> = commands.iter().map(|command| quarry.run(command)).collect();
    outcomes.iter().for_each(|outcome| keeps_its_secrets(outcome));
    outcomes
}

fn logging(quarry: Quarry) -> Quarry {
    quarry
        .set("QUARRY_LOG", "trace")
        .set("RUST_LOG", "trace")
        .set("RUST_BACKTRACE", "full")
        .set("AWS_MAX_ATTEMPTS", "1")
}

fn with_key_pair() -> Quarry {
    logging(Quarry::new())
        .set("AWS_ACCESS_KEY_ID", "AKIDTEST")
        .set("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
        .set("AWS_SESSION_TOKEN", SESSION_TOKEN)
}

/// A configuration with a secret wherever one can be.
fn configured(api_key: Option<&str>) -> String {
    let mut bedrock = json!({ "headers": { "x-gateway-key": HEADER_VALUE } });
    if let Some(key) = api_key {
        bedrock["apiKey"] = key.into();
    }
    json!({
        "models": { "providers": {
            "amazon-bedrock": bedrock,
            "openai": { "apiKey": FOREIGN_KEY, "headers": { "authorization": FOREIGN_KEY } },
        } },
        "channels": { "telegram": { "botToken": FOREIGN_KEY } },
    })
    .to_string()
}

#[test]
fn the_secrets_of_the_environment_stay() {
    let outcomes = run_all(&with_key_pair().set("AWS_ENDPOINT_URL", simulator()));
    assert_eq!(outcomes.iter().map(|outcome| outcome.code).collect::<Vec<_>>(), EXPECTED.map(Some));
    run_all(&with_key_pair().set("AWS_ENDPOINT_URL", &nobody_there()));
    let token = || logging(Quarry::new()).set("AWS_BEARER_TOKEN_BEDROCK", BEARER_TOKEN);
    let outcomes = run_all(&token().set("AWS_ENDPOINT_URL", simulator()));
    assert_eq!(outcomes.iter().map(|outcome| outcome.code).collect::<Vec<_>>(), EXPECTED.map(Some));
    run_all(&token().set("AWS_ENDPOINT_URL", "http://proxy.example"));
}

#[test]
fn the_secrets_of_every_other_source_stay() {
    // A profile, a process, a container, an instance, a session of SSO; each as it should be, and each broken in its own way.
    let given = json!({
        "Version": 1, "Code": "Success", "AccessKeyId": "AKIDTEST", "SecretAccessKey": SECRET_KEY, "SessionToken": SESSION_TOKEN,
        "Token": SESSION_TOKEN, "Expiration": "2999-01-01T00:00:00Z",
    });
    let whole = given.to_string();
    let broken = whole.replace("Expiration", "Expiration\": [\"");
    for (text, works) in [(whole, true), (broken, false)] {
        let answer = Answer {
            headers: &[("content-type", "application/json"), ("x-aws-ec2-metadata-token-ttl-seconds", "21600")],
            ..Answer::json(&text)
        };
        let endpoint = Responder::start(move |_| answer.clone()).endpoint;
        let profile = |rest: &str| {
            logging(Quarry::new()).set("AWS_PROFILE", "work").file(".aws/config", format!("[profile work]\n{rest}\n"))
        };
        let keys = format!("aws_access_key_id = AKIDTEST\naws_secret_access_key = {SECRET_KEY}");
        let keys = if works { keys } else { format!("{keys}\naws_session_token {SESSION_TOKEN}") };
        let process = profile("credential_process = /bin/cat process.json").file("process.json", &text);
        let container = logging(Quarry::new()).set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &endpoint);
        let instance = logging(Quarry::new())
            .set("AWS_EC2_METADATA_DISABLED", "false")
            .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint);
        let sso = profile("sso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.example")
            .file(".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json", json!({ "accessToken": SESSION_TOKEN }).to_string());
        for (name, quarry, is_whole) in [
            ("profile", profile(&keys), works),
            ("process", process, works),
            ("container", container, works),
            ("instance", instance, false),
            ("sso", sso, false),
        ] {
            let outcomes = run_all(&quarry.set("AWS_ENDPOINT_URL", simulator()));
            let codes: Vec<_> = outcomes.iter().map(|outcome| outcome.code).collect();
            assert_eq!(codes == EXPECTED.map(Some), is_whole, "{name}: {codes:?} {:?}", outcomes[4]);
        }
    }
}

#[test]
fn the_secrets_of_the_configuration_stay() {
    for api_key in [None, Some(CONFIGURED_KEY)] {
        let quarry = with_key_pair().file(".openclaw/openclaw.json", configured(api_key));
        let outcomes = run_all(&quarry.set("AWS_ENDPOINT_URL", simulator()));
        assert_eq!(outcomes[0].code, Some(0), "{:?}", outcomes[0]);
    }
}

#[test]
fn mistakes_in_the_configuration_do_not_quote_secrets() {
    let mistakes = [
        configured(Some(CONFIGURED_KEY)).replace("\"x-gateway-key\":", "\"x-gateway-key\":["),
        format!("{{ models: {{ providers: {{ 'amazon-bedrock': {{ apiKey: '{CONFIGURED_KEY}', baseUrl: 7 }} }} }} }}"),
        format!("{{ models: {{ providers: {{ 'amazon-bedrock': {{ apiKey: ['{CONFIGURED_KEY}'] }} }} }} }}"),
        format!("{{ models: {{ providers: {{ 'amazon-bedrock': {{ apiKey: '{CONFIGURED_KEY} }} }} }} }}"),
        format!("{{ models: {{ providers: {{ 'amazon-bedrock': {{ apiKey: {CONFIGURED_KEY} }} }} }} }}"),
        format!(
            "{{ models: {{ providers: {{ 'amazon-bedrock': {{ headers: {{ 'bad name': '{HEADER_VALUE}' }} }} }} }} }}"
        ),
        format!("{{ models: {{ providers: {{ 'amazon-bedrock': {{ headers: {{ x: '{HEADER_VALUE}\\nx' }} }} }} }} }}"),
        format!(
            "{{ models: {{ providers: {{ 'amazon-bedrock': {{ baseUrl: 'http://me:{URL_PASSWORD}@host' }} }} }} }}"
        ),
        format!("{{ apiKey: '{FOREIGN_KEY}' {FOREIGN_KEY} }}"),
    ];
    for mistake in mistakes {
        let quarry = with_key_pair().file(".config/quarry/config.json5", &mistake);
        let refused = quarry.set("AWS_ENDPOINT_URL", simulator()).run(&["chat", "--model", SONNET, "hello"]);
        assert!(refused.stderr.contains("error: ") || refused.stderr.contains("warning: "), "{mistake}: {refused:?}");
        keeps_its_secrets(&refused);
    }
}

#[test]
fn a_secret_that_the_service_sends_back_is_all_that_could_be_shown() {
    // The service sees the session token; what it says of it is its own affair. What was sent is what was meant to be.
    let responder = Responder::start(|_| Answer::error(403, &[("x-amzn-errortype", "ExpiredTokenException")], "no"));
    let quarry = with_key_pair().file(".openclaw/openclaw.json", configured(None));
    keeps_its_secrets(&quarry.set("AWS_ENDPOINT_URL", &responder.endpoint).run(&["chat", "--model", SONNET, "hello"]));
    let asked = responder.asked();
    assert_eq!(asked[0].headers["x-amz-security-token"], SESSION_TOKEN);
    assert_eq!(asked[0].headers["x-gateway-key"], HEADER_VALUE);
    assert!(!format!("{asked:?}").contains(SECRET_KEY) && !format!("{asked:?}").contains(FOREIGN_KEY), "{asked:?}");
}

#[test]
fn logging_is_on_in_these_tests() {
    let chat = with_key_pair().set("AWS_ENDPOINT_URL", simulator()).run(&["chat", "--model", SONNET, "hello"]);
    let simulated = logging(Quarry::new()).run(&["chat", "--simulate", "hello"]);
    assert!(simulated.stderr.contains("DEBUG quarry_simulator"), "{simulated:?}");
    assert!(!chat.stderr.contains("aws_"), "libraries are quiet: {chat:?}");
}
