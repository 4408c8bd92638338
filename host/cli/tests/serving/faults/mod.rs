//! Every fault that the simulator plays, on every endpoint, streamed and not: the client gets an error that it can parse,
//! nothing hangs, and nothing is left behind.
//!
//! The list of faults is the simulator's own. [`expected`] says what each has to come to; one that is not told of there fails
//! the tests, and so does one that silently becomes a good answer.

mod aborted;
mod ask;
mod check;
mod each;
mod expected;
mod held;
mod http2;
mod late;
mod leaks;
mod read;
mod together;
mod ways;

use quarry_simulator::FAULTS;

use crate::gateway::Gateway;

/// What the model is asked to say, long enough for a stream of many events.
const TEXT: &str = "Granite, \"basalt\" und Schiefer: was unter dem Boden liegt, ist hart – 硬い – and a quarry is where it is cut \
                    into blocks, one after the other, until evening.";

/// The longest silence. The requests that meet one wait for it, and it has to be long for a machine that is busy: late is not silent.
const SILENCE: u64 = 10;

/// A gateway that does not try again, so that one request meets one fault. It keeps no connection alive meanwhile: then the headers
/// would go out, and a refusal had no status.
fn gateway() -> Gateway {
    Gateway::start(&format!(
        "{{ quarry: {{ retry: {{ attempts: 1 }}, keepAliveSeconds: 60, limits: {{ idleSeconds: {SILENCE} }} }} }}"
    ))
}

/// Where in a stream a fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before the first event.
    Beginning,
    /// After some of the text.
    Middle,
    /// At the last event, or after it; the place of faults that have no choice.
    End,
}

/// A fault at a place.
#[derive(Debug, Clone)]
struct Played {
    /// The form of its id in the simulator's list.
    fault: &'static str,
    place: Place,
    /// The model id that plays it.
    model: String,
}

/// Every fault, at every place that it can come at.
fn every_fault() -> Vec<Played> {
    let mut all = Vec::new();
    for fault in FAULTS {
        let id = fault.id.replace("MS", "5").replace("REASON", "strange_word");
        let played = |place, after: &str| Played { fault: fault.id, place, model: id.replace("after-K", after) };
        if id.contains("after-K") {
            all.push(played(Place::Beginning, "after-0"));
            all.push(played(Place::Middle, "after-4"));
            all.push(played(Place::End, "after-1000000"));
        } else {
            all.push(played(Place::End, ""));
        }
    }
    assert!(all.len() > FAULTS.len() && FAULTS.len() > 30, "{FAULTS:?}");
    all
}
