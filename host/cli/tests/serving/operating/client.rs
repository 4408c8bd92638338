//! A client of HTTP/1.1 that reads when it wants to: what SDKs and curl hide is what is looked at here.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::planted::nothing_shows_in;

/// How long an answer may be waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The endpoints of conversations.
pub(crate) const ENDPOINTS: [&str; 4] = ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/api/stream"];

/// The endpoints whose answers may come whole.
pub(crate) const WHOLE: [&str; 3] = ["/v1/chat/completions", "/v1/messages", "/v1/responses"];

/// A request for a model, in the endpoint's own form.
pub(crate) fn body(path: &str, model: &str, prompt: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": prompt}]);
    match path {
        "/v1/chat/completions" => json!({"model": model, "messages": messages, "stream": stream}),
        "/v1/messages" => json!({"model": model, "messages": messages, "max_tokens": 60000, "stream": stream}),
        "/v1/responses" => json!({"model": model, "input": prompt, "stream": stream, "store": false}),
        "/api/stream" => json!({"model": {"id": model}, "context": {"messages": messages}, "options": {}}),
        other => panic!("{other} is no endpoint of conversations"),
    }
}

/// The words of the error in an answer or an event; `None` where it is none.
pub(crate) fn error_of(value: &Value) -> Option<String> {
    let error = [&value["error"], &value["response"]["error"]].into_iter().find(|error| !error.is_null());
    let words = |error: &Value| error.as_str().or(error["message"].as_str()).map(str::to_owned);
    match value["type"].as_str() {
        // pi's error event has its words in the message that was cut off, or beside it.
        Some("error") => error.and_then(words).or_else(|| {
            let words = value["errorMessage"].as_str().or(value["message"].as_str());
            words.map(str::to_owned)
        }),
        _ => error.and_then(words),
    }
}

/// A connection to the gateway.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    host: String,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// In lower case, but for the values.
    lines: Vec<(String, String)>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.lines.iter().find(|(line, _)| line == name).map(|(_, value)| value.as_str())
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// The error's words. An answer that is none fails the test.
    pub(crate) fn error(&self) -> String {
        error_of(&self.json()).unwrap_or_else(|| panic!("no error: {self:?}"))
    }

    /// `retry-after` in seconds.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.head.header("retry-after")?.parse().ok()
    }
}

impl Client {
    pub(crate) fn open(gateway: &Gateway) -> Self {
        let host = gateway.base.trim_start_matches("http://").to_owned();
        let stream = TcpStream::connect(&host).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        Client { stream: BufReader::new(stream), host }
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &TcpStream {
        self.stream.get_ref()
    }

    /// All that comes, as it comes.
    pub(crate) fn stream_mut(&mut self) -> &mut impl io::Read {
        &mut self.stream
    }

    pub(crate) fn into_socket(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Sends a request.
    pub(crate) fn post(&mut self, path: &str, headers: &[(&str, &str)], body: &Value) {
        let body = body.to_string();
        let head = self.request("POST", path, headers, body.len());
        self.send(format!("{head}{body}").as_bytes()).expect("it reads");
    }

    /// The head of a request.
    pub(crate) fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], length: usize) -> String {
        let mut head =
            format!("{method} {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n");
        if headers.iter().all(|(name, _)| *name != "host") {
            head.push_str(&format!("host: {}\r\n", self.host));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head + "\r\n"
    }

    /// The head of the next answer.
    pub(crate) fn head(&mut self) -> Head {
        self.try_head().unwrap_or_else(|error| panic!("no answer: {error}"))
    }

    pub(crate) fn try_head(&mut self) -> io::Result<Head> {
        let status = self.line()?;
        let number = status.split(' ').nth(1).and_then(|number| number.parse().ok());
        let mut lines = Vec::new();
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(':') else { break };
            lines.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Ok(Head { status: number.unwrap_or_else(|| panic!("no status: {status:?}")), lines })
    }

    /// A line without its end.
    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end().to_owned())
    }

    /// The next chunk of a stream; `None` after the last.
    pub(crate) fn chunk(&mut self) -> io::Result<Option<String>> {
        let chunk = self.bytes()?;
        Ok(chunk.map(|bytes| String::from_utf8(bytes).expect("events end where characters do")))
    }

    /// The bytes of the next chunk; `None` after the last.
    pub(crate) fn bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        let line = self.line()?;
        let length = usize::from_str_radix(&line, 16).unwrap_or_else(|_| panic!("no chunk: {line:?}"));
        let mut bytes = vec![0; length + 2];
        self.stream.read_exact(&mut bytes)?;
        bytes.truncate(length);
        Ok((length > 0).then_some(bytes))
    }

    /// All that comes of a stream until its end. One that breaks off fails the test.
    pub(crate) fn rest(&mut self) -> String {
        let mut all = String::new();
        while let Some(chunk) = self.chunk().unwrap_or_else(|error| panic!("it broke off ({error}) after {all}")) {
            all.push_str(&chunk);
        }
        all
    }

    /// The next answer, whole.
    pub(crate) fn answer(&mut self) -> Answer {
        let head = self.head();
        let body = match head.header("content-length") {
            Some(length) => {
                let mut bytes = vec![0; length.parse().expect("a length")];
                self.stream.read_exact(&mut bytes).expect("it comes");
                String::from_utf8(bytes).expect("it is text")
            }
            None => self.rest(),
        };
        nothing_shows_in("an answer", format!("{head:?}{body}").as_bytes());
        Answer { head, body }
    }
}

/// Asks once.
pub(crate) fn ask(gateway: &Gateway, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut client = Client::open(gateway);
    client.post(path, headers, body);
    client.answer()
}

/// Gets a document or a text.
pub(crate) fn get(gateway: &Gateway, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut client = Client::open(gateway);
    let head = client.request("GET", path, headers, 0);
    client.send(head.as_bytes()).expect("it reads");
    client.answer()
}

/// The documents of the `data:` lines.
pub(crate) fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|line| line.strip_prefix("data: ")).filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|error| panic!("not JSON ({error}): {data}"))).collect()
}

/// The text that a stream gave, whatever its format.
pub(crate) fn text(stream: &str) -> String {
    let piece = |event: Value| {
        let delta = &event["delta"];
        let choice = &event["choices"][0]["delta"]["content"];
        let piece = choice.as_str().or(delta["text"].as_str()).or(delta.as_str());
        piece.map(str::to_owned)
    };
    events(stream).into_iter().filter_map(piece).collect()
}

/// Whether a stream says that the answer came to its end.
pub(crate) fn is_finished(stream: &str) -> bool {
    let marks = ["\"finish_reason\":\"", "event: message_stop", "event: response.completed", "\"type\":\"done\""];
    marks.into_iter().any(|mark| stream.contains(mark)) || stream.contains("data: [DONE]")
}

/// The words of the error event of a stream; `None` where there is none.
pub(crate) fn error_event(stream: &str) -> Option<String> {
    events(stream).iter().find_map(error_of)
}
