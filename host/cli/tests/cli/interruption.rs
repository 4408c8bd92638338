//! Somebody stops `quarry chat` while it answers.

use crate::support::{Quarry, Running, SONNET, check_events, deltas_of, simulator};

/// A chat that goes on for ever, with some of its answer there.
fn endless(more: &[&str]) -> Running {
    let ask = ["chat", "--model", "sim.silence.after-4", "--idle-timeout", "600", "hello"];
    let mut running = Quarry::asking(simulator()).start(&[&ask, more].concat());
    running.wait_for("You wrote: ");
    running
}

#[test]
fn control_c_aborts_and_keeps_what_came() {
    for signal in ["INT", "TERM"] {
        let running = endless(&[]);
        running.signal(signal);
        let ended = running.finish();
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert!(ended.stdout.starts_with("You wrote: ") && ended.stdout.ends_with('\n'), "{ended:?}");
        assert_eq!(ended.stderr, "aborted; the part received before is above\n");
    }
}

#[test]
fn control_c_is_an_event_too() {
    let mut running = endless(&["--json"]);
    running.wait_for("\"text_delta\"");
    running.signal("INT");
    let ended = running.finish();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(130), ""), "{ended:?}");
    let events = ended.json_lines();
    let message = check_events(&events);
    assert_eq!(message["stopReason"], "aborted", "{message:#}");
    assert_eq!(message["content"][0]["text"], deltas_of(&events, "text_delta"), "{message:#}");
    assert!(!deltas_of(&events, "text_delta").is_empty(), "{events:#?}");
}

#[test]
fn control_c_before_anything_came_aborts_too() {
    // This server takes connections and says nothing.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let running = Quarry::asking(&endpoint).start(&["chat", "--json", "--model", SONNET, "hello"]);
    let (connection, _) = listener.accept().expect("the request comes");
    running.signal("INT");
    let ended = running.finish();
    drop(connection);
    assert_eq!(ended.code, Some(130), "{ended:?}");
    assert_eq!(check_events(&ended.json_lines())["stopReason"], "aborted");
}

#[test]
fn silence_before_anything_came_ends_too() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
    let ended = Quarry::asking(&endpoint).run(&["chat", "--idle-timeout", "1", "--model", SONNET, "hello"]);
    ended.failed_with(1, &["did not answer ConverseStream in time"]);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    for format in [["chat"].as_slice(), &["chat", "--json"]] {
        let ask = [format, &["--model", "sim.slow.5", "count to 300"]].concat();
        let mut running = Quarry::asking(simulator()).start(&ask);
        running.wait_for("1");
        running.stop_reading();
        running.finish().succeeded();
    }
    let mut running = Quarry::asking(simulator()).start(&["models", "list", "--json"]);
    running.stop_reading();
    running.finish().succeeded();
}
