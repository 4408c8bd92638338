//! Limits that no setting changes.

use std::time::Duration;

use quarry::provider::Limits;

use crate::page::{self, table};
use crate::source::{Constant, constant};

/// What is limited, how its limits read (`{}` a number or a time, `{b}` bytes), and the constants that go there.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const ROWS: &[Row] = &[
    (
        "Memories in the pool for requests",
        "{}, of which a session takes as many as its component has; where address space is short, instances are made on demand",
        &[("host/src/provider/engine.rs", "REQUEST_MEMORIES")],
    ),
    (
        "Sessions of the reserve, for each purpose",
        "{}; one that finds none free waits for {}, a listing for {}",
        &[
            ("host/src/capacity/reserve.rs", "SESSIONS"),
            ("host/src/capacity/reserve.rs", "PATIENCE"),
            ("host/src/capacity/reserve.rs", "PATIENCE_OF_LISTINGS"),
        ],
    ),
    ("`Retry-After` of a full gateway", "at most {}", &[("host/src/capacity/mod.rs", "LONGEST_WAIT")]),
    (
        "Bodies of requests being read",
        "{} times `quarry.limits.bodyBytes`; where there are several keys, one gets 1/{} of that",
        &[("host/src/capacity/bodies.rs", "BODIES"), ("host/src/capacity/bodies.rs", "SHARE")],
    ),
    (
        "A frame of Bedrock's stream",
        "{b} of headers, {b} of payload",
        &[("host/src/aws/frames/mod.rs", "MAX_HEADERS"), ("host/src/aws/frames/mod.rs", "MAX_PAYLOAD")],
    ),
    ("An answer of a model", "{b}, as JSON shows its texts", &[("host/src/gateway/answer_size.rs", "MOST")]),
    ("The body of an error of AWS", "{b}; the rest is left out", &[("host/src/aws/bounded.rs", "MOST_OF_ERROR")]),
    ("Opening a connection to AWS", "{}", &[("host/src/aws/client.rs", "CONNECT_TIMEOUT")]),
    (
        "IMDS",
        "{}; that there is none is cached for {}",
        &[
            ("host/src/aws/credentials/instance.rs", "ALL_EXCHANGES"),
            ("host/src/aws/credentials/chain.rs", "NO_INSTANCE_ROLE_REMEMBERED"),
        ],
    ),
    (
        "Any other source of credentials",
        "{}, {b}; a failure is cached for {}",
        &[
            ("host/src/aws/credentials/chain.rs", "LONGEST"),
            ("host/src/aws/bounded.rs", "MOST_OF_CREDENTIALS"),
            ("host/src/aws/credentials/kept.rs", "FAILURE_COUNTS"),
        ],
    ),
    (
        "A count of tokens",
        "{}, or the idle limit where that is shorter; {b}",
        &[("host/src/aws/count_tokens.rs", "ANSWER_TIMEOUT"), ("host/src/aws/count_tokens.rs", "MAX_ANSWER")],
    ),
    (
        "A discovery",
        "{} steps of {} needs; {} per need",
        &[
            ("host/src/discovery/mod.rs", "MOST_STEPS"),
            ("host/src/discovery/mod.rs", "MOST_NEEDS"),
            ("host/src/discovery/control_plane.rs", "NEED_DEADLINE"),
        ],
    ),
    (
        "A listing of models",
        "{} pages, {b} together",
        &[("host/src/aws/control_plane.rs", "MAX_PAGES"), ("host/src/aws/control_plane.rs", "MAX_LISTING")],
    ),
    (
        "Cached listings of a gateway",
        "{}, {b} together",
        &[("host/src/discovery/store/known.rs", "MOST_LISTINGS"), ("host/src/discovery/store/known.rs", "MOST_BYTES")],
    ),
    (
        "Cached listings of commands",
        "{}, {b} together, kept for {}",
        &[
            ("host/src/discovery/store/disk.rs", "MOST_LISTINGS"),
            ("host/src/discovery/store/disk.rs", "MOST_BYTES"),
            ("host/src/discovery/store/disk.rs", "TOO_OLD"),
        ],
    ),
    ("An answer of Redis", "{}", &[("host/src/discovery/store/shared.rs", "PATIENCE")]),
    ("A configuration file", "{b}", &[("host/src/config/file.rs", "MAX_FILE_SIZE")]),
    (
        "A transfer from or to a registry",
        "{}, with pauses of {} at most; {} redirects",
        &[
            ("host/src/versions/source/mod.rs", "REGISTRY_TIME"),
            ("host/src/versions/source/oci/exchange.rs", "SILENCE"),
            ("host/src/versions/source/oci/exchange.rs", "REDIRECTS"),
        ],
    ),
    (
        "A manifest, a signature",
        "{b}, {b}",
        &[
            ("host/src/versions/source/oci/pull.rs", "MANIFEST_LIMIT"),
            ("host/src/versions/signature.rs", "SIGNATURE_LIMIT"),
        ],
    ),
    ("A key's name", "{} letters, digits or signs of `-_.@`", &[("host/src/config/gateway/keys.rs", "LONGEST_NAME")]),
    ("Streams on one HTTP/2 connection", "{}", &[("host/src/gateway/server/connection.rs", "STREAMS_A_CONNECTION")]),
    (
        "Models with their own series in the metrics",
        "{}; the others are `other`",
        &[("host/src/telemetry/models.rs", "MOST_MODELS")],
    ),
];

fn bytes(count: u64) -> String {
    match count {
        _ if count >= 1 << 20 && count.is_multiple_of(1 << 20) => format!("{} MiB", count >> 20),
        _ if count >= 1 << 10 && count.is_multiple_of(1 << 10) => format!("{} KiB", count >> 10),
        _ => format!("{count} bytes"),
    }
}

fn time(time: Duration) -> String {
    const DAY: u64 = 24 * 3600;
    match time.as_secs() {
        days if days >= DAY && days.is_multiple_of(DAY) => format!("{} days", days / DAY),
        seconds if seconds > 0 => format!("{} s", time.as_secs_f64()),
        _ if time.as_millis() > 0 => format!("{} ms", time.as_millis()),
        _ => format!("{} µs", time.as_micros()),
    }
}

/// A text with the constants in it.
fn filled(template: &str, constants: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    for (file, name) in constants {
        let (before, after) = rest.split_once('{').unwrap_or_else(|| panic!("{template}: too few places"));
        let (form, after) = after.split_once('}').expect("a place ends");
        text.push_str(before);
        text.push_str(&match (form, constant(file, name)) {
            ("b", Constant::Number(count)) => bytes(count),
            ("", Constant::Number(count)) => count.to_string(),
            ("", Constant::Time(length)) => time(length),
            other => panic!("{template}: {name} is {other:?}"),
        });
        rest = after;
    }
    assert!(!rest.contains('{'), "{template}: too many places");
    text + rest
}

fn cells(rows: &[Row]) -> Vec<[String; 2]> {
    rows.iter().map(|(what, template, constants)| [(*what).to_owned(), filled(template, constants)]).collect()
}

#[test]
fn the_fixed_limits_are_those_of_the_code() {
    page::has_table("docs/reference/limits.md", "## Fixed", &table(["What", "Limit"], cells(ROWS)));
}

#[test]
fn the_limits_of_a_session_are_those_of_the_code() {
    let Limits { memory, stream_call, long_call, lifted_bytes, handles, component } = Limits::default();
    let of = |what: &str, limit: String| [what.to_owned(), limit];
    let bytes = |count: usize| bytes(count as u64);
    let memories = filled("{}", &[("host/src/provider/bounds.rs", "MEMORIES")]);
    let mut rows = vec![
        of("Imports", "none".to_owned()),
        of("Linear memory", format!("{}, in at most {memories} memories; attachments stay in the host", bytes(memory))),
        of("Time of one call", format!("{} on the path of a stream, {} otherwise", time(stream_call), time(long_call))),
        of("Bytes that one call returns", bytes(lifted_bytes)),
        of("Resource handles", handles.to_string()),
        of("A component's file", bytes(component)),
    ];
    rows.extend(cells(&[
        ("Instances of core modules", "{}", &[("host/src/provider/bounds.rs", "INSTANCES")]),
        (
            "Processor time of a stream",
            "{}, {} per event and {} per byte; beyond that its calls share half of the processors",
            &[
                ("host/src/gateway/provider_time.rs", "ONCE"),
                ("host/src/gateway/provider_time.rs", "PER_EVENT"),
                ("host/src/gateway/provider_time.rs", "PER_BYTE"),
            ],
        ),
        ("Stack", "{b}", &[("host/src/provider/engine.rs", "STACK")]),
    ]));
    page::has_table("docs/concepts/sandbox.md", "## Limits", &table(["Limit of one session", "Value"], rows));
}
