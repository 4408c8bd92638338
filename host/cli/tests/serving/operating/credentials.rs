//! A gateway that starts without credentials: it says so, and is not ready where it is to wait for them.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use super::client::get;
use crate::gateway::Gateway;
use crate::planted::plant;
use crate::simulator::Simulated;

const MISSING: &str = "requests will fail: ";
const SECRET: &str = "sEcReT-oF-a-FiLe-ThAt-CaMe-LaTeR";

#[test]
fn that_there_are_none_is_told_at_the_start() {
    let gateway = Gateway::before("{}", |_| {});
    gateway.wait_for_log(MISSING, 1);
    let log = gateway.log();
    let line = log.lines().find(|line| line.contains(MISSING)).expect("it was waited for");
    assert!(line.contains("WARN") && line.contains("AWS_BEARER_TOKEN_BEDROCK"), "what to do: {line}");
    assert_eq!(get(&gateway, "/readyz", &[]).status(), 200, "nobody asked it to wait");
    gateway.stop();
    let gateway = Gateway::open();
    thread::sleep(Duration::from_millis(500));
    assert!(!gateway.log().contains(MISSING), "{}", gateway.log());
    gateway.stop();
}

#[test]
fn it_is_ready_once_aws_accepts_credentials_where_it_waits_for_them() {
    let simulated = Simulated::start();
    let waiting = "{ quarry: { readiness: { credentials: true } } }";
    let gateway = Gateway::before(waiting, |command| {
        command.env("AWS_ENDPOINT_URL", &simulated.endpoint);
    });
    gateway.wait_for_log(MISSING, 1);
    let answer = get(&gateway, "/readyz", &[]);
    assert_eq!((answer.status(), answer.body.starts_with("credentials: ")), (503, true), "{answer:?}");
    assert_eq!(get(&gateway, "/healthz", &[]).status(), 200);
    let home = gateway.configuration.parent().expect("it is in a folder").join(".aws");
    fs::create_dir(&home).expect("it can be made");
    plant(SECRET);
    let keys = format!("[default]\naws_access_key_id = AKIDTEST\naws_secret_access_key = {SECRET}\n");
    fs::write(home.join("credentials"), keys).expect("it can be written");
    let began = Instant::now();
    while get(&gateway, "/readyz", &[]).status() != 200 {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", gateway.log());
        thread::sleep(Duration::from_millis(50));
    }
    gateway.wait_for_log("AWS accepts the credentials", 1);
    fs::remove_dir_all(&home).expect("it can be removed");
    gateway.stop();
}
