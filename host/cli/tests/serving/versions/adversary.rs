//! A client that sends whatever it wants can neither have a version quarantined, nor hold up the streams of others. A version that really
//! fails is gone all the same.

use std::env;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use quarry_simulator::FAULTS;
use serde_json::{Value, json};

use super::guests::Guest;
use super::place::Place;
use super::side_by_side::LONGEST_GAP;
use super::streams::Stream;
use crate::gateway::{Gateway, KEY, hash};
use crate::operating::client::{ENDPOINTS, body};

/// Requests of the adversary where `QUARRY_ADVERSARY_REQUESTS` does not say how many.
const REQUESTS: usize = 300;

/// Connections that it asks on at once, and streams of others meanwhile.
const CONNECTIONS: usize = 3;
const OTHERS: usize = 3;

/// The same requests in each run.
const SEED: u64 = 20_261_130;

/// The other client's key.
const OTHER_KEY: &str = "qk_another-key-that-opens-nothing-but-the-gateway-of-a-test";

/// How long the adversary waits for an answer before it hangs up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A version that traps is gone within so many requests.
const GONE_WITHIN: usize = 20;

/// What a stream of the others says, one event each 100 ms.
const SLOW: &str = "sim.slow.100";
const WORDS: &str = "echo one two three four five six seven eight nine ten";

#[test]
fn one_key_has_no_version_quarantined_and_holds_nobody_up() {
    let requests = env::var("QUARRY_ADVERSARY_REQUESTS").map_or(REQUESTS, |text| text.parse().expect("a number"));
    let place = Place::new();
    let active = Guest::unruly(place.folder());
    let keys = [("adversary", KEY), ("other", OTHER_KEY)]
        .map(|(name, key)| format!("{{ name: \"{name}\", hash: \"{}\" }}", hash(key)));
    let gateway = place.start_configured(&format!("keys: [{}]", keys.join(", ")));
    place.activate(&active);
    let undisturbed = Stream::with_key(&gateway, OTHER_KEY, SLOW, WORDS);
    assert!(undisturbed.is_done(), "{undisturbed:?}");

    let seeds = seeds();
    let (asked, asking) = (AtomicUsize::new(0), AtomicBool::new(true));
    let (statuses, others) = thread::scope(|scope| {
        let others: Vec<_> = (0..OTHERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut streams = Vec::new();
                    while asking.load(Ordering::Relaxed) {
                        streams.push(Stream::with_key(&gateway, OTHER_KEY, SLOW, WORDS));
                    }
                    streams
                })
            })
            .collect();
        let adversary: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut statuses = Vec::new();
                    loop {
                        let number = asked.fetch_add(1, Ordering::Relaxed);
                        if number >= requests {
                            return statuses;
                        }
                        statuses.push(send(&gateway, number, &seeds));
                    }
                })
            })
            .collect();
        let statuses: Vec<_> = adversary.into_iter().flat_map(|asks| asks.join().expect("it asks")).collect();
        asking.store(false, Ordering::Relaxed);
        let others: Vec<_> = others.into_iter().flat_map(|reads| reads.join().expect("it reads")).collect();
        (statuses, others)
    });

    let count = |of: &dyn Fn(u16) -> bool| statuses.iter().flatten().filter(|status| of(**status)).count();
    let (well, refused, failed) =
        (count(&|status| status < 400), count(&|status| (400..500).contains(&status)), count(&|status| status >= 500));
    let longest = others.iter().map(|stream| stream.longest_gap).max().expect("there are some");
    eprintln!(
        "{requests} requests: {well} answered, {refused} refused, {failed} failed, {} hung up; {} streams of others waited {longest:?} at most",
        requests - well - refused - failed,
        others.len()
    );
    assert!(well > 0 && refused > 0, "the requests are of one kind only");
    for stream in &others {
        assert_eq!(stream.bytes, undisturbed.bytes, "another client's stream changed");
    }
    // An unoptimised host reads 20 MB for longer than a call may take.
    assert!(cfg!(debug_assertions) || longest < LONGEST_GAP, "another stream had to wait for {longest:?}");
    assert_eq!(place.serving(), active.digest, "{}", gateway.log());
    let blamed = |line: &Value| line["event"] == "quarantined" || line["event"] == "rolled-back";
    assert!(!place.journal().iter().any(blamed), "{:#?}", place.journal());
    let version = place.version(&active.digest).expect("it is known");
    assert_eq!(version["service"]["faults"], 0, "{version}");

    let gone = (1..=GONE_WITHIN).find(|number| {
        let prompt = format!("echo unruly:trap:2 {number}");
        Stream::with_key(&gateway, KEY, "sim.stop.end_turn", &prompt);
        thread::sleep(Duration::from_millis(100));
        place.serving() != active.digest
    });
    assert!(gone.is_some(), "a version that traps serves on: {:#}", place.status());
    gateway.stop();
}

/// Sends a request of the adversary: one of the seeds as it is, then mutations of them. Its status; none where it hung up.
fn send(gateway: &Gateway, number: usize, seeds: &[(&'static str, String)]) -> Option<u16> {
    let mut dice = Rng::with_seed(SEED + number as u64);
    let (path, mut body) = match seeds.get(number) {
        Some((path, body)) => (*path, body.clone().into_bytes()),
        None => {
            let (path, body) = &seeds[dice.usize(..seeds.len())];
            let mut body = body.clone().into_bytes();
            (0..dice.usize(1..4)).for_each(|_| mutate(&mut body, &mut dice));
            (*path, body)
        }
    };
    // What it does not send it said that it would.
    let length = body.len();
    let (leaves, silent) = (dice.u8(..16) == 0, dice.u8(..32) == 0);
    if silent {
        body.truncate(dice.usize(..length.max(1)));
    }
    let host = gateway.base.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).expect("it listens");
    socket
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| socket.set_write_timeout(Some(PATIENCE)))
        .expect("it has both");
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\nauthorization: Bearer {KEY}\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    // A body that is refused at its head is not read to its end.
    let _ = socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(&body));
    if leaves || silent {
        thread::sleep(Duration::from_millis(dice.u64(..50)));
        return None;
    }
    let (mut answer, mut piece, began) = (Vec::new(), [0; 65_536], Instant::now());
    while began.elapsed() < PATIENCE {
        match socket.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(read) if answer.len() < 12 => answer.extend_from_slice(&piece[..read]),
            Ok(_) => {}
        }
    }
    std::str::from_utf8(answer.get(9..12)?).ok()?.parse().ok()
}

/// Changes a text somewhere: cuts it, changes a byte, repeats a part, puts something else in the place of a number or of a text.
fn mutate(body: &mut Vec<u8>, dice: &mut Rng) {
    const VALUES: [&str; 12] = [
        "null",
        "-1",
        "1e400",
        "18446744073709551616",
        "0.1",
        "\"\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "[]",
        "{}",
        "true",
        "[[[[[[[[[[{}]]]]]]]]]]",
    ];
    if body.is_empty() {
        return;
    }
    let at = dice.usize(..body.len());
    let to = (at + dice.usize(1..200)).min(body.len());
    match dice.u8(..8) {
        0 => body.truncate(at),
        1 => body[at] = dice.u8(..),
        2 => {
            let part = body[at..to].repeat(dice.usize(1..50));
            body.splice(at..at, part);
        }
        3 => drop(body.drain(at..to)),
        // A value is what stands between a colon and the comma, bracket or brace behind it.
        _ => {
            let Some(colon) = body[at..].iter().position(|byte| *byte == b':').map(|found| at + found + 1) else {
                return;
            };
            let end =
                body[colon..].iter().position(|byte| b",}]".contains(byte)).map_or(body.len(), |found| colon + found);
            body.splice(colon..end, VALUES[dice.usize(..VALUES.len())].bytes());
        }
    }
}

/// Inputs that once did harm, and what is like them, in the form of an endpoint.
fn seeds() -> Vec<(&'static str, String)> {
    const CHAT: &str = "/v1/chat/completions";
    const MODEL: &str = "us.anthropic.claude-sonnet-4-6";
    let chat = |more: Value| {
        let mut request = body(CHAT, MODEL, "hi", true);
        more.as_object().into_iter().flatten().for_each(|(name, value)| request[name] = value.clone());
        (CHAT, request.to_string())
    };
    let tool = |name: &str, parameters: &Value| json!({"type": "function", "function": {"name": name, "parameters": parameters}});
    let properties =
        |count: usize| (0..count).map(|at| (format!("p{at:06}"), json!({}))).collect::<serde_json::Map<_, _>>();
    let nested = |depth: usize| [&"[".repeat(depth), "1", &"]".repeat(depth)].concat();
    let messages =
        |count: usize, text: &str| (0..count).map(|_| json!({"role": "user", "content": text})).collect::<Value>();
    let hanzi = |at: usize| {
        [0x4e00, 0x4e00, 0x4e00]
            .iter()
            .zip([at % 18, at / 18 % 18, at / 324])
            .filter_map(|(base, add)| char::from_u32(base + add as u32))
            .collect::<String>()
    };
    let mut seeds: Vec<(&'static str, String)> = Vec::new();
    for path in ENDPOINTS {
        for model in
            [MODEL, "us.anthropic.clod-sonnet-4-6", "arn:aws:bedrock:us-east-1:1:inference-profile/x", "../x", ""]
        {
            seeds.push((path, body(path, model, "hi", true).to_string()));
        }
        seeds.push((path, body(path, MODEL, &"x".repeat(2 << 20), true).to_string()));
        seeds.push((path, String::new()));
        seeds.push((path, nested(5_000)));
    }
    for fault in FAULTS {
        let model = fault.id.replace(".after-K", ".after-2").replace("MS", "5").replace("REASON", "a_reason");
        // Nothing would come of it in the time of a test.
        if !model.starts_with("sim.silence") {
            seeds.push((
                ENDPOINTS[seeds.len() % ENDPOINTS.len()],
                body(ENDPOINTS[seeds.len() % ENDPOINTS.len()], &model, "hi", true).to_string(),
            ));
        }
    }
    seeds.extend([
        chat(json!({"messages": messages(1, &"long ".repeat(4 << 20))})),
        chat(json!({"messages": messages(20_000, "hi")})),
        chat(json!({"tools": [tool("t", &json!({"anyOf": [{"properties": properties(40_000)}]}))]})),
        chat(json!({"tools": [tool("t", &json!({"type": "object", "properties": properties(40_000)}))]})),
        chat(json!({"tools": (0..5_000).map(|at| tool(&hanzi(at), &json!({"type": "object"}))).collect::<Value>()})),
        chat(json!({"stop": (0..5_000).map(|at| json!(format!("stop {at}"))).collect::<Value>()})),
        chat(json!({"max_tokens": 1e308, "temperature": -1e308, "top_p": 1e-308})),
        chat(json!({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "#"}}}})),
        chat(json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": format!("data:image/png;base64,{}", "QUJD".repeat(500_000))}}]}]})),
        chat(json!({"messages": [
            {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": {"name": "t", "arguments": nested(10_000)}}]},
            {"role": "tool", "tool_call_id": "1", "content": "x"},
            {"role": "tool", "tool_call_id": "1", "content": "x"},
        ]})),
        (CHAT, format!("{{\"model\": \"{MODEL}\", \"messages\": {}}}", nested(100_000))),
        (CHAT, format!("{{\"model\": \"{MODEL}\", \"messages\": [{{\"role\": \"user\", \"content\": \"\\ud800\"}}]}}")),
    ]);
    seeds
}
