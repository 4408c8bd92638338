//! What stands behind the gateway: the simulator, and before it a listener that counts requests, answers some itself, and sees
//! when the gateway closes.

use std::collections::{HashMap, VecDeque};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use quarry_simulator::{Pace, Simulator, SimulatorOptions};
use serde_json::Value;

/// What a request for a model meets, in place of the simulator.
#[derive(Debug, Clone)]
pub(crate) enum Play {
    /// An HTTP error after some time: the status, AWS's name for it, and further header lines.
    Error { after: Duration, status: u16, name: &'static str, headers: &'static str },
    /// The service's refusal of a request, in these words.
    Refusal(String),
    /// Nothing at all.
    Silence,
    /// An answer of text, at full speed, that does not end.
    Endless,
    /// An answer of nearly as much text as an answer may have, which ends well.
    Large,
    /// An answer of so many pieces of text, each event an HTTP chunk of its own, as Bedrock sends them, and many to a write.
    Chunks { events: usize },
    /// An HTTP error whose body does not end.
    EndlessError { status: u16 },
}

impl Play {
    /// A throttled request.
    pub(crate) fn throttled(headers: &'static str) -> Self {
        Play::Error { after: Duration::ZERO, status: 429, name: "ThrottlingException", headers }
    }
}

/// A request that came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) model: String,
    pub(crate) at: Instant,
    /// When the gateway closed its connection.
    pub(crate) closed: Option<Instant>,
}

#[derive(Debug, Default)]
struct State {
    plays: HashMap<String, VecDeque<Play>>,
    seen: Vec<Seen>,
    /// The model that this upstream answers for by itself, and what it refuses of a body.
    strict: Option<(&'static str, Refuses)>,
}

/// The words in which a body is refused; none for one that is right.
pub(crate) type Refuses = fn(&Value) -> Option<String>;

/// An upstream of one gateway.
#[derive(Debug, Clone)]
pub(crate) struct Upstream {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Upstream {
    /// Begins to listen.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let address = listener.local_addr().expect("it is bound");
        let upstream = Upstream { address, state: Arc::default() };
        let shared = upstream.clone();
        // It lives as long as the test program.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = shared.clone();
                // Whoever closes in the middle ends the thread.
                thread::spawn(move || drop(shared.serve(&stream)));
            }
        });
        upstream
    }

    /// A configuration with this as the endpoint, and further members.
    pub(crate) fn configuration(&self, members: &str) -> String {
        format!(
            r#"{{ models: {{ providers: {{ "amazon-bedrock": {{ baseUrl: "http://{}" }} }} }}, {members} }}"#,
            self.address
        )
    }

    /// What the next requests for a model meet, one after the other; later ones reach the simulator.
    pub(crate) fn plays(&self, model: &str, plays: impl IntoIterator<Item = Play>) {
        self.state().plays.entry(model.to_owned()).or_default().extend(plays);
    }

    /// Answers for a model by itself, and refuses bodies of it.
    pub(crate) fn refuses(&self, model: &'static str, refuses: Refuses) {
        self.state().strict = Some((model, refuses));
    }

    /// The requests for a model that came so far.
    pub(crate) fn seen(&self, model: &str) -> Vec<Seen> {
        self.state().seen.iter().filter(|seen| seen.model == model).cloned().collect()
    }

    /// The models of all the requests that came so far, as they stand in the path, but for colons.
    pub(crate) fn all(&self) -> Vec<String> {
        self.state().seen.iter().map(|seen| seen.model.clone()).collect()
    }

    /// Waits until so many requests for a model came.
    pub(crate) fn wait_for(&self, model: &str, requests: usize) {
        let began = Instant::now();
        while self.seen(model).len() < requests {
            assert!(began.elapsed() < Duration::from_secs(60), "{model} was not asked {requests} times: {self:?}");
            thread::sleep(Duration::from_millis(2));
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nobody panicked")
    }

    fn serve(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        while let Some(Asked { model, head, body }) = request(&mut reader)? {
            let (play, number) = {
                let mut state = self.state();
                let mut play = state.plays.get_mut(&model).and_then(VecDeque::pop_front);
                if let Some((_, refuses)) = state.strict.filter(|(strict, _)| play.is_none() && *strict == model) {
                    let refusal = serde_json::from_slice(&body).map(|body| refuses(&body));
                    let refusal = refusal.unwrap_or_else(|error| Some(error.to_string()));
                    play = Some(refusal.map_or(Play::Chunks { events: 1 }, Play::Refusal));
                }
                state.seen.push(Seen { model, at: Instant::now(), closed: None });
                (play, state.seen.len() - 1)
            };
            match play {
                Some(Play::Error { after, status, name, headers }) => {
                    thread::sleep(after);
                    let body = format!(r#"{{"message":"{name} of the test"}}"#);
                    let length = body.len();
                    stream.write_all(
                        format!(
                            "HTTP/1.1 {status} Said\r\nx-amzn-errortype: {name}\r\nx-amzn-requestid: r-{number}\r\n\
                             content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
                        )
                        .as_bytes(),
                    )?;
                }
                Some(Play::Refusal(words)) => {
                    let body = serde_json::json!({ "message": words }).to_string();
                    let length = body.len();
                    stream.write_all(
                        format!(
                            "HTTP/1.1 400 Bad Request\r\nx-amzn-errortype: ValidationException\r\n\
                             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
                        )
                        .as_bytes(),
                    )?;
                }
                Some(Play::Endless) => {
                    let ended = talk(stream);
                    self.state().seen[number].closed = Some(Instant::now());
                    return ended;
                }
                Some(Play::Large) => return answer_at_length(stream),
                Some(Play::Chunks { events }) => return answer_in_chunks(stream, events),
                Some(Play::EndlessError { status }) => {
                    let head = format!(
                        "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
                    );
                    stream.write_all(head.as_bytes())?;
                    loop {
                        stream.write_all(&[b'x'; 64 << 10])?;
                    }
                }
                Some(Play::Silence) => {
                    self.until_closed(reader, number);
                    return Ok(());
                }
                None => {
                    let behind = TcpStream::connect(simulator())?;
                    (&behind).write_all(&head)?;
                    (&behind).write_all(&body)?;
                    let (mut from, mut to) = (behind.try_clone()?, stream.try_clone()?);
                    thread::spawn(move || {
                        // It ends when either side closes.
                        let _ = io::copy(&mut from, &mut to);
                        let _ = to.shutdown(Shutdown::Write);
                    });
                    self.until_closed(reader, number);
                    return behind.shutdown(Shutdown::Both);
                }
            }
        }
        Ok(())
    }

    /// Waits until the gateway closes.
    fn until_closed(&self, mut reader: BufReader<TcpStream>, number: usize) {
        let mut nothing = [0; 64];
        while reader.read(&mut nothing).is_ok_and(|read| read > 0) {}
        self.state().seen[number].closed = Some(Instant::now());
    }
}

/// Says many letters again and again, until nobody listens.
fn talk(mut stream: &TcpStream) -> io::Result<()> {
    let some = begin_to_talk(stream)?;
    loop {
        stream.write_all(&some)?;
    }
}

/// Says nearly 8 MiB, and ends.
fn answer_at_length(mut stream: &TcpStream) -> io::Result<()> {
    let some = begin_to_talk(stream)?;
    for _ in 0..128 {
        stream.write_all(&some)?;
    }
    stream.write_all(&frame("contentBlockStop", br#"{"contentBlockIndex":0}"#))?;
    stream.write_all(&frame("messageStop", br#"{"stopReason":"end_turn"}"#))?;
    stream.write_all(&frame("metadata", br#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}"#))
}

/// Events that are written at once.
const EVENTS_A_WRITE: usize = 800;

fn answer_in_chunks(mut stream: &TcpStream, events: usize) -> io::Result<()> {
    let chunk = |event, payload: &[u8]| {
        let frame = frame(event, payload);
        [format!("{:x}\r\n", frame.len()).as_bytes(), &frame, b"\r\n"].concat()
    };
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nconnection: close\r\n\
        transfer-encoding: chunked\r\n\r\n";
    stream.write_all(&[&head[..], &chunk("messageStart", br#"{"role":"assistant"}"#)].concat())?;
    let delta = chunk("contentBlockDelta", br#"{"contentBlockIndex":0,"delta":{"text":"abcdefgh"}}"#);
    for written in (0..events).step_by(EVENTS_A_WRITE) {
        stream.write_all(&delta.repeat(EVENTS_A_WRITE.min(events - written)))?;
    }
    stream.write_all(&chunk("contentBlockStop", br#"{"contentBlockIndex":0}"#))?;
    stream.write_all(&chunk("messageStop", br#"{"stopReason":"end_turn"}"#))?;
    let usage = br#"{"usage":{"inputTokens":1,"outputTokens":1,"totalTokens":2}}"#;
    stream.write_all(&[&chunk("metadata", usage)[..], b"0\r\n\r\n"].concat())
}

/// Begins an answer, and gives what is to be said next: 64,000 letters.
fn begin_to_talk(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/vnd.amazon.eventstream\r\nconnection: close\r\n\r\n",
    )?;
    stream.write_all(&frame("messageStart", br#"{"role":"assistant"}"#))?;
    let text = "x".repeat(16_000);
    let delta = format!(r#"{{"contentBlockIndex":0,"delta":{{"text":"{text}"}}}}"#);
    Ok(frame("contentBlockDelta", delta.as_bytes()).repeat(4))
}

/// An event as Bedrock frames it.
fn frame(event: &'static str, payload: &[u8]) -> Vec<u8> {
    let header = |name, value: &'static str| Header::new(name, HeaderValue::String(value.into()));
    let message = Message::new(payload.to_vec())
        .add_header(header(":event-type", event))
        .add_header(header(":content-type", "application/json"))
        .add_header(header(":message-type", "event"));
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame can be written");
    bytes
}

/// A request as it came. Its head asks to close after the answer, so that each request has a connection of its own.
struct Asked {
    model: String,
    head: Vec<u8>,
    body: Vec<u8>,
}

/// The next request.
fn request(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Asked>> {
    let mut head = String::new();
    if reader.read_line(&mut head)? == 0 {
        return Ok(None);
    }
    let model = head.split('/').nth(2).unwrap_or_default().replace("%3A", ":");
    head.push_str("connection: close\r\n");
    let mut length = 0;
    loop {
        let begin = head.len();
        reader.read_line(&mut head)?;
        let line = head[begin..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Asked { model, head: head.into_bytes(), body }))
}

/// The simulator of all tests here. It answers at once.
pub(crate) fn simulator() -> SocketAddr {
    static ADDRESS: OnceLock<SocketAddr> = OnceLock::new();
    *ADDRESS.get_or_init(|| {
        let (tell, told) = mpsc::channel();
        // It lives as long as the test program.
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let options = SimulatorOptions { pace: Pace::Instant, seed: 11 };
                let address = SocketAddr::from(([127, 0, 0, 1], 0));
                let simulator = Simulator::bind(address, options).await.expect("loopback can be bound");
                tell.send(simulator.local_addr()).expect("somebody waits for it");
                simulator.run(std::future::pending()).await.expect("it goes on");
            });
        });
        told.recv().expect("the simulator starts")
    })
}
