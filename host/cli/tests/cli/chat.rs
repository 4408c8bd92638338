//! `quarry chat`: what comes out of it.

use serde_json::json;

use crate::support::{Answer, AtTerminal, Quarry, Responder, SONNET, check_events, deltas_of, simulator};

#[test]
fn a_simulated_answer_needs_nothing() {
    let answer = Quarry::new().run(&["chat", "--simulate", "Tell me about bedrock"]);
    let text = &answer.succeeded().stdout;
    for part in ["You wrote: \"Tell me about bedrock\".", SONNET, "us-east-1"] {
        assert!(text.contains(part), "{part:?}: {text}");
    }
    assert!(text.ends_with(".\n"), "the last line is whole: {text}");
}

#[test]
fn text_comes_before_the_answer_ends() {
    let quarry = Quarry::asking(simulator());
    // This stream never ends, so whatever is printed was not kept until the end.
    let mut running = quarry.start(&["chat", "--model", "sim.silence.after-4", "--idle-timeout", "600", "hello"]);
    running.wait_for("You wrote: \"hello\".");
    let mut running =
        quarry.start(&["chat", "--json", "--model", "sim.silence.after-4", "--idle-timeout", "600", "hello"]);
    running.wait_for("\"text_delta\"");
}

#[test]
fn json_is_pis_protocol() {
    let quarry = Quarry::asking(simulator());
    let answer = quarry.run(&["chat", "--json", "--model", SONNET, "--thinking", "high", "echo good morning"]);
    let events = answer.succeeded().json_lines();
    let message = check_events(&events);
    assert_eq!(deltas_of(&events, "text_delta"), "good morning");
    assert!(deltas_of(&events, "thinking_delta").contains("The user writes"), "{events:#?}");
    assert_eq!(message["content"][0]["type"], "thinking");
    assert!(message["content"][0]["thinkingSignature"].is_string(), "{message:#}");
    assert_eq!(message["content"][1], json!({ "type": "text", "text": "good morning" }));
    assert_eq!(message["model"], SONNET);
    assert_eq!((&message["stopReason"], &message["rawStopReason"]), (&json!("stop"), &json!("end_turn")));
    assert!(message["usage"]["output"].as_u64().is_some_and(|tokens| tokens > 0), "{message:#}");
}

#[test]
fn thinking_is_told_apart() {
    let answer = Quarry::asking(simulator()).run(&["chat", "--model", SONNET, "--thinking", "high", "echo morning"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(0), "morning\n"), "{answer:?}");
    assert!(answer.stderr.starts_with("[thinking]\nThe user writes"), "{answer:?}");
    assert!(answer.stderr.ends_with("\n[/thinking]\n"), "{answer:?}");
}

#[test]
fn a_text_in_several_blocks_is_one_text() {
    let answer = Quarry::asking(simulator()).run(&["chat", "--model", "sim.citations", "hello"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(answer.stdout.lines().count(), 1, "{answer:?}");
    assert!(answer.stderr.lines().all(|line| line.starts_with("[citation] {")), "{answer:?}");
}

#[test]
fn notes_stand_beside_the_answer_and_not_in_it() {
    let answer = Quarry::asking(simulator()).run(&["chat", "--model", "sim.unknown-events", "hello"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stdout.starts_with("You wrote: \"hello\".") && !answer.stdout.contains("note:"), "{answer:?}");
    assert!(answer.stderr.contains("note: Bedrock sent the unknown event \"weatherReport\""), "{answer:?}");
}

#[test]
fn a_cut_answer_says_so() {
    let answer = Quarry::asking(simulator()).run(&["chat", "--model", SONNET, "--max-tokens", "5", "count to 500"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.stdout.len() < 100 && answer.stderr.contains("[cut off at the token limit; "), "{answer:?}");
}

#[test]
fn a_stop_sequence_ends_the_answer() {
    let answer =
        Quarry::asking(simulator()).run(&["chat", "--model", SONNET, "--stop", "7", "--stop", "4", "count to 9"]);
    assert_eq!(answer.succeeded().stdout, "1, 2, 3, \n");
}

#[test]
fn the_flags_reach_the_service() {
    let quarry = Quarry::asking(simulator());
    let region = quarry.run(&["chat", "--region", "eu-west-3", "--model", "amazon.nova-lite-v1:0", "hello"]);
    assert!(region.succeeded().stdout.contains("was signed for eu-west-3"), "{region:?}");
    let system = quarry.run(&["chat", "--system", "Answer in Latin.", "--model", SONNET, "hello"]);
    assert!(system.succeeded().stdout.contains("The system prompt told me: \"Answer in Latin.\""), "{system:?}");
    let prefixed = quarry.run(&["chat", "--model", &format!("amazon-bedrock/{SONNET}"), "hello"]);
    assert!(prefixed.succeeded().stdout.contains(&format!("named the model {SONNET},")), "{prefixed:?}");
}

#[test]
fn the_model_may_be_an_alias_of_the_configuration() {
    let quarry = Quarry::asking(simulator()).file(
        ".config/quarry/config.json5",
        r#"{ agents: { defaults: { models: { "amazon-bedrock/amazon.nova-lite-v1:0": { alias: "lite" } } } } }"#,
    );
    let answer = quarry.run(&["chat", "--model", "lite", "hello"]);
    assert!(answer.succeeded().stdout.contains("named the model amazon.nova-lite-v1:0,"), "{answer:?}");
}

#[test]
fn a_dry_run_prints_the_body_and_sends_nothing() {
    let responder = Responder::start(|_| Answer::json("{}"));
    let given = [
        "--model",
        SONNET,
        "--system",
        "Be brief.",
        "--max-tokens",
        "300",
        "--temperature",
        "0.5",
        "--stop",
        "END",
        "Hello",
    ];
    let dry = Quarry::new()
        .set("AWS_ENDPOINT_URL", &responder.endpoint)
        .run(&[["chat", "--dry-run"].as_slice(), &given].concat());
    assert_eq!(responder.asked().len(), 0);
    let body = dry.succeeded().json();
    assert_eq!(body["messages"][0]["role"], "user", "{body:#}");
    assert_eq!(body["messages"][0]["content"][0], json!({ "text": "Hello" }), "{body:#}");
    assert_eq!(body["system"][0], json!({ "text": "Be brief." }), "{body:#}");
    assert_eq!(
        body["inferenceConfig"],
        json!({ "maxTokens": 300, "temperature": 0.5, "stopSequences": ["END"] }),
        "{body:#}"
    );
    // The same without --dry-run sends exactly these bytes.
    let sent = Quarry::asking(&responder.endpoint).run(&[["chat"].as_slice(), &given].concat());
    assert_eq!(sent.code, Some(1), "this answer is no event stream: {sent:?}");
    let asked = responder.asked();
    assert_eq!(asked[0].path, format!("/model/{SONNET}/converse-stream"));
    assert_eq!(asked[0].body, dry.stdout.trim_end());
}

#[test]
fn the_endpoint_and_the_headers_of_the_configuration_are_used() {
    let responder = Responder::start(|_| Answer::error(403, &[("x-amzn-errortype", "AccessDeniedException")], "no"));
    let config = json!({ "models": { "providers": { "amazon-bedrock": {
        "baseUrl": responder.endpoint, "headers": { "X-Team": "quarry", "authorization": "mine", "Host": "elsewhere" },
    } } } });
    let quarry = Quarry::with_keys().file("c.json5", config.to_string());
    let asked = quarry.run(&["chat", "--config", "c.json5", "--model", SONNET, "hello"]);
    assert_eq!(asked.code, Some(1), "{asked:?}");
    assert!(asked.stderr.contains("the header Host is set by the signature"), "{asked:?}");
    let asked = responder.asked();
    let [request] = asked.as_slice() else { panic!("one request, not {asked:?}") };
    assert_eq!(request.headers["x-team"], "quarry");
    assert!(request.headers["authorization"].starts_with("AWS4-HMAC-SHA256 "), "{request:?}");
    assert!(request.headers["authorization"].contains("x-team"), "it is signed: {request:?}");
    assert!(responder.endpoint.ends_with(&request.headers["host"]), "{request:?}");
}

#[test]
#[ignore = "peers: Python"]
fn an_answer_drives_no_terminal_and_a_pipe_gets_it_as_it_is() {
    let answer = "a\u{1b}[31m\tb\u{202e}c \u{9b}2J \u{1f469}\u{200d}\u{1f4bb}\nd";
    let quarry = Quarry::asking(simulator()).set("NO_COLOR", "1");
    let prompt = format!("echo {answer}");
    let arguments = ["chat", "--model", "sim.stop.end_turn", &prompt];
    let piped = quarry.run(&arguments);
    assert_eq!(piped.stdout.trim_end(), answer, "{piped:?}");
    let shown = quarry.at_terminal(AtTerminal::Output, 120, &arguments);
    let escaped = "a\\u001b[31m\tb\\u202ec \\u009b2J \u{1f469}\u{200d}\u{1f4bb}\nd";
    assert_eq!(shown.stdout.trim_end(), escaped, "{shown:?}");
}
