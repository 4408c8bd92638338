//! `examples/https`: nginx and Caddy of Debian's packages in front of a gateway.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::debian;
use crate::gateway::Gateway;
use crate::packages::text;

/// How long a proxy may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between the deltas of the simulated model `sim.slow.100` is 0.1 s, and there are more than twenty.
const LEAST: Duration = Duration::from_secs(1);

/// A proxy that runs in front of a gateway. It does not outlive the test.
struct Proxy {
    folder: TempDir,
    address: String,
    child: Child,
}

impl Proxy {
    /// Starts a program in a copy of the example, with other ports.
    fn start(gateway: &Gateway, file: &str, command: impl FnOnce(&Path) -> Command) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let free =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("loopback has a free port");
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/https").join(file);
        let example = fs::read_to_string(&example).unwrap_or_else(|error| panic!("{}: {error}", example.display()));
        let upstream = gateway.base.trim_start_matches("http://");
        let here = example.replace("127.0.0.1:8484", upstream).replace("127.0.0.1:8443", &free.to_string());
        assert!(here.contains(upstream) && here.contains(&free.to_string()), "{example}");
        fs::write(folder.path().join(file), here).expect("it can be written");
        fs::create_dir(folder.path().join("tmp")).expect("a folder can be made");
        certify(folder.path());
        let mut command = command(folder.path());
        command.current_dir(folder.path()).env("HOME", folder.path());
        let child = command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut proxy = Proxy { folder, address: format!("https://{free}"), child };
        let began = Instant::now();
        while TcpStream::connect(free).is_err() {
            let ended = proxy.child.try_wait().expect("a child can be waited for");
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{file}: it does not listen: {ended:?}");
            thread::sleep(Duration::from_millis(20));
        }
        proxy
    }

    fn curl(&self, path: &str) -> Command {
        let mut command = debian::installed("curl", "curl");
        command.args(["-sS", "-N", "--cacert"]).arg(self.folder.path().join("quarry.crt"));
        command.arg(format!("{}{path}", self.address));
        command
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // Told to, it ends its workers too. It is gone already where it failed.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// A certificate as the page tells to make one.
fn certify(folder: &Path) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/https/README.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let line = page.lines().find(|line| line.starts_with("openssl ")).expect("the page makes a certificate");
    let output =
        Command::new("/bin/sh").args(["-eu", "-c", line]).current_dir(folder).output().expect("there is a shell");
    assert!(output.status.success(), "{line}: {}", text(&output));
}

/// A stream passes as it comes, and a large body arrives.
fn check(proxy: &Proxy) {
    let body = r#"{"model": "sim.slow.100", "stream": true, "messages": [{"role": "user", "content": "Tell me about bedrock"}]}"#;
    let mut streaming = proxy.curl("/v1/chat/completions");
    streaming.args(["-H", "content-type: application/json", "-d", body]);
    let mut streaming = streaming.stdout(Stdio::piped()).spawn().expect("curl runs");
    let lines = BufReader::new(streaming.stdout.take().expect("it is piped")).lines();
    let times: Vec<(Instant, String)> = lines.map_while(Result::ok).map(|line| (Instant::now(), line)).collect();
    let _ = streaming.wait();
    let deltas: Vec<Instant> =
        times.iter().filter(|(_, line)| line.starts_with("data: {")).map(|(at, _)| *at).collect();
    assert!(times.iter().any(|(_, line)| line == "data: [DONE]") && deltas.len() > 10, "{times:?}");
    let took = *deltas.last().expect("there are some") - deltas[0];
    assert!(took > LEAST, "all deltas came within {took:?}: the proxy held them back");
    let large = proxy.folder.path().join("large");
    fs::write(&large, vec![b'x'; 4 << 20]).expect("it can be written");
    let output = proxy.curl("/v1/messages").arg("--data-binary").arg(format!("@{}", large.display())).output();
    let said = text(&output.expect("curl runs"));
    assert!(said.contains("the request's body is not JSON"), "it did not get to the gateway: {said}");
}

#[test]
#[ignore = "peers: curl, nginx, OpenSSL"]
fn nginx_passes_streams_and_large_bodies() {
    let gateway = Gateway::open();
    let proxy = Proxy::start(&gateway, "nginx.conf", |folder| {
        let mut command = debian::program("nginx", &["nginx", "libpcre2-8-0"]);
        command.arg("-p").arg(folder).args(["-c", "nginx.conf"]);
        command
    });
    check(&proxy);
    drop(proxy);
    gateway.stop();
}

#[test]
#[ignore = "peers: Caddy, curl, OpenSSL"]
fn caddy_passes_streams_and_large_bodies() {
    let gateway = Gateway::open();
    let proxy = Proxy::start(&gateway, "Caddyfile", |_| {
        let mut command = debian::program("caddy", &["caddy"]);
        command.args(["run", "--config", "Caddyfile"]);
        command
    });
    check(&proxy);
    drop(proxy);
    gateway.stop();
}
