//! A fault in the middle of an answer that another instance does not repeat.

use std::fs;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use super::guests::Guest;
use super::place::Place;
use crate::gateway::Gateway;
use crate::operating::client::{Client, ENDPOINTS, body};

const WORDS: &str = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen";

/// Asks by `quarry chat`, where the instance that prepared a request goes on with its answer.
#[test]
fn it_goes_on_where_it_was() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    let file = unruly.file.to_str().expect("a plain path");
    let ask = |prompt: &str| {
        let arguments = ["chat", "--simulate", "--provider-component", file, "--model", "sim.slow.10", prompt];
        place.run(&arguments, &[("AWS_EC2_METADATA_DISABLED", "true"), ("QUARRY_LOG", "warn")])
    };
    for event in [2, 5] {
        let prompt = format!("unruly:once:{event} {WORDS}");
        let ran = ask(&format!("echo {prompt}"));
        assert!(ran.stderr.contains("another instance continues the turn"), "it did not fail at all: {ran:?}");
        assert_eq!(ran.well().trim(), prompt, "every word once");
        let ran = ask(&format!("echo unruly:trap:{event} {WORDS}"));
        let told = ran.refused(&["failed in `push`", "unreachable"]);
        assert!(told.contains("another instance continues the turn") || told.contains("bug of the provider"), "{told}");
    }
}

/// One event each 200 ms.
const SLOW: &str = "sim.slow.200";

/// The event at which the provider wants 40 MiB for a moment.
const EVENT: usize = 6;

/// Memory that the gateway itself may take meanwhile, in bytes: less than the provider wants.
const FOR_ITSELF: u64 = 20 << 20;

/// In a gateway a request is answered by an instance that did nothing before, so what a provider does a second time is the same as
/// the first time; but for what it gets from the machine. Here the machine is short of memory for a moment: the provider waits for
/// some, is stopped at its deadline, and another instance finds enough.
#[test]
fn a_stream_that_another_instance_saves_is_the_same_to_the_byte() {
    let place = Place::new();
    let unruly = Guest::unruly(place.folder());
    // One that is put away for its faults is gone soon, and what was counted with it.
    let gateway = place.start_configured("provider: { quarantine: { faults: 100 } }");
    place.activate(&unruly);
    let prompt = format!("echo unruly:lean:{EVENT} {WORDS}");
    let untroubled = ENDPOINTS.map(|path| stream(&gateway, path, &prompt, || {}));
    for (path, untroubled) in ENDPOINTS.into_iter().zip(untroubled) {
        let saved = stream(&gateway, path, &prompt, || {
            let data = of_data(&gateway);
            limit_data(gateway.pid(), Some(data + FOR_ITSELF));
            // Until after its event, and for less than the deadline beyond that.
            thread::sleep(Duration::from_millis(200 * (EVENT as u64 - 2) + 300));
            limit_data(gateway.pid(), None);
        });
        assert_eq!(same(&saved), same(&untroubled), "{path}");
    }
    gateway.wait_for_log("another instance continues the turn", ENDPOINTS.len());
    let version = place.version(&unruly.digest).expect("it is known");
    let service = &version["service"];
    assert_eq!((&service["failedCalls"], &service["faults"]), (&ENDPOINTS.len().into(), &0.into()), "{version}");
}

/// What is another one in each stream, by the members' names.
const IDS: [&str; 7] = ["id", "item_id", "responseId", "created", "created_at", "completed_at", "timestamp"];

/// A stream in any format; something is done after its first event.
fn stream(gateway: &Gateway, path: &str, prompt: &str, after_the_first: impl FnOnce()) -> String {
    let mut client = Client::open(gateway);
    client.post(path, &[], &body(path, SLOW, prompt, true));
    assert_eq!(client.head().status, 200);
    let mut all = client.chunk().expect("it goes on").expect("it has begun");
    after_the_first();
    all.push_str(&client.rest());
    all
}

/// A stream without what is another one in each: ids and times.
fn same(stream: &str) -> String {
    let mut same = String::new();
    for line in stream.lines().filter(|line| !line.starts_with(':')) {
        let Some(Ok(mut event)) = line.strip_prefix("data: ").map(serde_json::from_str::<serde_json::Value>) else {
            same.push_str(line);
            same.push('\n');
            continue;
        };
        without_ids(&mut event);
        same.push_str(&format!("data: {event}\n"));
    }
    same
}

fn without_ids(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|name, _| !IDS.contains(&name.as_str()));
            members.values_mut().for_each(without_ids);
        }
        serde_json::Value::Array(elements) => elements.iter_mut().for_each(without_ids),
        _ => {}
    }
}

/// Memory that the gateway may write to, in bytes.
fn of_data(gateway: &Gateway) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.process_id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmData:")).expect("the kernel says it");
    line.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") << 10
}

/// How much of it there may be.
fn limit_data(process: Pid, most: Option<u64>) {
    let maximum = None;
    prlimit(Some(process), Resource::Data, Rlimit { current: most, maximum }).expect("it is a child of this process");
}
