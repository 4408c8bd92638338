//! A gateway of both versions of the contract in this process, on real sockets, the simulator behind it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use quarry_config::{Environment, Override};
use quarry_gateway::{
    Activated, ChangeError, Configuration, ConfigurationSource, Gateway, Server, Service, VersionState, VersionStatus,
    Versions, Wanted, restore,
};
use quarry_provider_host::{Digest, Host};
use quarry_simulator::{Pace, Simulator, SimulatorOptions};
use quarry_telemetry::Metrics;
use quarry_versions::source::{Fetcher, REGISTRY_TIME, Registries, RegistryCredentials};
use quarry_versions::{Candidate, Compiler, Gate, Store};
use serde_json::json;
use tempfile::TempDir;

use crate::component::cache;
use quarry_embedded::embedded_digest;

/// How long something may take that happens by itself.
const PATIENCE: Duration = Duration::from_secs(60);

/// A gateway that serves.
pub(crate) struct Running {
    pub(crate) versions: Arc<Versions>,
    address: SocketAddr,
    _state: TempDir,
}

impl Running {
    /// One that begins with the embedded provider.
    pub(crate) async fn start(host: Arc<Host>) -> Self {
        let state = tempfile::tempdir().expect("a folder");
        let mut store = Store::open(state.path()).expect("a store of versions");
        let gate = Gate::new(Arc::clone(&host), cache(), Compiler::Here);
        let begun = restore(&gate, &mut store, None, &[]).expect("the embedded version passes");
        let simulator = SimulatorOptions { pace: Pace::Instant, ..SimulatorOptions::default() };
        let simulator = Simulator::bind(loopback(), simulator).await.expect("a port");
        let behind = simulator.local_addr();
        tokio::spawn(simulator.run(std::future::pending()));

        let generation = begun.passed.generation;
        let file = state.path().join("quarry.json5");
        std::fs::write(&file, "{ quarry: { retry: { attempts: 1 } } }").expect("written");
        let environment: Environment = [("HOME", state.path().display().to_string())].into_iter().collect();
        let overrides: Vec<Override> = Vec::new();
        let mut session = generation.session().expect("an instance");
        let configuration =
            Configuration::load(&mut session, Some(&file), &environment, &overrides).expect("it is right");
        drop(session);
        let source = ConfigurationSource { chosen: Some(file), environment, overrides, ..Default::default() };
        let gateway = Gateway::new(generation, source, configuration, Some(behind), Arc::new(Metrics::new()))
            .await
            .expect("it starts");
        let server = Server::bind(Arc::clone(&gateway), loopback()).await.expect("a port");
        let address = server.local_addr();
        tokio::spawn(server.run(std::future::pending()));
        let fetcher = Fetcher::new(host.limits(), Registries::new(RegistryCredentials::default(), REGISTRY_TIME));
        let versions = Versions::new(gateway, gate, fetcher, store);
        Running { versions, address, _state: state }
    }

    /// Puts a component to work.
    pub(crate) async fn activate(&self, bytes: &[u8]) -> Result<Activated, ChangeError> {
        let candidate = Candidate { source: "it".to_owned(), bytes: bytes.to_vec(), expected: None, signature: None };
        self.versions.activate(Wanted::Given(candidate), "a test").await
    }

    /// Puts a version to work that passed before.
    pub(crate) async fn activate_known(&self, digest: Digest) {
        let wanted = if digest == embedded_digest() { Wanted::Embedded } else { Wanted::Known(digest) };
        self.versions.activate(wanted, "a test").await.expect("it passed before");
    }

    /// What is known of a version.
    pub(crate) async fn version(&self, digest: Digest) -> VersionStatus {
        let status = self.versions.status().await.expect("it runs");
        let known = status.versions.into_iter().find(|version| version.digest == digest);
        known.expect("it is known")
    }

    /// Waits until so many requests are under way on a version.
    pub(crate) async fn wait_for_requests(&self, digest: Digest, under_way: usize) {
        let began = std::time::Instant::now();
        loop {
            let version = self.version(digest).await;
            let now = version.service.as_ref().map(|service: &Service| service.under_way);
            if now == Some(under_way) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{version:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether it was retired, and has requests to finish.
    pub(crate) async fn retires(&self, digest: Digest) -> bool {
        let VersionStatus { state, service, .. } = self.version(digest).await;
        state == VersionState::Retiring && service.is_some_and(|service| service.under_way > 0)
    }

    /// A whole answer, as pi's events. Reads from a socket: for a thread that may wait.
    pub(crate) fn stream(&self, model: &str, prompt: &str) -> String {
        stream(self.address, model, prompt)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

fn loopback() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

/// A whole answer of the gateway at an address.
pub(crate) fn stream(address: SocketAddr, model: &str, prompt: &str) -> String {
    let messages = json!([{"role": "user", "content": prompt}]);
    let body = json!({"model": {"id": model}, "context": {"messages": messages}, "options": {}}).to_string();
    let mut socket = TcpStream::connect(address).expect("it listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a socket has a timeout");
    let head = format!(
        "POST /api/stream HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).and_then(|()| socket.write_all(body.as_bytes())).expect("it reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("it answers in UTF-8 and ends");
    let (head, events) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(events.contains("\"type\":\"done\""), "{answer}");
    // Where a chunk ends is a matter of time; what is said is not.
    events.lines().filter(|line| line.starts_with("data: ")).collect::<Vec<_>>().join("\n")
}
