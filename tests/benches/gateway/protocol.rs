//! What the processes of the bench say to each other: one line of JSON for an order on standard input, one for its outcome on
//! standard output. A process that serves prints its address first.

use std::io::{BufRead as _, Write as _};

use serde::{Deserialize, Serialize};

/// The longest that one order may take, in seconds. An order that takes longer has failed.
pub(crate) const LONGEST_ORDER_S: u64 = 20;

/// An order to the load generator or to the SDK's receiver.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Read answers.
    Read(Load),
    /// Send requests at a rate, whether or not the ones before were answered.
    Send(Rate),
    /// Open this many connections to this origin, make one small request on each, and hold them.
    Hold { origin: String, connections: usize },
    /// Close the connections that are held.
    Release,
}

/// Streams to read, all at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Load {
    /// `http://host:port`.
    pub(crate) origin: String,
    /// What the streams are made of there.
    pub(crate) form: Form,
    /// The model, which says what the upstream answers: see `script.rs`.
    pub(crate) model: String,
    /// Concurrent streams, each on a connection of its own.
    pub(crate) streams: usize,
    /// Streams that each connection reads, one after the other.
    pub(crate) rounds: usize,
    /// Deltas of a stream.
    pub(crate) deltas: u64,
    /// The connections begin spread over this time, in milliseconds.
    pub(crate) ramp_ms: u64,
    /// Headers that the gateway wants besides.
    pub(crate) headers: Vec<(String, String)>,
}

/// Requests at a rate, each for one answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rate {
    /// `http://host:port`.
    pub(crate) origin: String,
    /// What the answers are there.
    pub(crate) form: Form,
    /// The model, which says what the upstream answers: see `script.rs`.
    pub(crate) model: String,
    /// Deltas of an answer.
    pub(crate) deltas: u64,
    /// Requests a second.
    pub(crate) per_second: u64,
    /// For how long, in seconds.
    pub(crate) seconds: u64,
    /// Bytes of text in the prompt.
    pub(crate) prompt: usize,
    /// Headers that the gateway wants besides.
    pub(crate) headers: Vec<(String, String)>,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// OpenAI's chat completions as server-sent events.
    ChatCompletions,
    /// OpenAI's chat completions as one JSON document.
    Json,
    /// Bedrock's frames, straight or through a proxy that copies.
    Frames,
}

/// What came of an order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Deltas read, all in order.
    pub(crate) deltas: u64,
    /// Streams or connections that did not go as they must: lost, reordered, a wrong end, no answer.
    pub(crate) failed: u64,
    /// What was wrong with the first few.
    pub(crate) failures: Vec<String>,
    /// Answers read, all whole.
    pub(crate) answers: u64,
    /// From the first request to the last byte, in nanoseconds.
    pub(crate) elapsed_ns: u64,
    /// From a request, or from when it was due, to the first byte of its answer's body, in nanoseconds.
    pub(crate) first_byte: Percentiles,
    /// The same, to the last byte.
    pub(crate) whole: Percentiles,
    /// From the upstream's write of a delta to the reader's read, in nanoseconds; zero where the upstream does not stamp.
    pub(crate) latency: Percentiles,
}

/// Percentiles of durations in nanoseconds; zero where there are none.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Percentiles {
    /// The median.
    pub(crate) p50: u64,
    /// The 99th percentile.
    pub(crate) p99: u64,
}

impl Percentiles {
    /// Of these durations.
    pub(crate) fn of(mut durations: Vec<u64>) -> Self {
        durations.sort_unstable();
        let percentile = |hundredths: usize| durations.get(durations.len() * hundredths / 100).copied().unwrap_or(0);
        Percentiles { p50: percentile(50), p99: percentile(99) }
    }
}

impl Outcome {
    /// Counts a failure and keeps its words while there are few.
    pub(crate) fn fail(&mut self, failure: String) {
        self.failed += 1;
        if self.failures.len() < 4 {
            self.failures.push(failure);
        }
    }
}

/// Says on which address this process serves, and lives until whoever started it is gone.
pub(crate) fn serve_until_told(address: std::net::SocketAddr) {
    println!("http://{address}");
    std::thread::spawn(|| {
        let mut line = String::new();
        // Whatever comes, a line or the end: the bench is over.
        let _ = std::io::stdin().read_line(&mut line);
        std::process::exit(0);
    });
}

/// Carries out the orders on standard input until there are no more.
pub(crate) fn obey(mut carry_out: impl FnMut(Order) -> Outcome) {
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("orders are text");
        let order = serde_json::from_str(&line).expect("an order is JSON");
        let outcome = serde_json::to_string(&carry_out(order)).expect("an outcome has a JSON form");
        let mut out = std::io::stdout().lock();
        writeln!(out, "{outcome}").and_then(|()| out.flush()).expect("the bench listens");
    }
}
