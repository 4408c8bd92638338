//! A gateway that has as many requests as fit: the next ones are refused so that their clients come back, and whoever operates it
//! still can.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::Value;

use super::guests::Guest;
use super::place::Place;
use super::streams::Stream;
use crate::gateway::Gateway;
use crate::operating::client::{Client, ENDPOINTS, ask, body, get};
use crate::operating::process::metric;

const CHAT: &str = "/v1/chat/completions";
const MODEL: &str = "sim.stop.end_turn";

/// An answer that begins and then says nothing.
const SILENT: &str = "sim.silence.after-3";

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// Requests beyond those that fit.
const MORE: usize = 500;

/// Clients that send at once.
const CLIENTS: usize = 8;

/// Lets this process hold the connections of all clients.
fn raise_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("it may have what it may have");
}

/// Begins so many silent streams.
fn fill(gateway: &Gateway, streams: usize) -> Vec<Client> {
    let begun = AtomicUsize::new(0);
    let client = || {
        let mut clients = Vec::new();
        while begun.fetch_add(1, Ordering::Relaxed) < streams {
            let mut client = Client::open(gateway);
            client.post(CHAT, &[], &body(CHAT, SILENT, "hello", true));
            assert_eq!(client.head().status, 200, "{} were begun", begun.load(Ordering::Relaxed));
            clients.push(client);
        }
        clients
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        clients.into_iter().flat_map(|clients| clients.join().expect("no panic")).collect()
    })
}

/// Sends so many requests more, each of which has to be refused as a service that is full refuses, in the endpoint's own form.
fn all_are_refused(gateway: &Gateway, requests: usize) {
    let sent = AtomicUsize::new(0);
    let client = || {
        loop {
            let number = sent.fetch_add(1, Ordering::Relaxed);
            if number >= requests {
                return;
            }
            let path = ENDPOINTS[number % ENDPOINTS.len()];
            let answer = ask(gateway, path, &[], &body(path, MODEL, "echo hello", !number.is_multiple_of(3)));
            // Anthropic has a status of its own for it.
            let status = if path == "/v1/messages" { 529 } else { 503 };
            assert_eq!(answer.status(), status, "{path}: {answer:?}");
            assert!(answer.retry_after().is_some_and(|seconds| (1..=30).contains(&seconds)), "{path}: {answer:?}");
            assert!(answer.error().contains("the gateway is full"), "{path}: {answer:?}");
            let code = match path {
                "/v1/messages" => Some(("type", "overloaded_error")),
                "/api/stream" => None,
                _ => Some(("code", "server_is_overloaded")),
            };
            assert!(code.is_none_or(|(member, code)| answer.json()["error"][member] == code), "{path}: {answer:?}");
        }
    };
    thread::scope(|scope| (0..CLIENTS).for_each(|_| drop(scope.spawn(client))));
}

/// What the gateway says of its capacity.
fn capacity(place: &Place) -> Value {
    place.admin().status()["capacity"].clone()
}

/// Requests that fit at once, by the gateway's own reckoning.
fn fits(place: &Place) -> usize {
    let capacity = capacity(place);
    let fits = capacity["requests"].as_u64().and_then(|requests| usize::try_from(requests).ok());
    fits.unwrap_or_else(|| panic!("{capacity}"))
}

/// The confirmed faults of all versions that are loaded, and those that are quarantined.
fn faults(place: &Place) -> (u64, usize) {
    let status = place.admin().status();
    let versions = status["versions"].as_array().expect("a list");
    let faults = versions.iter().filter_map(|version| version["service"]["faults"].as_u64()).sum();
    (faults, versions.iter().filter(|version| version["state"] == "quarantined").count())
}

/// Everything that was in use is given back.
fn all_is_back(place: &Place, gateway: &Gateway) {
    let began = Instant::now();
    loop {
        let capacity = capacity(place);
        let shares = capacity["shares"].as_array().expect("a list");
        let in_use = shares.iter().any(|share| share["inUse"] != 0);
        let alive = metric(gateway, "quarry_provider_sessions_alive");
        if !in_use && alive == 0 && capacity["saturated"] == false {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "{alive} sessions are alive: {capacity}");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(get(gateway, "/readyz", &[]).status(), 200);
    assert_eq!(metric(gateway, "quarry_saturated"), 0);
    assert_eq!(metric(gateway, "quarry_sessions_in_use"), 0);
    assert!(Stream::of(gateway, MODEL, "echo a").is_done());
}

/// A component that takes four memories of the pool for each session, of 15 core instances: a quarter of the requests fit, and while
/// they last versions come and go.
#[test]
fn a_full_gateway_refuses_requests_and_is_operated() {
    raise_files();
    let place = Place::new();
    let (linked, other) = (Guest::linked(place.folder(), 3, 9), Guest::linked(place.folder(), 3, 8));
    let gateway = place.start();
    let alone = fits(&place);
    let embedded = place.serving();
    place.activate(&linked);
    let all = fits(&place);
    assert_eq!((alone, all), (4096, 1024), "by the pool, or this machine is too small for this test");

    let mut streams = fill(&gateway, all - 1);
    // The last place is for one whose provider fails: it is run again on this version and on another.
    assert!(!Stream::of(&gateway, MODEL, "echo unruly:trap:2 a").is_done());
    let began = Instant::now();
    while capacity(&place)["shares"][0]["available"] != 1 {
        assert!(began.elapsed() < PATIENCE, "its place is not given back: {}", capacity(&place));
    }
    assert_eq!(faults(&place), (1, 0), "whose fault it was is found while the gateway is as good as full");
    assert_eq!(get(&gateway, "/readyz", &[]).status(), 503, "it was full a moment ago");
    streams.extend(fill(&gateway, 1));

    let ready = get(&gateway, "/readyz", &[]);
    assert_eq!((ready.status(), &*ready.body), (503, "saturated: 1024 requests in progress of 1024 that fit\n"));
    all_are_refused(&gateway, MORE);
    assert_eq!(metric(&gateway, "quarry_refused_total{reason=\"capacity\"}"), MORE);
    assert_eq!(metric(&gateway, "quarry_saturated"), 1);
    assert_eq!(get(&gateway, "/healthz", &[]).status(), 200);

    // Whoever operates it gets sessions of the reserve.
    assert_eq!(get(&gateway, "/v1/models", &[]).status(), 200);
    let told = place.provider(&["status"]).well();
    assert!(told.contains("1024 of at most 1024 requests (limited by sessions), SATURATED"), "{told}");
    place.provider(&["rollback"]).well();
    assert_eq!(place.serving(), embedded);
    gateway.signal(Signal::HUP);
    gateway.wait_for_log("the configuration was read again and is active", 1);
    place.provider(&["canary", linked.file.to_str().expect("a plain path"), "--share", "5"]).well();
    place.provider(&["canary", "--stop"]).well();
    place.activate(&other);
    assert_eq!(place.serving(), other.digest);
    assert_eq!(get(&gateway, "/v1/models", &[]).status(), 200);
    all_are_refused(&gateway, ENDPOINTS.len());
    assert_eq!(faults(&place), (1, 0), "nobody is to blame");

    drop(streams);
    all_is_back(&place, &gateway);
    gateway.stop();
}

/// The version that the gateway was built with, at the default limits: as many as the pool has, and then some.
#[test]
fn as_many_requests_as_fit_by_default_are_served() {
    raise_files();
    let place = Place::to_measure_in();
    let gateway = place.start();
    let all = fits(&place);
    let began = Instant::now();
    let streams = fill(&gateway, all);
    println!("{all} streams in {:?}", began.elapsed());
    assert_eq!(get(&gateway, "/readyz", &[]).status(), 503);
    all_are_refused(&gateway, MORE);
    assert_eq!(get(&gateway, "/v1/models", &[]).status(), 200);
    assert_eq!(faults(&place), (0, 0));
    drop(streams);
    all_is_back(&place, &gateway);
    gateway.stop();
}

/// Has a shell start it with so few files, and no way to have more.
fn with_few_files(command: &mut Command) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "ulimit -n 400 && exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    *command = shell;
}

#[test]
fn where_files_are_short_fewer_requests_fit_and_refusals_get_through() {
    let place = Place::new();
    let gateway = place.start_by(with_few_files);
    let all = fits(&place);
    assert_eq!(all, 103, "the simulator's end of a connection is a file of this process too");
    gateway.wait_for_log("requests: 103 concurrent, limited by the limit of open files", 1);
    let streams = fill(&gateway, all);
    assert_eq!(get(&gateway, "/readyz", &[]).status(), 503);
    all_are_refused(&gateway, ENDPOINTS.len());
    assert_eq!(metric(&gateway, "quarry_refused_total{reason=\"capacity\"}"), ENDPOINTS.len());
    drop(streams);
    all_is_back(&place, &gateway);
    gateway.stop();
}

#[test]
fn more_than_fits_is_told_and_what_fits_is_used() {
    let place = Place::new();
    let gateway = place.start_configured("limits: { concurrency: 100000 }");
    assert!(gateway.log().contains("100000 concurrent requests do not fit on this machine"), "{}", gateway.log());
    assert!(fits(&place) <= 4096);
    let file = gateway.configuration.to_str().expect("a plain path").to_owned();
    let validated = place.run(&["--config", &file, "config", "validate"], &[]);
    let told = format!("{}{}", validated.stdout, validated.stderr);
    assert!(told.contains("quarry.limits.concurrency") && told.contains("do not fit on this machine"), "{told}");
    gateway.stop();
}
