//! What stands between the gateway and the simulator, and records what the simulator answers.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::simulator::Simulated;

/// A simulator whose answers are recorded.
pub(super) struct Recorder {
    /// Where it listens: `http://127.0.0.1:PORT`.
    pub(super) endpoint: String,
    answers: Arc<Mutex<Vec<u8>>>,
    _simulated: Simulated,
}

impl Recorder {
    pub(super) fn start() -> Self {
        let simulated = Simulated::start();
        let upstream = simulated.endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let answers = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&answers);
        // It lives as long as the test program.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(&upstream).expect("the simulator listens");
                let (mut from, mut to) = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
                thread::spawn(move || {
                    // Whoever closes ends the thread.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Write);
                });
                let record = Arc::clone(&record);
                thread::spawn(move || pass(server, client, &record));
            }
        });
        Recorder { endpoint, answers, _simulated: simulated }
    }

    /// The body of the only answer that passed so far: its bytes, without HTTP's own framing.
    pub(super) fn body(&self) -> Vec<u8> {
        let answers = self.answers.lock().expect("nobody panicked");
        let end = answers.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let (head, body) = answers.split_at(end + 4);
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        if head.contains("transfer-encoding: chunked") { without_chunks(body) } else { body.to_vec() }
    }
}

/// Passes on what one side sends, and records it before it is passed on.
fn pass(mut from: TcpStream, mut to: TcpStream, record: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        record.lock().expect("nobody panicked").extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// The data of chunks.
fn without_chunks(mut chunks: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        let end = chunks.windows(2).position(|window| window == b"\r\n").expect("a chunk's length");
        let length = std::str::from_utf8(&chunks[..end]).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
        let length = length.expect("a length");
        if length == 0 {
            return all;
        }
        all.extend_from_slice(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 2 + length + 2..];
    }
}
