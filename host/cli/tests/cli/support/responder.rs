//! A tiny HTTP server that answers what a test wants, for what the simulator does not do, and that shows what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// By name in lower case.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: String,
}

impl Answer {
    /// An error as AWS gives it.
    pub(crate) fn error(status: u16, name: &'static [(&'static str, &'static str)], message: &str) -> Self {
        Answer { status, headers: name, body: serde_json::json!({ "message": message }).to_string() }
    }

    /// JSON that is no error.
    pub(crate) fn json(body: &(impl ToString + ?Sized)) -> Self {
        Answer { status: 200, headers: &[("content-type", "application/json")], body: body.to_string() }
    }
}

/// The server. Its thread ends with the test program.
pub(crate) struct Responder {
    pub(crate) endpoint: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Responder {
    /// Starts a server that answers each request by its path.
    pub(crate) fn start(answer: impl Fn(&str) -> Answer + Send + 'static) -> Self {
        Self::start_on(Ipv4Addr::LOCALHOST.into(), move |asked| answer(&asked.path))
    }

    /// Starts one on an address of loopback that answers each request by all that is in it.
    pub(crate) fn start_on(address: IpAddr, answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind((address, 0)).expect("loopback can be bound");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let of_thread = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let Some(request) = read(&mut stream) else { continue };
                let reply = answer(&request);
                of_thread.lock().expect("nobody panicked").push(request);
                write(&mut stream, &reply);
            }
        });
        Responder { endpoint, asked }
    }

    /// What was asked until now.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { path, headers, body: String::from_utf8_lossy(&body).into_owned() })
}

fn write(stream: &mut TcpStream, Answer { status, headers, body }: &Answer) {
    let mut head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in *headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    // A client that went away is no error here.
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
}
