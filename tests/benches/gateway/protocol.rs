//! What the processes of the bench say to each other: one line of JSON for an order on standard input, one for its outcome on
//! standard output. A process that serves prints its address first.

use std::io::{BufRead as _, Write as _};

use serde::{Deserialize, Serialize};

/// The longest that one order may take, in seconds. An order that takes longer has failed.
pub(crate) const LONGEST_ORDER_S: u64 = 20;

/// An order to the load generator or to the SDK's receiver.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Order {
    /// Read streams.
    Read(Load),
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
}

/// The form of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Form {
    /// OpenAI's chat completions as server-sent events.
    ChatCompletions,
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
    /// From the first request to the last byte, in nanoseconds.
    pub(crate) elapsed_ns: u64,
    /// From the upstream's write to the reader's read, in nanoseconds; zero where the upstream does not stamp.
    pub(crate) latency_p50_ns: u64,
    /// The same, 99th percentile.
    pub(crate) latency_p99_ns: u64,
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
