//! A real Redis server on loopback.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::debian;
use crate::planted::plant;

/// How long the server may take to answer, and to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server, with a password, that keeps nothing on disk. It can be stopped and started, and does not outlive the test.
pub(crate) struct Redis {
    port: u16,
    tls_port: u16,
    password: &'static str,
    running: Option<Child>,
    folder: TempDir,
}

impl Redis {
    /// Starts one.
    pub(crate) fn start(password: &'static str) -> Self {
        plant(password);
        let free = || TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let ports = [free(), free()].map(|listener| listener.local_addr().expect("it is bound").port());
        let [port, tls_port] = ports;
        let folder = tempfile::tempdir().expect("a folder for the server");
        let mut redis = Redis { port, tls_port, password, running: None, folder };
        redis.start_again();
        redis
    }

    /// Starts it again, with nothing in it, where it was.
    pub(crate) fn start_again(&mut self) {
        let child = debian::installed("redis-server", "redis-server")
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string(), "--save", "", "--appendonly", "no"])
            .args(["--requirepass", self.password, "--dir"])
            .arg(self.folder.path())
            .args(["--tls-port", &self.tls_port.to_string(), "--tls-auth-clients", "no"])
            .args(["--tls-cert-file", &certificate("localhost.pem"), "--tls-key-file", &certificate("localhost.key")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.running = Some(child.expect("redis-server starts"));
        let began = Instant::now();
        while self.try_ask(&["PING"]).is_none_or(|answer| answer != "+PONG") {
            assert!(began.elapsed() < PATIENCE, "redis-server does not answer");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Ends it at once.
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.running.take() else { return };
        child.kill().expect("it runs");
        child.wait().expect("it can be waited for");
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let child = self.running.as_ref().expect("it runs");
        kill_process(Pid::from_child(child), signal).expect("it runs");
    }

    /// Where it is, password included.
    pub(crate) fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", self.password, self.port)
    }

    /// Where it is for those who want TLS, under a certificate of [`authority`].
    pub(crate) fn tls_url(&self) -> String {
        format!("rediss://:{}@localhost:{}/0", self.password, self.tls_port)
    }

    /// The first line of what it says to a command, and of a list or text the whole.
    pub(crate) fn ask(&self, command: &[&str]) -> String {
        self.try_ask(command).expect("it answers")
    }

    /// The names that it has.
    pub(crate) fn names(&self) -> Vec<String> {
        self.ask(&["KEYS", "*"]).lines().filter(|line| line.starts_with("quarry:")).map(str::to_owned).collect()
    }

    fn try_ask(&self, command: &[&str]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        for command in [&["AUTH", self.password][..], command, &["QUIT"]] {
            let words: String = command.iter().map(|word| format!("${}\r\n{word}\r\n", word.len())).collect();
            stream.write_all(format!("*{}\r\n{words}", command.len()).as_bytes()).ok()?;
        }
        let mut reader = BufReader::new(stream);
        let mut authenticated = String::new();
        reader.read_line(&mut authenticated).ok()?;
        let mut rest = Vec::new();
        reader.read_to_end(&mut rest).ok()?;
        let rest = String::from_utf8_lossy(&rest).into_owned();
        Some(rest.strip_suffix("+OK\r\n")?.trim_end().to_owned())
    }
}

/// A server that answers a read with two gigabytes, for as long as the test program runs.
pub(crate) fn hostile_redis() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever closes in the middle ends the thread.
            thread::spawn(move || drop(answer_with_too_much(&stream)));
        }
    });
    address
}

fn answer_with_too_much(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while let Some(line) = lines.next().transpose()? {
        // The number of words, the length of the first, and it.
        if !line.starts_with('*') {
            continue;
        }
        let name = lines.by_ref().nth(1).transpose()?.unwrap_or_default();
        if name == "GETRANGE" {
            break;
        }
        stream.write_all(b"+OK\r\n")?;
    }
    stream.write_all(b"$2000000000\r\n")?;
    loop {
        stream.write_all(&[b'x'; 64 << 10])?;
    }
}

/// The file of the authority that vouches for the server.
pub(crate) fn authority() -> String {
    certificate("authority.pem")
}

fn certificate(name: &str) -> String {
    format!("{}/../gateway/src/remote/test_certificates/{name}", env!("CARGO_MANIFEST_DIR"))
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.stop();
    }
}
