//! `quarry chat` against everything that can go wrong between here and a model.

use std::sync::Mutex;
use std::thread;

use crate::support::{Answer, Quarry, Responder, SONNET, check_events, deltas_of, nobody_there, simulator};

/// What each fault of `quarry simulate --list-faults` has to come to: words of the message, or none where the answer is good
/// in spite of it.
fn expected(fault: &str) -> Option<&'static [&'static str]> {
    Some(match fault {
        "sim.exception.throttling.after-K" => &["Throttling error: Too many requests", "wait and try again"],
        "sim.exception.validation.after-K" => &["Validation error: "],
        "sim.exception.internal-server.after-K" => &["Internal server error: ", "try again"],
        "sim.exception.model-stream-error.after-K" => &["Model stream error: ", "change the prompt or the tools"],
        "sim.exception.service-unavailable.after-K" => &["Service unavailable: ", "try again"],
        "sim.error-frame.after-K" => &["Internal server error: The simulator was asked to fail"],
        "sim.truncate.after-K" => &["ended without a stop reason", "try again"],
        "sim.cut-mid-frame.after-K" => &["damaged", "not a whole frame", "try again"],
        "sim.reset.after-K" => &["The connection to Bedrock broke", "try again"],
        "sim.bad-crc.after-K" => &["damaged", "checksum", "try again"],
        "sim.huge-frame.after-K" => &["damaged", "declares 2147483631 bytes"],
        "sim.malformed-json.after-K" => &["damaged", "the payload of contentBlockDelta cannot be read"],
        "sim.silence.after-K" => &["sent nothing for 1 s", "allow a longer silence"],
        "sim.guardrail" => &["guardrail_intervened", "a guardrail stopped or changed the answer (input: topic"],
        "sim.refusal" => &["refusal", "The simulator was asked to refuse"],
        "sim.no-metadata" => &["ended without metadata"],
        "sim.stop.REASON" => &["Provider stopped with: strange_word"],
        "sim.http.429" | "sim.http.429-retry-after" => &["Throttling error: Too many requests", "wait and try again"],
        "sim.http.429-not-ready" => &["ModelNotReadyException", "try again in a minute"],
        "sim.http.403-expired" => &["ExpiredTokenException", "get new credentials"],
        "sim.http.403-denied" => &["AccessDeniedException", "enable access to this model"],
        "sim.http.403-signature" => &["InvalidSignatureException", "check the secret key and the clock"],
        "sim.http.403-unrecognized" => &["UnrecognizedClientException", "get new credentials"],
        "sim.http.400-validation" => &["Validation error: "],
        "sim.http.400-quota" => &["ServiceQuotaExceededException", "higher quota"],
        "sim.http.400-too-long" => &["Input is too long", "make the conversation shorter"],
        "sim.http.404" => &["ResourceNotFoundException", "quarry models list"],
        "sim.http.424" => &["ModelErrorException", "change the prompt or the tools"],
        "sim.http.408" => &["ModelTimeoutException", "request a shorter answer"],
        "sim.http.500" => &["Internal server error: ", "try again"],
        "sim.http.503" => &["Service unavailable: ", "try again"],
        "sim.http.503-html" => &["HTTP 503", "try again"],
        "sim.slow.MS" | "sim.drip" | "sim.unknown-events" | "sim.malformed-tool" | "sim.citations"
        | "sim.server-tools" | "sim.leftover" => return None,
        other => panic!("say in this test what {other} has to come to"),
    })
}

/// Faults that come before anything of the answer.
fn comes_before_the_answer(fault: &str) -> bool {
    fault.starts_with("sim.http.")
}

/// Calls a function with each fault and a model id that plays it, several at once: much of their time is waiting.
fn with_every_fault(check: impl Fn(&str, &str) + Sync) {
    let listed = Quarry::new().run(&["simulate", "--list-faults"]);
    let mut faults: Vec<String> =
        listed.stdout.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert!(faults.len() > 30, "{listed:?}");
    faults.reverse();
    let faults = Mutex::new(faults);
    let next = || faults.lock().expect("nobody panicked").pop();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(fault) = next() {
                    let id = fault.replace("after-K", "after-4").replace("MS", "5").replace("REASON", "strange_word");
                    check(&fault, &id);
                }
            });
        }
    });
}

/// Asks once only: how often the SDK tries again is another test's business.
fn asking() -> Quarry {
    Quarry::asking(simulator()).set("AWS_MAX_ATTEMPTS", "1")
}

#[test]
fn every_fault_is_told_in_one_clear_message() {
    with_every_fault(|fault, id| {
        let asked = asking().run(&["chat", "--idle-timeout", "1", "--model", id, "hello"]);
        let Some(words) = expected(fault) else {
            assert_eq!(asked.code, Some(0), "{fault}: {asked:?}");
            return;
        };
        // The request's id is the third line, so one line of advice at most stands between.
        asked.failed_with(1, words);
        assert_eq!(asked.stdout.is_empty(), comes_before_the_answer(fault), "what came before is kept: {asked:?}");
        assert!(asked.stdout.is_empty() || asked.stdout.ends_with('\n'), "{asked:?}");
    });
}

#[test]
fn every_fault_ends_in_one_terminal_event() {
    with_every_fault(|fault, id| {
        let asked = asking().run(&["chat", "--json", "--idle-timeout", "1", "--model", id, "hello"]);
        assert_eq!(asked.stderr, "", "with --json all is said in the events: {asked:?}");
        let events = asked.json_lines();
        let message = check_events(&events);
        let Some(words) = expected(fault) else {
            assert_eq!(asked.code, Some(0), "{fault}: {asked:?}");
            return;
        };
        assert_eq!((asked.code, message["stopReason"].as_str()), (Some(1), Some("error")), "{fault}: {asked:?}");
        assert!(message["errorMessage"].as_str().is_some_and(|text| text.contains(words[0])), "{message:#}");
        let text = deltas_of(&events, "text_delta");
        assert_eq!(text.is_empty(), comes_before_the_answer(fault), "{fault}: {asked:?}");
        if !text.is_empty() {
            assert_eq!(message["content"][0]["text"], text, "what came is kept: {message:#}");
        }
    });
}

#[test]
fn what_may_pass_is_tried_again_and_then_told() {
    let responder = Responder::start(|_| Answer::error(429, &[("x-amzn-errortype", "ThrottlingException")], "slowly"));
    let asked = Quarry::asking(&responder.endpoint).run(&["chat", "--model", SONNET, "hello"]);
    asked.failed_with(1, &["Throttling error: slowly", "wait and try again"]);
    assert_eq!(responder.asked().len(), 3);
    // What cannot pass is not tried again.
    let responder = Responder::start(|_| Answer::error(403, &[("x-amzn-errortype", "ExpiredTokenException")], "late"));
    Quarry::asking(&responder.endpoint).run(&["chat", "--model", SONNET, "hello"]).failed_with(1, &["late"]);
    assert_eq!(responder.asked().len(), 1);
}

#[test]
fn a_refused_connection_is_told_soon() {
    let asked = Quarry::asking(&nobody_there()).run(&["chat", "--model", SONNET, "hello"]);
    asked.failed_with(1, &["Could not connect to Bedrock", "Connection refused", "check the region, the endpoint"]);
}

#[test]
fn an_answer_that_is_not_bedrocks_is_refused() {
    let html = || Answer { status: 200, headers: &[("content-type", "text/html")], body: "<html>Log in".to_owned() };
    let responder = Responder::start(move |_| html());
    let asked = Quarry::asking(&responder.endpoint).run(&["chat", "--model", SONNET, "hello"]);
    asked.failed_with(1, &["text/html", "check that the endpoint is Bedrock"]);
}

#[test]
fn models_that_cannot_be_asked_are_told_with_what_can_be() {
    let asked = |model: &str| asking().run(&["chat", "--model", model, "hello"]);
    asked("no.such-model").failed_with(1, &["The provided model identifier is invalid", "quarry models list"]);
    let profile = "use an inference profile of the model, named us.anthropic.claude-sonnet-4-6 or global.anthropic";
    asked("anthropic.claude-sonnet-4-6").failed_with(1, &["on-demand throughput", profile]);
}
