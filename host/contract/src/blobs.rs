//! Bytes that stay in the host: images, documents, videos. The provider names the places that they go to.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};

use crate::conversation::BodyPart;

/// Takes what encoders get wrong and decoders can understand: no padding, and bits left over at the end.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The blobs of one conversation, as base64: that is how they came and how they go on the wire.
#[derive(Clone, Default)]
pub struct Blobs(Vec<Bytes>);

/// Shows how many there are and never what is in them.
impl std::fmt::Debug for Blobs {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Blobs").field("count", &self.0.len()).finish_non_exhaustive()
    }
}

/// A blob as it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// Index into the blobs.
    pub index: u32,
    /// Size of the decoded bytes.
    pub size: u64,
}

/// A text that is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not base64")]
pub struct NotBase64;

/// A request body that is not put together, because the provider breaks the contract with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// A part names a blob that is not there.
    #[error("it refers to blob {index}, and the request has {count}")]
    UnknownBlob {
        /// The index that the provider named.
        index: u32,
        /// How many blobs there are.
        count: usize,
    },
    /// A blob would be sent more than once.
    #[error("it refers to blob {index} more than once")]
    RepeatedBlob {
        /// The index that the provider named.
        index: u32,
    },
}

impl Blobs {
    /// No blobs.
    #[must_use]
    pub fn new() -> Self {
        Blobs::default()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The base64 of a blob.
    #[must_use]
    pub fn base64(&self, index: u32) -> Option<&Bytes> {
        self.0.get(usize::try_from(index).ok()?)
    }

    /// Adds a blob that is base64 already. The text is kept as it is where it is standard base64; white space, the URL-safe
    /// alphabet and missing padding are tolerated by encoding anew.
    ///
    /// # Errors
    /// [`NotBase64`], with nothing added.
    pub fn add_base64(&mut self, text: String) -> Result<Added, NotBase64> {
        let size = match standard_size(&text) {
            Some(size) => size,
            None => {
                let bytes = LENIENT.decode(respelled(&text).as_bytes()).map_err(|_| NotBase64)?;
                return Ok(self.add_bytes(&bytes));
            }
        };
        Ok(self.push(Bytes::from(text), size))
    }

    /// Adds a blob.
    pub fn add_bytes(&mut self, bytes: &[u8]) -> Added {
        self.push(Bytes::from(STANDARD.encode(bytes)), bytes.len())
    }

    /// The media type of a blob that was declared as this one. Of images the first bytes decide: Bedrock refuses an image that is not
    /// what it is said to be, and with it every later request of the conversation.
    #[must_use]
    pub fn media_type(&self, index: u32, declared: &str) -> String {
        let is_image = declared.trim_start().get(..6).is_some_and(|kind| kind.eq_ignore_ascii_case("image/"));
        let begins = self.base64(index).filter(|_| is_image).and_then(|base64| base64.get(..16));
        let bytes = begins.and_then(|begins| STANDARD.decode(begins).ok()).unwrap_or_default();
        let found = match &bytes[..] {
            [0x89, b'P', b'N', b'G', ..] => "image/png",
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [b'G', b'I', b'F', b'8', ..] => "image/gif",
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
            _ => declared,
        };
        found.to_owned()
    }

    fn push(&mut self, base64: Bytes, size: usize) -> Added {
        let index = u32::try_from(self.0.len())
            .expect("a conversation of four thousand million blobs does not fit into memory");
        self.0.push(base64);
        Added { index, size: size as u64 }
    }
}

/// The most bytes that a provider may make of a conversation that came as so many bytes, blobs left out.
///
/// Tool results are the wire form that grows most, from 47 bytes of an OpenAI message to 106 of a Bedrock message. The
/// configuration, which has at most 1 MiB, adds members of its own, such as `params`.
#[must_use]
pub fn largest_json(conversation: usize) -> usize {
    conversation.saturating_mul(4).saturating_add(2 << 20)
}

/// Puts a request body together. Each blob is in it at most once, since every place of a conversation has a blob of its own: so
/// a body is no larger than the parts and the blobs together, and nothing is allocated before that is known.
///
/// # Errors
/// [`BodyError`] when a part names a blob that is not there or that was named before.
pub fn join(parts: &[BodyPart], blobs: &Blobs) -> Result<Bytes, BodyError> {
    let mut named = vec![false; blobs.len()];
    let mut size = 0;
    for part in parts {
        size += match part {
            BodyPart::Json(json) => json.len(),
            BodyPart::Blob(index) => {
                let index = *index;
                let unknown = BodyError::UnknownBlob { index, count: blobs.len() };
                let blob = blobs.base64(index).ok_or(unknown)?;
                if std::mem::replace(&mut named[index as usize], true) {
                    return Err(BodyError::RepeatedBlob { index });
                }
                blob.len()
            }
        };
    }
    let mut body = BytesMut::with_capacity(size);
    for part in parts {
        body.extend_from_slice(match part {
            BodyPart::Json(json) => json,
            BodyPart::Blob(index) => blobs.base64(*index).map_or(&[][..], Bytes::as_ref),
        });
    }
    Ok(body.freeze())
}

/// The size of the bytes of a standard base64 text, without decoding it; nothing when it is not exactly that.
fn standard_size(text: &str) -> Option<usize> {
    let (head, tail) = text.as_bytes().split_at_checked(text.len().saturating_sub(4))?;
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    if !head.len().is_multiple_of(4) || !head.iter().all(is_digit) {
        return None;
    }
    // Only the last four characters can hold padding and bits that are left over.
    let last = STANDARD.decode(tail).ok()?;
    Some(head.len() / 4 * 3 + last.len())
}

/// The text without white space, in the standard alphabet.
fn respelled(text: &str) -> Cow<'_, str> {
    let respell = |c: char| match c {
        '-' => Some('+'),
        '_' => Some('/'),
        c if c.is_ascii_whitespace() => None,
        c => Some(c),
    };
    Cow::Owned(text.chars().filter_map(respell).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str) -> Result<(String, u64), NotBase64> {
        let mut blobs = Blobs::new();
        let added = blobs.add_base64(text.to_owned())?;
        let base64 = blobs.base64(added.index).expect("it was just added");
        Ok((String::from_utf8_lossy(base64).into_owned(), added.size))
    }

    #[test]
    fn base64_is_kept_or_encoded_anew() {
        let kept = |text: &str, size| assert_eq!(added(text), Ok((text.to_owned(), size)));
        kept("", 0);
        kept("AQID", 3);
        kept("3q2+7w==", 4);
        assert_eq!(added("3q2-\n7w"), Ok(("3q2+7w==".to_owned(), 4)));
        assert_eq!(added("AQI"), Ok(("AQI=".to_owned(), 2)));
        assert_eq!(added("3q2+7x=="), Ok(("3q2+7w==".to_owned(), 4)));
        assert_eq!(added("AQ=DAQID"), Err(NotBase64));
        assert_eq!(added("!!!not-base64!!!"), Err(NotBase64));
        assert_eq!(added("data:image/png;base64,AQID"), Err(NotBase64));
        assert_eq!(added("\u{e9}\u{e9}"), Err(NotBase64));
    }

    #[test]
    fn a_body_is_joined_in_order() {
        let mut blobs = Blobs::new();
        blobs.add_bytes(&[1, 2, 3]);
        let json = |text: &str| BodyPart::Json(text.as_bytes().to_vec());
        let parts = [json("{\"a\":\""), BodyPart::Blob(0), json("\"}")];
        assert_eq!(join(&parts, &blobs), Ok(Bytes::from_static(b"{\"a\":\"AQID\"}")));
    }

    #[test]
    fn a_blob_is_sent_once() {
        let mut blobs = Blobs::new();
        blobs.add_bytes(&[7; 1 << 20]);
        blobs.add_bytes(&[]);
        let joined = |parts: &[BodyPart]| join(parts, &blobs).map(|body| body.len());
        let (blob, size) = (BodyPart::Blob, (1_usize << 20).div_ceil(3) * 4);
        assert_eq!(joined(&[blob(0), blob(1)]), Ok(size));
        assert_eq!(joined(&[blob(2)]), Err(BodyError::UnknownBlob { index: 2, count: 2 }));
        assert_eq!(joined(&[blob(u32::MAX)]), Err(BodyError::UnknownBlob { index: u32::MAX, count: 2 }));
        assert_eq!(joined(&vec![blob(0); 1_500_000]), Err(BodyError::RepeatedBlob { index: 0 }));
        assert_eq!(joined(&[blob(1), blob(1)]), Err(BodyError::RepeatedBlob { index: 1 }), "an empty one too");
    }
}
