//! Servers that are not ours, each a script of `tests/peers`: moto is an STS and an instance's metadata service.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::packages::script;

/// A server that ends with the test.
pub(super) struct Peer {
    child: Child,
    pub(super) endpoint: String,
}

impl Peer {
    /// moto.
    pub(super) fn moto() -> Self {
        Self::start("moto_on_loopback.py", &[])
    }

    /// Starts a script, which tells where it listens and goes on until its input ends.
    pub(super) fn start(name: &str, arguments: &[&str]) -> Self {
        let mut child = script(name)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Python is there");
        let stdout = child.stdout.take().expect("it is piped");
        let mut endpoint = String::new();
        BufReader::new(stdout).read_line(&mut endpoint).expect("it tells its address");
        let endpoint = endpoint.trim().to_owned();
        assert!(endpoint.contains("://127.0.0.1:"), "{name} did not start: {endpoint:?}");
        Peer { child, endpoint }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
