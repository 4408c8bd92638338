//! `deploy/quarry.service`.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Output};

use quarry_config::gateway::GatewayConfig;

use super::gateway::{AFTER_DRAIN, CONFIG, Deployed, accepts, binary};
use super::tools::{self, run};
use super::{changed, debian, read};

/// What is in the place of an operator's configuration.
const CONFIGURATION: &str = "{ quarry: { drainSeconds: 5 } }";

const PROGRAM: &str = "/usr/local/bin/quarry";

/// Ten times the exposure, of 100, that systemd may find at most. It calls anything below 20 OK.
const EXPOSURE: u32 = 15;

/// The values of a setting, in the order in which they stand.
fn settings(name: &str) -> Vec<String> {
    let unit = read("quarry.service");
    let values = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    values.map(str::to_owned).collect()
}

fn the_one(name: &str) -> String {
    let found = settings(name);
    assert_eq!(found.len(), 1, "{name} in the unit");
    found.into_iter().next().unwrap_or_default()
}

fn number(name: &str) -> u64 {
    the_one(name).parse().unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Has systemd look at a unit, whose program is the one that was built.
fn analyze(unit: &str, arguments: &[&str]) -> Output {
    analyze_with(unit, &read("quarry.socket"), arguments)
}

/// The same with another socket beside the unit.
fn analyze_with(unit: &str, socket: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("quarry.service");
    let unit = unit.replace(PROGRAM, &binary().display().to_string());
    fs::write(&file, unit).expect("it can be written");
    let socket_file = folder.path().join("quarry.socket");
    fs::write(&socket_file, socket).expect("it can be written");
    let mut command = debian::installed("systemd-analyze", "systemd");
    command.args(arguments).arg(&file).env("SYSTEMD_COLORS", "0").env("SYSTEMD_PAGER", "cat");
    if arguments.first() == Some(&"verify") {
        command.arg(&socket_file);
    }
    run(&mut command)
}

#[test]
#[ignore = "peers: systemd"]
fn systemd_has_nothing_against_it() {
    let unit = read("quarry.service");
    let output = analyze(&unit, &["verify", "--man=no"]);
    let said = tools::text(&output);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
    for (right, wrong, told) in [
        ("TimeoutStopSec=50", "TimeoutStopSec=soon", "Failed to parse time value"),
        ("ProtectSystem=strict", "ProtectSistem=strict", "ProtectSistem"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@system-servant", "@system-servant"),
        (PROGRAM, "/nowhere/quarry", "/nowhere/quarry"),
    ] {
        let said = tools::text(&analyze(&changed(&unit, right, wrong), &["verify", "--man=no"]));
        assert!(said.contains(told), "{wrong}: {said}");
    }
}

#[test]
#[ignore = "peers: systemd"]
fn systemd_has_nothing_against_its_socket() {
    let (unit, socket) = (read("quarry.service"), read("quarry.socket"));
    for (right, wrong, told) in [
        ("ListenStream=127.0.0.1:8484", "ListenStream=127.0.0.1:port", "Failed to parse address"),
        ("FileDescriptorName=", "FileDescripterName=", "FileDescripterName"),
    ] {
        let said = tools::text(&analyze_with(&unit, &changed(&socket, right, wrong), &["verify", "--man=no"]));
        assert!(said.contains(told), "{wrong}: {said}");
    }
    assert!(socket.contains(&format!("ListenStream={}\n", GatewayConfig::default().listen)));
    // The gateway says when it serves.
    assert_eq!(the_one("Type"), "notify");
}

#[test]
#[ignore = "peers: systemd"]
fn it_can_do_no_more_than_it_has_to() {
    let unit = read("quarry.service");
    let threshold = format!("--threshold={EXPOSURE}");
    let security = ["security", "--offline=true", &threshold];
    let output = analyze(&unit, &security);
    assert!(output.status.success(), "{}", tools::text(&output));
    let output = analyze(&changed(&unit, "SystemCallFilter=@system-service\n", ""), &security);
    assert!(!output.status.success(), "{}", tools::text(&output));
    // No component could be loaded.
    assert_eq!(the_one("MemoryDenyWriteExecute"), "no");
    assert!(settings("LimitAS").is_empty(), "the pool of sessions reserves terabytes of addresses");
}

#[test]
fn it_fits_what_the_gateway_does_when_nothing_is_configured() {
    let gateway = GatewayConfig::default();
    let (stop, drain) = (number("TimeoutStopSec"), gateway.drain.as_secs());
    assert!(stop >= drain + AFTER_DRAIN, "{stop} s for {drain} s and {AFTER_DRAIN} s");
    // A connection to Bedrock for each request that the pool has room for, and a hundred of everything else.
    let files = gateway.limits.connections + 4096 + 100;
    assert!(number("LimitNOFILE") >= files as u64, "{files} files");
    assert_eq!((the_one("KillSignal").as_str(), the_one("RestartPreventExitStatus").as_str()), ("SIGTERM", "2"));
}

#[test]
fn the_service_serves_and_reads_its_configuration_again() {
    let start = the_one("ExecStart");
    let mut words = start.split_whitespace().map(str::to_owned);
    assert_eq!(words.next().as_deref(), Some(PROGRAM));
    let arguments: Vec<String> = words.collect();
    assert_eq!(accepts(&arguments), Ok(()));
    let pairs = settings("Environment");
    let pairs = pairs.iter().map(|pair| pair.split_once('=').expect("NAME=VALUE"));
    let mut environment: BTreeMap<String, String> = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    assert_eq!(environment.get("QUARRY_CONFIG").map(String::as_str), Some(CONFIG));
    // The folders that systemd makes, and the variables that it tells them by.
    let mut writable = Vec::new();
    for (setting, variable, parent) in [
        ("StateDirectory", "STATE_DIRECTORY", "/var/lib"),
        ("CacheDirectory", "CACHE_DIRECTORY", "/var/cache"),
        ("RuntimeDirectory", "RUNTIME_DIRECTORY", "/run"),
    ] {
        let folder = format!("{parent}/{}", the_one(setting));
        environment.insert(variable.to_owned(), folder.clone());
        writable.push(folder);
    }
    let deployed = Deployed { arguments, environment, writable, mode: 0o700, configuration: CONFIGURATION.to_owned() };
    let mut gateway = deployed.start();
    assert_eq!(gateway.status("/readyz"), 200);
    let (done, said) = gateway.execute(&["provider".to_owned(), "status".to_owned()]);
    assert!(done && said.contains("  active  "), "{said}");
    let reload = the_one("ExecReload").replace("$MAINPID", &gateway.pid().to_string());
    let mut reload = reload.split_whitespace();
    let output = run(Command::new(reload.next().expect("a program")).args(reload));
    assert!(output.status.success(), "{}", tools::text(&output));
    gateway.told("the configuration was read again and is active");
    gateway.stop();
}
