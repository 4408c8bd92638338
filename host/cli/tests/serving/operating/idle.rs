//! Connections that ask nothing: ten thousand are cheap, and running out of file descriptors is no end.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, prlimit, setrlimit};

use super::client::{Client, ask, body, get};
use super::process::{resident, ticks};
use crate::gateway::Gateway;

const CHAT: &str = "/v1/chat/completions";
const MODEL: &str = "sim.stop.end_turn";

/// As many as the issue says.
const MANY: usize = 10_000;

/// How many connections the gateway has open, by its own count.
fn connections(gateway: &Gateway) -> usize {
    let metrics = get(gateway, "/metrics", &[]).body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("quarry_connections_open "));
    line.unwrap_or_else(|| panic!("{metrics}")).parse().expect("a count")
}

/// Has a shell start it, with as few files as shells allow by themselves.
fn as_from_a_shell(command: &mut Command) {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "ulimit -S -n 256 && exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    *command = shell;
}

#[test]
fn ten_thousand_idle_connections_are_cheap() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).expect("it may have what it may have");
    let room = maximum.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX));
    let many = MANY.min(room / 2);
    // It starts with what a shell gives, and takes what it may have.
    let gateway = Gateway::start_with("{ quarry: { limits: { headerSeconds: 300 } } }", as_from_a_shell);
    assert_eq!(ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "echo hello", false)).status(), 200);
    let before = resident(&gateway);
    // Half of them asked something once, as a pool of connections has.
    let mut idle: Vec<TcpStream> = Vec::new();
    for number in 0..many {
        let mut client = Client::open(&gateway);
        if number % 2 == 0 {
            let head = client.request("GET", "/healthz", &[], 0);
            client.send(head.as_bytes()).expect("it reads");
            assert_eq!(client.answer().status(), 200);
        }
        idle.push(client.into_socket());
    }
    let began = Instant::now();
    while connections(&gateway) < many {
        assert!(began.elapsed() < Duration::from_secs(60), "{} of {many}", connections(&gateway));
    }
    let each = (resident(&gateway).saturating_sub(before) << 10) / many;
    let used = ticks(&gateway);
    thread::sleep(Duration::from_secs(2));
    let used = ticks(&gateway) - used;
    println!("{many} idle connections: {each} bytes each, {used} hundredths of a second of processor time in 2 s");
    assert!(each < 20_000, "{each} bytes each");
    assert!(used < 20, "{used} hundredths of a second in 2 s");
    assert_eq!(ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "echo hello", true)).status(), 200);
    drop(idle);
    let left = Instant::now();
    while connections(&gateway) > 100 {
        assert!(left.elapsed() < Duration::from_secs(60), "{} are left", connections(&gateway));
        thread::sleep(Duration::from_millis(50));
    }
    gateway.stop();
}

#[test]
fn it_lives_through_a_want_of_file_descriptors() {
    let gateway = Gateway::start("{ }");
    let mut kept = Client::open(&gateway);
    kept.post(CHAT, &[], &body(CHAT, MODEL, "echo hello", false));
    assert_eq!(kept.answer().status(), 200);
    let maximum = getrlimit(Resource::Nofile).maximum;
    let open = std::fs::read_dir(format!("/proc/{}/fd", gateway.pid().as_raw_nonzero())).expect("it runs").count();
    let few = Some(u64::try_from(open + 5).expect("few"));
    prlimit(Some(gateway.pid()), Resource::Nofile, Rlimit { current: few, maximum }).expect("it is our own child");
    let idle: Vec<_> = (0..50).map(|_| Client::open(&gateway)).collect();
    gateway.wait_for_log("a connection could not be accepted", 1);
    let used = ticks(&gateway);
    thread::sleep(Duration::from_secs(1));
    let used = ticks(&gateway) - used;
    assert!(used < 30, "it spins: {used} hundredths of a second in 1 s");
    // Who is connected is served; and the log is not flooded.
    let head = kept.request("GET", "/healthz", &[], 0);
    kept.send(head.as_bytes()).expect("it reads");
    assert_eq!(kept.answer().status(), 200);
    assert_eq!(gateway.log().matches("a connection could not be accepted").count(), 1, "{}", gateway.log());
    drop(idle);
    assert_eq!(ask(&gateway, CHAT, &[], &body(CHAT, MODEL, "echo hello", true)).status(), 200);
    gateway.stop();
}

#[test]
fn no_core_dump_can_hold_a_token() {
    let gateway = Gateway::start("{}");
    get(&gateway, "/metrics", &[]);
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.process_id())).expect("it runs");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("the kernel says it");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    gateway.stop();
}
