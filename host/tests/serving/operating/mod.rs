//! The gateway in operation: told to stop, told to read its configuration again, asked by clients that read slowly, go away, send
//! slowly or too much, and by ten thousand that ask nothing.

mod client;
mod process;
mod upstream;

mod drain;
mod fallbacks;
mod gone_client;
mod idle;
mod keep_alive;
mod limits;
mod listening;
mod reload;
mod slow_reader;

use std::thread;

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
    in_flight_for(gateway, &[])
}

/// The same for a client that sends these headers.
fn in_flight_for(gateway: &Gateway, headers: &[(&str, &str)]) -> usize {
    let metrics = client::get(gateway, "/metrics", headers).body;
    let lines = metrics.lines().filter(|line| line.starts_with("quarry_requests_in_flight{"));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}
