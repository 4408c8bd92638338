//! Limits that no setting changes.

use std::time::Duration;

use quarry_provider_host::Limits;

use crate::page::{self, table};
use crate::source::{Constant, constant};

/// What is limited, how its limits read (`{}` a number or a time, `{b}` bytes), and the constants that go there.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const ROWS: &[Row] = &[
    (
        "Memories in the pool for requests",
        "{}, of which a session takes as many as its component has; where address space is short, instances are made on demand",
        &[("host/provider/src/engine.rs", "REQUEST_MEMORIES")],
    ),
    (
        "Sessions of the reserve, for each purpose",
        "{}; one that finds none free waits for {}, a listing for {}",
        &[
            ("host/provider/src/capacity/reserve.rs", "SESSIONS"),
            ("host/provider/src/capacity/reserve.rs", "PATIENCE"),
            ("host/provider/src/capacity/reserve.rs", "PATIENCE_OF_LISTINGS"),
        ],
    ),
    ("`Retry-After` of a full gateway", "at most {}", &[("host/provider/src/capacity/mod.rs", "LONGEST_WAIT")]),
    (
        "Bodies of requests being read",
        "{} times `quarry.limits.bodyBytes`; where there are several keys, one gets 1/{} of that",
        &[("host/provider/src/capacity/bodies.rs", "BODIES"), ("host/provider/src/capacity/bodies.rs", "SHARE")],
    ),
    (
        "Codings of a request's body (`content-encoding`)",
        "{}",
        &[("host/gateway/src/server/decompression.rs", "MOST_CODINGS")],
    ),
    (
        "The window of a zstd body",
        "{b}, or `quarry.limits.bodyBytes` where that is more",
        &[("host/gateway/src/server/decompression.rs", "ZSTD_WINDOW")],
    ),
    (
        "Bodies that are read at once",
        "one for every two processors; those of up to {b} do not count",
        &[("host/gateway/src/worker.rs", "IN_PLACE")],
    ),
    (
        "Retries of all requests together",
        "`quarry.retry.budgetPercent` of the requests of the last {}, and {} a second",
        &[("host/gateway/src/effective.rs", "BUDGETED"), ("host/gateway/src/effective.rs", "RETRIES_A_SECOND")],
    ),
    (
        "Repairs of a refused request",
        "{} per model, remembered for {} for {} models",
        &[
            ("host/gateway/src/repairs.rs", "MOST_REPAIRS"),
            ("host/gateway/src/repairs.rs", "REMEMBERED"),
            ("host/gateway/src/repairs.rs", "MOST_REPAIRED_MODELS"),
        ],
    ),
    (
        "A frame of Bedrock's stream",
        "{b} of headers, {b} of payload",
        &[("host/aws/src/frames/mod.rs", "MAX_HEADERS"), ("host/aws/src/frames/mod.rs", "MAX_PAYLOAD")],
    ),
    ("An answer of a model", "{b}, as JSON shows its texts", &[("host/gateway/src/answer_size.rs", "MOST")]),
    ("The body of an error of AWS", "{b}; the rest is left out", &[("host/aws/src/bounded.rs", "MOST_OF_ERROR")]),
    ("Opening a connection to AWS", "{}", &[("host/aws/src/client.rs", "CONNECT_TIMEOUT")]),
    (
        "IMDS",
        "{}; that there is none is cached for {}",
        &[
            ("host/aws/src/credentials/instance.rs", "ALL_EXCHANGES"),
            ("host/aws/src/credentials/chain.rs", "NO_INSTANCE_ROLE_REMEMBERED"),
        ],
    ),
    (
        "Any other source of credentials",
        "{}, {b}; a failure is cached for {}",
        &[
            ("host/aws/src/credentials/chain.rs", "LONGEST"),
            ("host/aws/src/bounded.rs", "MOST_OF_CREDENTIALS"),
            ("host/aws/src/credentials/kept.rs", "FAILURE_COUNTS"),
        ],
    ),
    (
        "A count of tokens",
        "{}, or the idle limit where that is shorter; {b}",
        &[("host/aws/src/count_tokens.rs", "ANSWER_TIMEOUT"), ("host/aws/src/count_tokens.rs", "MAX_ANSWER")],
    ),
    (
        "A discovery",
        "{} sources; {} per source",
        &[
            ("host/provider/src/limits.rs", "MOST_SOURCES"),
            ("host/gateway/src/discovery/control_plane.rs", "CALL_DEADLINE"),
        ],
    ),
    (
        "A listing of models",
        "{} pages, {b} together",
        &[("host/aws/src/control_plane.rs", "MAX_PAGES"), ("host/aws/src/control_plane.rs", "MAX_LISTING")],
    ),
    (
        "Cached listings of a gateway",
        "{}, {b} together",
        &[
            ("host/gateway/src/discovery/store/known.rs", "MOST_LISTINGS"),
            ("host/gateway/src/discovery/store/known.rs", "MOST_BYTES"),
        ],
    ),
    (
        "Cached listings of commands",
        "{}, {b} together, kept for {}",
        &[
            ("host/gateway/src/discovery/store/disk.rs", "MOST_LISTINGS"),
            ("host/gateway/src/discovery/store/disk.rs", "MOST_BYTES"),
            ("host/gateway/src/discovery/store/disk.rs", "TOO_OLD"),
        ],
    ),
    ("An answer of Redis", "{}", &[("host/gateway/src/discovery/store/shared.rs", "PATIENCE")]),
    (
        "A kept answer of Responses, with its request",
        "{b}; a request continues {} answers at most",
        &[
            ("host/gateway/src/wire/responses/kept.rs", "LARGEST"),
            ("host/gateway/src/wire/responses/kept.rs", "LONGEST_CHAIN"),
        ],
    ),
    ("A configuration file", "{b}", &[("host/config/src/file.rs", "MAX_FILE_SIZE")]),
    (
        "A transfer from or to a registry",
        "{}, with pauses of {} at most; {} redirects",
        &[
            ("host/versions/src/source/mod.rs", "REGISTRY_TIME"),
            ("host/versions/src/source/oci/exchange.rs", "SILENCE"),
            ("host/versions/src/source/oci/exchange.rs", "REDIRECTS"),
        ],
    ),
    (
        "A manifest, a signature",
        "{b}, {b}",
        &[
            ("host/versions/src/source/oci/pull.rs", "MANIFEST_LIMIT"),
            ("host/versions/src/signature.rs", "SIGNATURE_LIMIT"),
        ],
    ),
    ("A key's name", "{} letters, digits, or `-_.@`", &[("host/config/src/gateway/keys.rs", "LONGEST_NAME")]),
    ("Streams on one HTTP/2 connection", "{}", &[("host/gateway/src/server/connection.rs", "STREAMS_A_CONNECTION")]),
    (
        "Models with their own series in the metrics",
        "{}; the others are `other`",
        &[("host/telemetry/src/models.rs", "MOST_MODELS")],
    ),
    (
        "Client keys and versions of the provider with their own series in the metrics",
        "{} and {}; the others are `other`",
        &[("host/telemetry/src/names.rs", "MOST_KEYS"), ("host/telemetry/src/names.rs", "MOST_VERSIONS")],
    ),
    ("Connections to the listener of the metrics", "{}", &[("host/gateway/src/server/metrics.rs", "MOST_CONNECTIONS")]),
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
    let memories = filled("{}", &[("host/provider/src/bounds.rs", "MEMORIES")]);
    let mut rows = vec![
        of("Imports", "none".to_owned()),
        of("Linear memory", format!("{}, in at most {memories} memories; attachments stay in the host", bytes(memory))),
        of("Time of one call", format!("{} on the path of a stream, {} otherwise", time(stream_call), time(long_call))),
        of("Bytes that one call returns", bytes(lifted_bytes)),
        of("Resource handles", handles.to_string()),
        of("A component's file", bytes(component)),
    ];
    rows.extend(cells(&[
        ("Instances of core modules", "{}", &[("host/provider/src/bounds.rs", "INSTANCES")]),
        (
            "Processor time of a stream",
            "{}, {} per event and {} per byte; beyond that its calls share half of the processors",
            &[
                ("host/gateway/src/provider_time.rs", "ONCE"),
                ("host/gateway/src/provider_time.rs", "PER_EVENT"),
                ("host/gateway/src/provider_time.rs", "PER_BYTE"),
            ],
        ),
        ("Stack", "{b}", &[("host/provider/src/engine.rs", "STACK")]),
    ]));
    page::has_table("docs/concepts/sandbox.md", "## Limits", &table(["Limit of one session", "Value"], rows));
}
