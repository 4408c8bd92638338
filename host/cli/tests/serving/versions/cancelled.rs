//! Whoever leaves cancels what they asked for: it ends, the journal has it, and the next one goes on.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::guests::Guest;
use super::past::Past;
use super::place::Place;
use super::refusals::compile_bomb;
use crate::gateway::{Gateway, compiled_components};

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than a test can take.
const NO_LIMIT: [&str; 2] = ["--compile-seconds", "300"];

/// A command that runs, and can be ended as by a person.
struct Client(Child);

impl Client {
    fn of(place: &Place, arguments: &[&str]) -> Self {
        let cache = compiled_components();
        let mut command = Command::new(env!("CARGO_BIN_EXE_quarry"));
        command
            .env_clear()
            .current_dir(place.folder())
            .env("HOME", place.folder())
            .env("QUARRY_CACHE_DIR", cache.parent().expect("it lies in the cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        place.tell(&mut command);
        Client(command.arg("provider").args(arguments).spawn().expect("the binary starts"))
    }

    /// It leaves at once.
    fn leaves(mut self) {
        self.0.kill().and_then(|()| self.0.wait()).expect("it is ours");
    }

    fn succeeds(mut self) -> bool {
        self.0.wait().expect("it is ours").success()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many compilers a gateway runs.
fn compilers(gateway: &Gateway) -> usize {
    let parent = gateway.process_id().to_string();
    let is_one = |process: std::fs::DirEntry| {
        let read = |file: &str| {
            String::from_utf8_lossy(&std::fs::read(process.path().join(file)).unwrap_or_default()).into_owned()
        };
        // The parent stands second behind the name, which is in parentheses. A process that has just begun is called as its parent.
        let stat = read("stat");
        let of_it = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(parent.as_str());
        of_it && read("cmdline").contains("compile-into-cache")
    };
    std::fs::read_dir("/proc").expect("Linux has it").flatten().map(is_one).filter(|is_one| *is_one).count()
}

#[track_caller]
fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for the line that says that this change, of a version from there, was cancelled.
#[track_caller]
fn cancelled(place: &Place, change: &str, source: &str) -> Value {
    let of_it = |line: &Value| {
        line["event"] == "cancelled"
            && line["change"] == change
            && line["source"].as_str().is_some_and(|known| known.ends_with(source))
    };
    let began = Instant::now();
    loop {
        if let Some(line) = place.journal().into_iter().find(of_it) {
            return line;
        }
        assert!(began.elapsed() < PATIENCE, "nothing of {change} {source}: {:#?}", place.journal());
        thread::sleep(Duration::from_millis(5));
    }
}

fn file(guest: &Guest) -> &str {
    guest.file.to_str().expect("a plain path")
}

/// What a client may ask for that takes time, on the command line.
const CHANGES: [(&str, &[&str]); 4] =
    [("verify", &[]), ("activate", &[]), ("canary", &["--share", "10"]), ("shadow", &["--share", "10"])];

#[test]
fn who_leaves_ends_the_compiler_and_the_next_in_line_goes_on() {
    let place = Place::new();
    let gateway = place.start_with(&NO_LIMIT);
    let served = place.serving();
    let (bomb, next) = (compile_bomb(&place), Guest::unruly(place.folder()));
    for (change, more) in CHANGES {
        let client = Client::of(&place, &[&[change, file(&bomb)], more].concat());
        wait_until("it is compiled", || compilers(&gateway) == 1);
        let waits = Client::of(&place, &["verify", file(&next)]);
        client.leaves();
        wait_until("its compiler has ended", || compilers(&gateway) == 0);
        let line = cancelled(&place, change, "bomb.wasm");
        assert_eq!((&line["step"], &line["reason"]), (&"compile".into(), &"the client disconnected".into()), "{line}");
        assert!(line["digest"].as_str().is_some_and(|digest| digest.ends_with(&bomb.digest)), "{line}");
        assert!(line["by"].as_str().is_some_and(|by| by.contains("at the admin socket")), "{line}");
        assert!(waits.succeeds(), "{}", gateway.log());
    }
    let told = place.provider(&["history"]).well();
    for (change, _) in CHANGES {
        let line = told.lines().find(|line| line.contains(&format!("{change} of ")) && line.contains(" cancelled at "));
        assert!(line.is_some_and(|line| line.contains("at compile: the client disconnected")), "{change}: {told}");
    }
    assert_eq!(place.serving(), served);
    gateway.stop();
}

#[test]
fn who_leaves_the_line_has_no_turn() {
    let place = Place::new();
    let gateway = place.start_with(&NO_LIMIT);
    let (bomb, left, next) =
        (compile_bomb(&place), Guest::always(place.folder(), "wrong-tool"), Guest::unruly(place.folder()));
    let first = Client::of(&place, &["verify", file(&bomb)]);
    wait_until("it is compiled", || compilers(&gateway) == 1);
    let second = Client::of(&place, &["activate", file(&left)]);
    // Nothing says that it waits; it has the time to get there. Whoever leaves before that asked for nothing.
    thread::sleep(Duration::from_secs(1));
    second.leaves();
    let line = cancelled(&place, "activate", "wrong-tool.wasm");
    assert!(line.get("step").is_none(), "{line}");
    assert_eq!(compilers(&gateway), 1, "the first one goes on");
    let third = Client::of(&place, &["activate", file(&next)]);
    first.leaves();
    assert!(third.succeeds(), "{}", gateway.log());
    assert_eq!(place.serving(), next.digest);
    assert!(place.version(&left.digest).is_none(), "it was not looked at");
    gateway.stop();
}

#[test]
fn who_leaves_while_checks_run_ends_them() {
    let place = Place::new();
    let gateway = place.start_with(&NO_LIMIT);
    let served = place.serving();
    let candidate = Guest::unruly(place.folder());
    let client = Client::of(&place, &["activate", file(&candidate)]);
    let compiled = |line: &Value| line["event"] == "step" && line["step"] == "compile";
    wait_until("it is compiled", || place.journal().iter().any(compiled));
    client.leaves();
    let line = cancelled(&place, "activate", "unruly.wasm");
    assert_eq!(line["step"], "checks", "{line}");
    let passed = |line: &Value| line["event"] == "verified" || line["step"] == "checks" && line["event"] == "step";
    assert!(!place.journal().iter().any(passed), "{:#?}", place.journal());
    assert_eq!(place.serving(), served);
    // It is nothing that could be held against it.
    place.activate(&candidate);
    assert_eq!(place.serving(), candidate.digest);
    gateway.stop();
}

#[test]
fn who_leaves_a_fetch_hangs_up_on_the_registry() {
    let place = Place::new();
    let gateway = place.start();
    let registry = TcpListener::bind("127.0.0.1:0").expect("a port");
    let source = format!("oci://{}/a/provider:1", registry.local_addr().expect("it is bound"));
    let next = Guest::unruly(place.folder());
    for (change, more) in CHANGES {
        let client = Client::of(&place, &[&[change, source.as_str()], more].concat());
        let (mut connection, _) = registry.accept().expect("it asks");
        connection.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
        let asked = connection.read(&mut [0; 4096]).expect("it asks");
        assert!(asked > 0);
        // A registry that says nothing holds up nobody else.
        place.provider(&["verify", file(&next)]).well();
        client.leaves();
        assert_eq!(connection.read(&mut [0; 4096]).unwrap_or_default(), 0, "it hangs up");
        let line = cancelled(&place, change, "/a/provider:1");
        assert_eq!((&line["step"], &line["reason"]), (&"fetch".into(), &"the client disconnected".into()), "{line}");
        assert!(line.get("digest").is_none(), "{line}");
    }
    gateway.stop();
}

#[test]
fn a_way_back_that_is_compiled_keeps_nobody_waiting_and_is_cancelled() {
    let place = Place::new();
    let (before, active) = (Guest::unruly(place.folder()), Guest::always(place.folder(), "wrong-tool"));
    let mut past = Past::of(&place);
    for guest in [&before, &active] {
        past.passed(guest, None);
        past.activated(guest);
    }
    drop(past);
    let gateway = place.start_with_an_empty_cache();
    // The embedded version is compiled beside, for faults to be confirmed.
    gateway.wait_for_log("failed calls are repeated on this version", 1);
    let client = Client::of(&place, &["rollback"]);
    wait_until("it is compiled", || compilers(&gateway) == 1);
    assert_eq!(place.serving(), active.digest, "whoever asks is answered");
    client.leaves();
    wait_until("its compiler has ended", || compilers(&gateway) == 0);
    assert_eq!(cancelled(&place, "rollback", &before.digest)["step"], "compile");
    assert_eq!(place.serving(), active.digest);
    place.provider(&["rollback"]).well();
    assert_eq!(place.serving(), before.digest);
    gateway.stop();
}

#[test]
fn a_gateway_that_stops_cancels_what_is_under_way() {
    let place = Place::new();
    let gateway = place.start_with(&NO_LIMIT);
    let bomb = compile_bomb(&place);
    let clients = [Client::of(&place, &["activate", file(&bomb)]), Client::of(&place, &["verify", file(&bomb)])];
    wait_until("it is compiled", || compilers(&gateway) == 1);
    thread::sleep(Duration::from_secs(1));
    gateway.stop();
    for change in ["activate", "verify"] {
        assert_eq!(cancelled(&place, change, "bomb.wasm")["reason"], "the gateway stopped");
    }
    assert!(clients.into_iter().all(|client| !client.succeeds()));
    // What is left begins as if nobody had asked.
    let gateway = place.start();
    assert!(place.version(&bomb.digest).is_none());
    gateway.stop();
}

/// Clients at once; every second one leaves.
const CLIENTS: usize = 20;

#[test]
fn of_many_clients_those_who_stay_are_served_with_one_compiler_at_a_time() {
    let place = Place::new();
    let gateway = place.start_with(&NO_LIMIT);
    let (bomb, good) = (compile_bomb(&place), Guest::unruly(place.folder()));
    let (running, most) = (AtomicBool::new(true), AtomicUsize::new(0));
    thread::scope(|scope| {
        scope.spawn(|| {
            while running.load(Ordering::Relaxed) {
                most.fetch_max(compilers(&gateway), Ordering::Relaxed);
                thread::sleep(Duration::from_millis(2));
            }
        });
        let clients: Vec<_> = (0..CLIENTS)
            .map(|number| {
                let (change, more) = CHANGES[number % 2];
                let guest = if number % 4 < 2 { &bomb } else { &good };
                (number % 4 < 2, Client::of(&place, &[&[change, file(guest)], more].concat()))
            })
            .collect();
        wait_until("one is compiled", || compilers(&gateway) == 1);
        let (leaving, staying): (Vec<_>, Vec<_>) = clients.into_iter().partition(|(leaves, _)| *leaves);
        for (_, client) in leaving {
            client.leaves();
            thread::sleep(Duration::from_millis(200));
        }
        assert!(staying.into_iter().all(|(_, client)| client.succeeds()), "{}", gateway.log());
        running.store(false, Ordering::Relaxed);
    });
    assert_eq!((most.into_inner(), compilers(&gateway)), (1, 0));
    assert_eq!(place.serving(), good.digest);
    // One that left before it had asked is not known to anybody.
    let lines = place.journal().iter().filter(|line| line["event"] == "cancelled").count();
    assert!((1..=CLIENTS / 2).contains(&lines), "{lines}");
    gateway.stop();
}
