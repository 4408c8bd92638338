//! `quarry doctor`: what it says of a way that is fine, and of each thing that can be wrong with it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::support::{Answer, Outcome, Quarry, Responder, SONNET, nobody_there, simulator};

const OWN: &str = ".config/quarry/config.json5";
const NOVA: &str = "amazon.nova-lite-v1:0";

fn doctor(quarry: &Quarry, arguments: &[&str]) -> (Outcome, Value) {
    let outcome = quarry.run(&[&["doctor", "--json"], arguments].concat());
    let report = outcome.json();
    (outcome, report)
}

/// A step of the report.
#[track_caller]
fn step<'a>(report: &'a Value, name: &str) -> &'a Value {
    let found = report["steps"].as_array().and_then(|steps| steps.iter().find(|step| step["step"] == name));
    found.unwrap_or_else(|| panic!("no step {name}: {report:#}"))
}

#[track_caller]
fn is(report: &Value, name: &str, state: &str, message: &str, fix: &str) {
    let step = step(report, name);
    assert_eq!(step["state"], state, "{step:#}");
    assert!(step["message"].as_str().is_some_and(|said| said.contains(message)), "{message:?}: {step:#}");
    assert!(step["fix"].as_str().unwrap_or_default().contains(fix), "{fix:?}: {step:#}");
}

/// Bedrock that answers each of the three operations so.
fn bedrock(list: Answer, profiles: Answer, invoke: Answer) -> Responder {
    Responder::start(move |path| match path {
        path if path.starts_with("/foundation-models") => list.clone(),
        path if path.starts_with("/inference-profiles") => profiles.clone(),
        _ => invoke.clone(),
    })
}

fn fine() -> Answer {
    Answer::json(&json!({ "modelSummaries": [], "inferenceProfileSummaries": [] }))
}

fn denied() -> Answer {
    Answer::error(403, &[("x-amzn-errortype", "AccessDeniedException")], "User is not authorized to perform it")
}

#[test]
fn a_way_that_is_fine_has_a_tick_at_each_step() {
    let quarry = Quarry::asking(simulator()).set("AWS_REGION", "us-east-1");
    let found = quarry.run(&["doctor", "--model", SONNET]);
    let text = &found.succeeded().stdout;
    for step in ["config", "credentials", "region", "endpoint", "proxy", "clock", "list", "invoke"] {
        assert!(text.lines().any(|line| line.starts_with(&format!("✓ {step}"))), "{step}: {text}");
    }
    assert!(text.contains("key id …TEST") && text.contains("us-east-1 (AWS_REGION)"), "{text}");
    let (outcome, report) = doctor(&quarry, &["--model", SONNET]);
    assert_eq!((outcome.code, &report["healthy"]), (Some(0), &json!(true)), "{report:#}");
    // Without a model, or without asking it, that step is left out and said to be.
    is(&doctor(&quarry, &[]).1, "invoke", "skipped", "no model is chosen", "");
    is(&doctor(&quarry, &["--model", SONNET, "--no-invoke"]).1, "invoke", "skipped", "--no-invoke", "");
}

#[test]
fn more_requests_than_fit_are_told() {
    let bedrock = bedrock(fine(), fine(), fine());
    let quarry = Quarry::asking(&bedrock.endpoint);
    let report = doctor(&quarry, &["--no-invoke"]).1;
    let message = step(&report, "capacity")["message"].as_str().unwrap_or_default();
    assert!(message.starts_with("requests: ") && message.contains(" concurrent, limited by the "), "{message}");
    let quarry = quarry.file(OWN, "{ quarry: { limits: { concurrency: 1 } } }");
    let fits = "requests: 1 concurrent, limited by quarry.limits.concurrency";
    is(&doctor(&quarry, &["--no-invoke"]).1, "capacity", "ok", fits, "");
    let quarry = quarry.file(OWN, "{ quarry: { limits: { concurrency: 1000000 } } }");
    let report = doctor(&quarry, &["--no-invoke"]).1;
    is(&report, "capacity", "warning", "quarry.limits.concurrency is 1000000", "or remove it");
    is(&report, "config", "warning", "1 warning", "quarry config validate");
}

#[test]
fn a_configuration_that_cannot_be_used_ends_it() {
    let quarry = Quarry::with_keys().file(".config/quarry/config.json5", "{ models: { providers: 7 } ");
    let (outcome, report) = doctor(&quarry, &[]);
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    is(&report, "config", "failed", "has errors", "quarry config validate");
}

#[test]
fn what_others_can_change_is_told_with_the_command_that_mends_it() {
    let bedrock = bedrock(fine(), fine(), fine());
    let quarry = Quarry::asking(&bedrock.endpoint).file(OWN, "{}").file("providers/a.wasm", "");
    let (_, report) = doctor(&quarry, &["--no-invoke"]);
    is(&report, "files", "ok", "only this user and root", "");
    let mode = |name: &str, mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(quarry.path(name), permissions).expect("it is this test's own");
    };
    let mends = |what: &str, name: &str| format!("{what} {}", quarry.path(name).display());
    for (wrong, state, what) in [(0o666, "failed", "chmod go-w"), (0o664, "warning", "chmod g-w")] {
        mode(OWN, wrong);
        let (outcome, report) = doctor(&quarry, &["--no-invoke"]);
        is(&report, "files", state, "other users can write to", &mends(what, OWN));
        assert_eq!(outcome.code, Some(if state == "failed" { 1 } else { 0 }), "{outcome:?}");
        let validated = quarry.run(&["config", "validate"]);
        assert_eq!(validated.code, Some(0), "it is told and can be used: {validated:?}");
        assert!(validated.stderr.contains(&mends(what, OWN)), "{validated:?}");
        let problems = quarry.run(&["config", "validate", "--json"]).succeeded().json()["problems"].clone();
        assert!(problems.to_string().contains(what), "{problems}");
    }
    mode(OWN, 0o600);
    assert!(!quarry.run(&["config", "validate"]).stderr.contains("chmod"));
    // A watched folder, and the folder of the versions.
    let watch = quarry.path("providers");
    let text = format!("{{ quarry: {{ provider: {{ watch: {:?} }} }} }}", watch.to_str().expect("a plain path"));
    std::fs::write(quarry.path(OWN), text).expect("it can be written");
    mode("providers", 0o777);
    let (_, report) = doctor(&quarry, &["--no-invoke"]);
    is(&report, "files", "warning", "other users can write to", &mends("chmod go-w", "providers"));
}

#[test]
fn a_gateway_does_not_serve_under_what_everybody_can_change() {
    let quarry = Quarry::new().file(OWN, "{}");
    let permissions = std::fs::Permissions::from_mode(0o666);
    std::fs::set_permissions(quarry.path(OWN), permissions).expect("it is this test's own");
    let refused = quarry.run(&["serve", "--simulate", "--listen", "127.0.0.1:0", "--admin", "off"]);
    assert!(refused.code.is_some_and(|code| code != 0), "{refused:?}");
    let mends = format!("chmod go-w {}", quarry.path(OWN).display());
    assert!(refused.stderr.contains("everybody") && refused.stderr.contains(&mends), "{refused:?}");
}

#[test]
fn missing_credentials_are_told_and_nothing_is_asked_with_them() {
    let bedrock = bedrock(fine(), fine(), denied());
    let quarry = Quarry::new().set("AWS_ENDPOINT_URL", &bedrock.endpoint);
    let (outcome, report) = doctor(&quarry, &["--model", NOVA]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    is(&report, "credentials", "failed", "none found", "set AWS_BEARER_TOKEN_BEDROCK");
    is(&report, "region", "warning", "us-east-1 (default", "AWS_REGION");
    is(&report, "invoke", "skipped", "no credentials", "");
    assert_eq!(bedrock.asked().len(), 0);
}

#[test]
fn a_missing_permission_is_told_by_its_action() {
    let quarry = |bedrock: &Responder| Quarry::asking(&bedrock.endpoint).set("AWS_MAX_ATTEMPTS", "1");
    let nothing = bedrock(denied(), denied(), denied());
    let (outcome, report) = doctor(&quarry(&nothing), &["--model", NOVA]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    is(&report, "endpoint", "ok", "http://127.0.0.1", "");
    is(&report, "list", "failed", "not authorized", "allow the IAM action bedrock:ListFoundationModels");
    is(&report, "invoke", "failed", "not authorized", "allow the IAM action bedrock:InvokeModelWithResponseStream");
    is(&report, "invoke", "failed", "", NOVA);
    let no_profiles = bedrock(fine(), denied(), denied());
    is(
        &doctor(&quarry(&no_profiles), &[]).1,
        "list",
        "failed",
        "",
        "allow the IAM action bedrock:ListInferenceProfiles on",
    );
}

#[test]
fn what_no_permission_mends_is_not_put_down_to_one() {
    for (said, fix) in [
        ("You don't have access to the model with the specified model ID.", "enable access to this model"),
        ("Model access is denied: INVALID_PAYMENT_INSTRUMENT", "a valid payment method"),
        ("not authorized to perform the required actions (aws-marketplace:Subscribe)", "aws-marketplace:Subscribe"),
    ] {
        let refused = Answer::error(403, &[("x-amzn-errortype", "AccessDeniedException")], said);
        let bedrock = bedrock(fine(), fine(), refused);
        let quarry = Quarry::asking(&bedrock.endpoint).set("AWS_MAX_ATTEMPTS", "1");
        let (outcome, report) = doctor(&quarry, &["--model", NOVA]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        is(&report, "invoke", "failed", "", fix);
        assert!(!outcome.stdout.contains("allow the IAM action"), "{outcome:?}");
    }
}

#[test]
fn a_proxy_that_is_none_is_told() {
    let quarry = Quarry::asking(simulator()).set("HTTPS_PROXY", "http//proxy.example:3128");
    let (outcome, report) = doctor(&quarry, &[]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    is(&report, "proxy", "warning", "HTTPS_PROXY: the value is not the address of a proxy", "http://HOST:PORT");
}

#[test]
fn an_endpoint_that_is_not_there_and_a_clock_that_is_wrong_are_told() {
    let quarry = Quarry::asking(&nobody_there()).set("AWS_MAX_ATTEMPTS", "1");
    is(&doctor(&quarry, &[]).1, "endpoint", "failed", "cannot be reached", "HTTPS_PROXY");
    for (date, state) in [("Sun, 06 Nov 1994 08:49:37 GMT", "failed"), ("no date", "skipped")] {
        let headers: &'static [(&str, &str)] =
            if state == "failed" { &[("date", "Sun, 06 Nov 1994 08:49:37 GMT")] } else { &[("date", "no date")] };
        let wrong = Responder::start(move |_| Answer { headers, ..fine() });
        let (_, report) = doctor(&Quarry::asking(&wrong.endpoint), &[]);
        assert_eq!(step(&report, "clock")["state"], state, "{date}: {report:#}");
        if state == "failed" {
            is(&report, "clock", "failed", "ahead of the service's", "timedatectl");
        }
    }
}
