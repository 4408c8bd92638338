//! Clients of Bedrock itself read the simulator: boto3 and pi-ai, each through its own SDK with only the endpoint overridden.

use std::net::SocketAddr;

use quarry_simulator::{Pace, Simulator, SimulatorOptions};
use tokio::runtime::Runtime;

use crate::packages::{script, text};

#[test]
#[ignore = "peers: Python"]
fn boto3_reads_the_simulator() {
    run_against_a_simulator("boto3_reads_the_simulator.py");
}

#[test]
#[ignore = "peers: Node.js"]
fn pi_ai_streams_from_the_simulator() {
    run_against_a_simulator("pi_ai_streams_from_the_simulator.mjs");
}

/// A simulator in this process, which listens until it is dropped.
pub(crate) struct Simulated {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(crate) endpoint: String,
    _runtime: Runtime,
}

impl Simulated {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be built");
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let options = SimulatorOptions { pace: Pace::Instant, seed: 7 };
        let simulator = runtime.block_on(Simulator::bind(address, options)).expect("loopback can be bound");
        let endpoint = format!("http://{}", simulator.local_addr());
        runtime.spawn(simulator.run(std::future::pending()));
        Simulated { endpoint, _runtime: runtime }
    }
}

/// Runs a script with the simulator's address as its last argument, in an environment that holds nothing of this machine.
fn run_against_a_simulator(name: &str) {
    let simulator = Simulated::start();
    let home = tempfile::tempdir().expect("an empty home can be made");
    let mut command = script(name);
    command
        .arg(&simulator.endpoint)
        .env_clear()
        .env("HOME", home.path())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", "AKIDSIMULATOR")
        .env("AWS_SECRET_ACCESS_KEY", "not-a-secret")
        .env("AWS_REGION", "us-east-1");
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"));
    assert!(output.status.success(), "the peer found the simulator wanting ({}):\n{}", output.status, text(&output));
    println!("{}", text(&output));
}
