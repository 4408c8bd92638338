//! What a service manager such as systemd is told, and the sockets that it hands over.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::debian;
use crate::gateway::Gateway;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What tells the watchdog that the gateway is alive.
const ALIVE: &str = "WATCHDOG=1\n";

/// A service manager. It reads all the time, because the kernel drops what does not fit into the queue of a socket (ten messages).
struct Manager(mpsc::Receiver<String>);

impl Manager {
    fn at(address: &SocketAddr) -> Self {
        let socket = UnixDatagram::bind_addr(address).expect("it can be bound");
        let (messages, read) = mpsc::channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length) = socket.recv(&mut buffer) {
                let message = String::from_utf8(buffer[..length].to_vec()).expect("it is text");
                if messages.send(message).is_err() {
                    return;
                }
            }
        });
        Manager(read)
    }

    fn next(&self) -> String {
        self.0.recv_timeout(PATIENCE).expect("a message comes")
    }

    /// The next message that is none of the watchdog's begins so, and has a status.
    fn expect(&self, beginning: &str) {
        let message = std::iter::repeat_with(|| self.next()).find(|message| message != ALIVE).expect("it goes on");
        assert!(message.starts_with(beginning) && message.contains("\nSTATUS="), "{beginning}: {message}");
    }
}

#[test]
fn a_service_manager_follows_the_gateway() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let by_path = SocketAddr::from_pathname(&path).expect("a path");
    let name = format!("quarry-test-{}", std::process::id());
    let by_name = SocketAddr::from_abstract_name(&name).expect("a name");
    for (address, variable) in [(by_path, path.display().to_string()), (by_name, format!("@{name}"))] {
        let manager = Manager::at(&address);
        let gateway = Gateway::start_with("{ quarry: {} }", |command| {
            command.env("NOTIFY_SOCKET", &variable).env("WATCHDOG_USEC", "40000");
        });
        manager.expect("READY=1\n");
        assert_eq!([manager.next(), manager.next()], [ALIVE, ALIVE]);
        gateway.signal(Signal::HUP);
        manager.expect("RELOADING=1\nMONOTONIC_USEC=");
        manager.expect("READY=1\n");
        gateway.signal(Signal::TERM);
        manager.expect("STOPPING=1\n");
        gateway.ends();
    }
}

#[test]
fn a_service_manager_that_is_not_there_is_no_reason_not_to_serve() {
    let gateway = Gateway::start_with("{ quarry: {} }", |command| {
        command.env("NOTIFY_SOCKET", "/nowhere/notify").env("WATCHDOG_USEC", "nonsense");
    });
    gateway.wait_for_log("NOTIFY_SOCKET", 1);
    gateway.stop();
}

/// A child that does not outlive the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It has ended unless the test failed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has systemd's own program open sockets with these names for a gateway.
fn activated(folder: &std::path::Path, sockets: &[&str], names: &str) -> Ended {
    let configuration = folder.join("quarry.json5");
    std::fs::write(&configuration, "{ quarry: {} }").expect("it can be written");
    let mut command = debian::installed("systemd-socket-activate", "systemd");
    for socket in sockets {
        command.args(["-l", socket]);
    }
    command.arg(format!("--fdname={names}"));
    for (name, value) in [
        ("HOME", folder.display().to_string()),
        ("QUARRY_CACHE_DIR", Gateway::cache().display().to_string()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ] {
        command.arg(format!("-E{name}={value}"));
    }
    command.args([env!("CARGO_BIN_EXE_quarry"), "serve", "--simulate", "--config"]).arg(configuration);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    Ended(command.spawn().expect("it starts"))
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").to_string()
}

/// Asks whether the gateway is ready, as soon as somebody listens.
fn ready(address: &str) -> String {
    let began = Instant::now();
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(error) => assert!(began.elapsed() < PATIENCE, "nobody listens: {error}"),
        }
        thread::sleep(Duration::from_millis(10));
    };
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
#[ignore = "peers: systemd"]
fn sockets_of_a_service_manager_are_listened_on() {
    // The component is compiled by whoever comes first, which takes an unoptimised compiler long.
    Gateway::open().stop();
    let folder = tempfile::tempdir().expect("a folder");
    let (address, admin) = (free_port(), folder.path().join("admin.sock"));
    let mut gateway = activated(folder.path(), &[&address, &admin.display().to_string()], "quarry.socket:admin");
    assert!(ready(&address).starts_with("HTTP/1.1 200 "), "{address}");
    let status = Command::new(env!("CARGO_BIN_EXE_quarry"))
        .args(["provider", "status", "--admin", &format!("unix:{}", admin.display())])
        .env_clear()
        .env("HOME", folder.path())
        .output();
    let status = status.expect("the binary starts");
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
    kill_process(Pid::from_child(&gateway.0), Signal::TERM).expect("it runs");
    let ended = gateway.0.wait().expect("it can be waited for");
    let mut log = String::new();
    gateway.0.stderr.take().expect("it is piped").read_to_string(&mut log).expect("it is text");
    assert!(ended.success(), "{log}");
    assert!(log.contains(&format!("on http://{address}")), "{log}");
    assert!(admin.exists(), "the file is the service manager's");
}

#[test]
#[ignore = "peers: systemd"]
fn two_sockets_for_clients_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (free_port(), free_port());
    let mut gateway = activated(folder.path(), &[&one, &two], "client:client");
    // It is started by the first connection.
    let began = Instant::now();
    while TcpStream::connect(&one).is_err() {
        assert!(began.elapsed() < PATIENCE, "nobody listens");
        thread::sleep(Duration::from_millis(10));
    }
    let ended = gateway.0.wait().expect("it can be waited for");
    let mut log = String::new();
    gateway.0.stderr.take().expect("it is piped").read_to_string(&mut log).expect("it is text");
    assert!(!ended.success() && log.contains("two sockets for clients"), "{log}");
}
