//! One simulator for all tests: it keeps nothing between two requests that a test could see.

use std::net::SocketAddr;
use std::sync::{OnceLock, mpsc};
use std::thread;

use quarry_simulator::{Pace, Simulator, SimulatorOptions};

/// The endpoint of a simulator that answers at once.
pub(crate) fn simulator() -> &'static str {
    static ENDPOINT: OnceLock<String> = OnceLock::new();
    ENDPOINT.get_or_init(|| {
        let (tell, told) = mpsc::channel();
        // It lives as long as the test program.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let options = SimulatorOptions { pace: Pace::Instant, seed: 3 };
                let address = SocketAddr::from(([127, 0, 0, 1], 0));
                let simulator = Simulator::bind(address, options).await.expect("loopback can be bound");
                tell.send(format!("http://{}", simulator.local_addr())).expect("somebody waits for it");
                simulator.run(std::future::pending()).await.expect("it goes on");
            });
        });
        told.recv().expect("the simulator starts")
    })
}
