//! Content codings of request bodies (RFC 9110, 8.4).

use std::io::{self, Read};

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, StatusCode};
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::body;
use crate::capacity::{BodyBytes, NoRoom};
use crate::refusal::{Refusal, RefusalKind};

/// The codings that a request's body may have, as `accept-encoding` lists them.
pub(super) const ACCEPTED: &str = "gzip, deflate, br, zstd";

/// Most codings of one body. Each may make the most of its input, so many of them would take that often as much time.
const MOST_CODINGS: usize = 4;

/// Bytes that are decoded at once.
const STEP: usize = 64 << 10;

/// The largest window of a zstd frame that everybody has to decode (RFC 9659).
const ZSTD_WINDOW: usize = 8 << 20;

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// The codings of a body, in the order in which they were applied.
#[derive(Debug, Default)]
pub(crate) struct Codings(Vec<Coding>);

/// Why a body cannot be decoded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodingError {
    /// A coding that the gateway does not know.
    #[error("content-encoding: {0:?} is not supported; send the body as it is, or in one of {ACCEPTED}")]
    Unknown(String),
    /// More codings than anybody needs.
    #[error("content-encoding: it names more than {MOST_CODINGS} codings")]
    TooMany,
    /// The body is not what its coding says.
    #[error("the request's body is not valid {coding}: {source}")]
    Damaged { coding: &'static str, source: io::Error },
    /// The decoded body is too large.
    #[error("the request's body is over {0} bytes when it is decompressed")]
    TooLarge(usize),
    /// There is no room for the decoded body.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
}

impl Coding {
    /// The coding of this name; none for `identity`, which changes nothing.
    fn named(name: &str) -> Result<Option<Self>, CodingError> {
        Ok(Some(match &*name.to_ascii_lowercase() {
            "gzip" | "x-gzip" => Coding::Gzip,
            "deflate" => Coding::Deflate,
            "br" => Coding::Brotli,
            "zstd" => Coding::Zstd,
            "identity" => return Ok(None),
            _ => return Err(CodingError::Unknown(name.to_owned())),
        }))
    }

    fn name(self) -> &'static str {
        match self {
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
        }
    }

    /// Decodes a body that becomes at most `limit` bytes.
    fn decoder(self, body: &[u8], limit: usize) -> Box<dyn Read + '_> {
        match self {
            Coding::Gzip => Box::new(MultiGzDecoder::new(body)),
            Coding::Deflate => Box::new(Inflate::new(body)),
            Coding::Brotli => Box::new(Brotli::new(body)),
            Coding::Zstd => {
                let mut decoder = FrameDecoder::new();
                // A frame in one segment has a window of its own size.
                decoder.set_max_window_size(ZSTD_WINDOW.max(limit) as u64);
                Box::new(Zstd { decoder, body })
            }
        }
    }

    fn decode(self, body: &[u8], limit: usize, room: &mut BodyBytes) -> Result<Bytes, CodingError> {
        let mut decoder = self.decoder(body, limit);
        let (mut decoded, mut step) = (Vec::new(), vec![0; STEP]);
        loop {
            let read = decoder.read(&mut step);
            let read = read.map_err(|source| CodingError::Damaged { coding: self.name(), source })?;
            if read == 0 {
                return Ok(decoded.into());
            }
            if read > limit - decoded.len() {
                return Err(CodingError::TooLarge(limit));
            }
            room.take(read, limit)?;
            decoded.extend_from_slice(&step[..read]);
        }
    }
}

impl Codings {
    /// The codings that a request names.
    ///
    /// # Errors
    /// When one of them is not known, or there are too many.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, CodingError> {
        let mut codings = Vec::new();
        for value in headers.get_all(CONTENT_ENCODING) {
            let text = value.to_str().map_err(|_| CodingError::Unknown(format!("{value:?}")))?;
            for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                codings.extend(Coding::named(name)?);
            }
        }
        if codings.len() > MOST_CODINGS { Err(CodingError::TooMany) } else { Ok(Codings(codings)) }
    }

    /// Whether the body is as it is.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Decodes a body that becomes at most `limit` bytes, in its room. It belongs beside the async workers.
    ///
    /// # Errors
    /// When the body is damaged or becomes too large, or there is no room for it.
    pub(crate) fn decode(self, body: Bytes, limit: usize, room: &mut BodyBytes) -> Result<Bytes, CodingError> {
        self.0.into_iter().rev().try_fold(body, |body, coding| {
            let decoded = coding.decode(&body, limit, room)?;
            room.give_back(body.len());
            Ok(decoded)
        })
    }
}

impl From<CodingError> for Refusal {
    fn from(error: CodingError) -> Self {
        let of_kind = |kind| Refusal::new(kind, error.to_string());
        match &error {
            CodingError::Unknown(_) => {
                Refusal { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, ..of_kind(RefusalKind::Invalid) }
            }
            CodingError::TooMany | CodingError::Damaged { .. } => of_kind(RefusalKind::Invalid),
            CodingError::TooLarge(_) => of_kind(RefusalKind::TooLarge),
            CodingError::NoRoom(error) => body::no_room(*error),
        }
    }
}

/// `deflate`: the zlib format (RFC 1950), and the bare deflate that some clients send under that name.
struct Inflate<'body> {
    body: &'body [u8],
    state: Decompress,
    is_done: bool,
}

impl<'body> Inflate<'body> {
    fn new(body: &'body [u8]) -> Self {
        let has_header = matches!(body, [method, flags, ..]
            if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31));
        Inflate { body, state: Decompress::new(has_header), is_done: false }
    }
}

impl Read for Inflate<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.is_done {
            return end(self.body);
        }
        let (read, written) = (self.state.total_in(), self.state.total_out());
        let status = self.state.decompress(self.body, out, FlushDecompress::None)?;
        let read = usize::try_from(self.state.total_in() - read).unwrap_or(usize::MAX);
        let written = usize::try_from(self.state.total_out() - written).unwrap_or(usize::MAX);
        self.body = self.body.get(read..).unwrap_or_default();
        self.is_done = status == Status::StreamEnd;
        advanced(written, self.is_done, self.body)
    }
}

/// `br` (RFC 7932).
struct Brotli<'body> {
    body: &'body [u8],
    state: BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>,
    is_done: bool,
}

impl<'body> Brotli<'body> {
    fn new(body: &'body [u8]) -> Self {
        let allocator = StandardAlloc::default;
        let mut state = BrotliState::new(allocator(), allocator(), allocator());
        // The coding has windows of at most 16 MiB. An extension of the format has larger ones.
        state.large_window = false;
        Brotli { body, state, is_done: false }
    }
}

impl Read for Brotli<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.is_done {
            return end(self.body);
        }
        let (mut unread, mut read, mut room, mut written) = (self.body.len(), 0, out.len(), 0);
        let state = &mut self.state;
        let result =
            BrotliDecompressStream(&mut unread, &mut read, self.body, &mut room, &mut written, out, &mut 0, state);
        self.body = self.body.get(read..).unwrap_or_default();
        match result {
            BrotliResult::ResultFailure => return Err(io::Error::other("it cannot be decoded further")),
            BrotliResult::ResultSuccess => self.is_done = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
        }
        advanced(written, self.is_done, self.body)
    }
}

/// The end of a body of which this is left.
fn end(rest: &[u8]) -> io::Result<usize> {
    if rest.is_empty() { Ok(0) } else { Err(io::Error::other("more bytes follow its end")) }
}

/// How far a step of a decoder came, of whose body this is left.
fn advanced(written: usize, is_done: bool, rest: &[u8]) -> io::Result<usize> {
    match (written, is_done) {
        (0, true) => end(rest),
        (0, false) if rest.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
        (0, false) => Err(io::Error::other("it cannot be decoded further")),
        (written, _) => Ok(written),
    }
}

/// `zstd`: frames one after the other, some of which may be skipped (RFC 8878).
struct Zstd<'body> {
    decoder: FrameDecoder,
    body: &'body [u8],
}

impl Zstd<'_> {
    /// Begins the next frame.
    fn begin(&mut self) -> io::Result<()> {
        match self.decoder.init(&mut self.body) {
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                let after = usize::try_from(length).ok().and_then(|length| self.body.get(length..));
                self.body = after.ok_or(io::ErrorKind::UnexpectedEof)?;
                // What was decoded before is not to be decoded again.
                Ok(())
            }
            begun => begun.map_err(io::Error::other),
        }
    }

    /// Checks a frame that was decoded to its end.
    fn check(&self) -> io::Result<()> {
        match self.decoder.get_checksum_from_data() {
            Some(sum) if self.decoder.get_calculated_checksum() != Some(sum) => {
                Err(io::Error::other("its checksum does not match"))
            }
            _ => Ok(()),
        }
    }
}

impl Read for Zstd<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(out);
            }
            if !self.decoder.is_finished() {
                let step = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.body, step).map_err(io::Error::other)?;
            } else {
                self.check()?;
                if self.body.is_empty() {
                    return Ok(0);
                }
                self.begin()?;
            }
        }
    }
}

#[cfg(test)]
#[path = "decompression_tests.rs"]
mod tests;
