//! The gateway in operation: told to stop, told to read its configuration again, asked by clients that read slowly, go away, send
//! slowly or too much, and by ten thousand that ask nothing.

pub(crate) mod client;
pub(crate) mod process;
pub(crate) mod upstream;

mod batches;
mod codings;
mod credentials;
mod drain;
mod fallbacks;
mod gone_client;
mod idle;
mod json_log;
mod keep_alive;
mod large_requests;
mod limits;
mod listening;
mod no_window;
mod peers;
mod reload;
mod repairs;
mod seen;
mod service_manager;
mod slow_reader;
mod strict_tools;
mod tls;

use std::thread;
use std::time::{Duration, Instant};

use crate::gateway::Gateway;

/// Checks something at some endpoints, at all of them at once: most of the time is waiting.
fn at_once<const N: usize>(paths: [&'static str; N], check: impl Fn(&'static str) + Sync) {
    let check = &check;
    thread::scope(|scope| {
        for path in paths {
            scope.spawn(move || check(path));
        }
    });
}

/// How many requests are under way, by the gateway's own count.
fn in_flight(gateway: &Gateway) -> usize {
    let metrics = client::get(gateway, "/metrics", &[]).body;
    let lines = metrics.lines().filter(|line| line.starts_with("quarry_requests_in_flight{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}

/// Waits until so many requests are under way.
pub(crate) fn wait_until_under_way(gateway: &Gateway, requests: usize) {
    let began = Instant::now();
    while in_flight(gateway) < requests {
        assert!(began.elapsed() < Duration::from_secs(60), "not all are under way");
        thread::sleep(Duration::from_millis(5));
    }
}
