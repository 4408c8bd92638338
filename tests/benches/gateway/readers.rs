//! Reads an answer as it comes, whatever the network cuts it into, and checks that nothing is lost, doubled or out of order, and
//! that it ends as it must. Looks for what it needs and does not parse the rest: the reader shares the machine with what is measured.

use memchr::memmem::Finder;

use crate::clock::now_ns;
use crate::protocol::Form;
use crate::script::{NUMBER_DIGITS, TIME_DIGITS};

/// Reads one stream.
pub(crate) struct StreamReader {
    form: Form,
    /// A beginning of a line or frame whose end has not come.
    rest: Vec<u8>,
    checked: Checked,
    finders: Finders,
}

/// How far a stream is.
#[derive(Default)]
struct Checked {
    deltas: u64,
    latencies_ns: Vec<u64>,
    stopped: bool,
    /// Output tokens that the usage tells.
    usage: Option<u64>,
    ended: bool,
}

struct Finders {
    content: Finder<'static>,
    text: Finder<'static>,
    finish: Finder<'static>,
    stop_reason: Finder<'static>,
    completion_tokens: Finder<'static>,
    output_tokens: Finder<'static>,
}

impl StreamReader {
    /// A reader at the beginning of a stream.
    pub(crate) fn new(form: Form) -> Self {
        let finders = Finders {
            content: Finder::new(r#""content":"#),
            text: Finder::new(r#""text":""#),
            finish: Finder::new(r#""finish_reason":"#),
            stop_reason: Finder::new(r#""stopReason":"end_turn""#),
            completion_tokens: Finder::new(r#""completion_tokens":"#),
            output_tokens: Finder::new(r#""outputTokens":"#),
        };
        Self { form, rest: Vec::new(), checked: Checked::default(), finders }
    }

    /// Takes what a read brought.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        let now = now_ns();
        if self.rest.is_empty() {
            let used = self.units(bytes, now)?;
            self.rest.extend_from_slice(&bytes[used..]);
        } else {
            let mut whole = std::mem::take(&mut self.rest);
            whole.extend_from_slice(bytes);
            let used = self.units(&whole, now)?;
            whole.drain(..used);
            self.rest = whole;
        }
        Ok(())
    }

    /// The end of the answer: the deltas and their latencies in nanoseconds, or what is missing.
    pub(crate) fn finish(mut self, deltas: u64) -> Result<(u64, Vec<u64>), String> {
        if self.form == Form::Json {
            let document = std::mem::take(&mut self.rest);
            self.document(&document)?;
        }
        let Checked { deltas: came, latencies_ns, stopped, usage, ended } = self.checked;
        let marked = ended || self.form == Form::Frames;
        if came != deltas || !stopped || usage != Some(deltas) || !marked || !self.rest.is_empty() {
            let rest = self.rest.len();
            return Err(format!(
                "{came} of {deltas} deltas, stop reason: {stopped}, usage: {usage:?}, end mark: {marked}, {rest} bytes over"
            ));
        }
        Ok((came, latencies_ns))
    }

    /// Reads all whole lines or frames; how many bytes they were.
    fn units(&mut self, bytes: &[u8], now: u64) -> Result<usize, String> {
        let mut used = 0;
        match self.form {
            Form::ChatCompletions => {
                while let Some(length) = memchr::memchr(b'\n', &bytes[used..]) {
                    self.line(&bytes[used..used + length], now)?;
                    used += length + 1;
                }
            }
            // Judged as a whole, at the end.
            Form::Json => {}
            Form::Frames => {
                while let Some((payload, length)) = frame(&bytes[used..])? {
                    self.payload(payload, now)?;
                    used += length;
                }
            }
        }
        Ok(used)
    }

    fn line(&mut self, line: &[u8], now: u64) -> Result<(), String> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(data) = line.strip_prefix(b"data:").map(<[u8]>::trim_ascii_start) else {
            let harmless = line.is_empty() || line.starts_with(b":");
            return if harmless { Ok(()) } else { Err(format!("an unexpected line: {}", excerpt(line))) };
        };
        if self.checked.ended {
            return Err(format!("something after the end: {}", excerpt(data)));
        }
        if data == b"[DONE]" {
            self.checked.ended = true;
            return Ok(());
        }
        let content = after(&self.finders.content, data).and_then(|value| value.strip_prefix(b"\""));
        if let Some(text) = content.filter(|text| !text.starts_with(b"\"")) {
            return self.checked.delta(text, now);
        }
        if after(&self.finders.finish, data).is_some_and(|value| value.starts_with(b"\"stop\"")) {
            self.checked.stopped = true;
        }
        if let Some(value) = after(&self.finders.completion_tokens, data) {
            self.checked.usage = number(value);
        }
        if data.starts_with(br#"{"error""#) {
            return Err(format!("an error in the stream: {}", excerpt(data)));
        }
        Ok(())
    }

    /// A whole answer, whose text is that of all deltas.
    fn document(&mut self, document: &[u8]) -> Result<(), String> {
        let text = after(&self.finders.content, document).and_then(|value| value.strip_prefix(b"\""));
        let mut text = text.ok_or_else(|| format!("no text in {}", excerpt(document)))?;
        while text.first() != Some(&b'"') {
            self.checked.delta(text, 0)?;
            text = &text[NUMBER_DIGITS..];
        }
        self.checked.stopped =
            after(&self.finders.finish, document).is_some_and(|value| value.starts_with(b"\"stop\""));
        self.checked.usage = after(&self.finders.completion_tokens, document).and_then(number);
        self.checked.ended = document.ends_with(b"}");
        Ok(())
    }

    fn payload(&mut self, payload: &[u8], now: u64) -> Result<(), String> {
        if let Some(at) = self.finders.text.find(payload) {
            return self.checked.delta(&payload[at + self.finders.text.needle().len()..], now);
        }
        self.checked.stopped |= self.finders.stop_reason.find(payload).is_some();
        if let Some(value) = after(&self.finders.output_tokens, payload) {
            self.checked.usage = number(value);
        }
        Ok(())
    }
}

impl Checked {
    fn delta(&mut self, text: &[u8], now: u64) -> Result<(), String> {
        let came = text.get(..NUMBER_DIGITS).and_then(number);
        if came != Some(self.deltas) || self.stopped {
            return Err(format!("delta {} expected, {} came", self.deltas, excerpt(text)));
        }
        self.deltas += 1;
        if text.get(NUMBER_DIGITS) == Some(&b':') {
            let sent = text.get(NUMBER_DIGITS + 1..NUMBER_DIGITS + 1 + TIME_DIGITS).and_then(number);
            let sent = sent.ok_or_else(|| format!("no time in {}", excerpt(text)))?;
            self.latencies_ns.push(now.saturating_sub(sent));
        }
        Ok(())
    }
}

/// What follows a member's name, with or without a space between.
fn after<'a>(name: &Finder<'_>, json: &'a [u8]) -> Option<&'a [u8]> {
    let at = name.find(json)?;
    Some(json[at + name.needle().len()..].trim_ascii_start())
}

/// The digits at the beginning.
fn number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}

/// The first frame's payload and the frame's length, when it is whole. Checksums are for those who are measured.
fn frame(bytes: &[u8]) -> Result<Option<(&[u8], usize)>, String> {
    const PRELUDE: usize = 12;
    const CHECKSUM: usize = 4;
    let length = |at: usize| {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(four)).ok()
    };
    let (Some(total), Some(headers)) = (length(0), length(4)) else { return Ok(None) };
    if total < PRELUDE + headers + CHECKSUM || total > 1 << 20 {
        return Err(format!("a frame of {total} bytes with {headers} of headers"));
    }
    Ok(bytes.get(..total).map(|frame| (&frame[PRELUDE + headers..total - CHECKSUM], total)))
}

fn excerpt(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned()
}
