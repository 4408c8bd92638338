//! A listing as bytes, on disk and over the network.
//!
//! ```text
//! QUARRYL1 │ SHA-256 of the rest │ began, ms since 1970 │ time to live, s │ length of the key │ key │ value
//!    8     │         32          │          8           │        8        │         4         │  …  │   …
//! ```
//!
//! Numbers are big-endian. The digest finds what was cut off or changed by accident; against one who may write there, only the
//! rights of the place help.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest as _, Sha256};

use super::StoredListing;

/// What a frame of this version begins with.
const MAGIC: &[u8; 8] = b"QUARRYL1";

/// Before the key: magic, digest and three numbers.
const HEAD: usize = 8 + 32 + 8 + 8 + 4;

/// The longest key, in bytes. The longest identifiers of a profile have 2,048.
const MOST_KEY: usize = 64 << 10;

/// The largest value, in bytes. The foundation models of a region take about 300 KB.
const MOST_VALUE: usize = 8 << 20;

/// The largest frame, in bytes.
pub(super) const MOST: usize = HEAD + MOST_KEY + MOST_VALUE;

/// How far clocks of machines that share listings may differ. A listing that began later than that would stay fresh for too
/// long.
const MOST_AHEAD: Duration = Duration::from_secs(300);

/// Why bytes are not the listing that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// Something else, or of another version.
    #[error("it was not written by this version")]
    Foreign,
    /// Its digest does not fit.
    #[error("it is damaged")]
    Damaged,
    /// It is a listing, of something else.
    #[error("it is the listing for another key")]
    OtherKey,
    /// It began at a time in the future, or that is unknown.
    #[error("its time is in the future")]
    FromTheFuture,
}

/// The name of a key where names must be short and plain: the hexadecimal SHA-256.
pub(super) fn name(key: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(key.as_bytes()).into();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The frame. None for a listing that is larger than any that would be read back.
pub(super) fn encode(key: &str, listing: &StoredListing) -> Option<Vec<u8>> {
    let StoredListing { value, began, ttl } = listing;
    if key.len() > MOST_KEY || value.len() > MOST_VALUE {
        return None;
    }
    let began = u64::try_from(began.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    let length = u32::try_from(key.len()).ok()?;
    let numbers = [&began.to_be_bytes()[..], &ttl.to_be_bytes(), &length.to_be_bytes()].concat();
    let rest = [&numbers[..], key.as_bytes(), value].concat();
    Some([&MAGIC[..], &Sha256::digest(&rest), &rest].concat())
}

/// The listing in a frame.
pub(super) fn decode(key: &str, frame: &[u8], now: SystemTime) -> Result<StoredListing, Unusable> {
    let rest = frame.strip_prefix(MAGIC).ok_or(Unusable::Foreign)?;
    let (digest, rest) = rest.split_first_chunk::<32>().ok_or(Unusable::Damaged)?;
    if frame.len() > MOST || <[u8; 32]>::from(Sha256::digest(rest)) != *digest {
        return Err(Unusable::Damaged);
    }
    let (began, rest) = rest.split_first_chunk().ok_or(Unusable::Damaged)?;
    let (ttl, rest) = rest.split_first_chunk().ok_or(Unusable::Damaged)?;
    let (length, rest) = rest.split_first_chunk().ok_or(Unusable::Damaged)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Unusable::Damaged)?;
    let (stored_key, value) = rest.split_at_checked(length).ok_or(Unusable::Damaged)?;
    if stored_key != key.as_bytes() {
        return Err(Unusable::OtherKey);
    }
    let since = Duration::from_millis(u64::from_be_bytes(*began));
    let began = UNIX_EPOCH.checked_add(since).ok_or(Unusable::FromTheFuture)?;
    if began.duration_since(now).is_ok_and(|ahead| ahead > MOST_AHEAD) {
        return Err(Unusable::FromTheFuture);
    }
    Ok(StoredListing { value: value.to_vec(), began, ttl: u64::from_be_bytes(*ttl) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(value: &[u8]) -> StoredListing {
        let began = UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        StoredListing { value: value.to_vec(), began, ttl: 3600 }
    }

    fn framed(key: &str, value: &[u8]) -> Vec<u8> {
        encode(key, &listing(value)).expect("it is small enough")
    }

    #[test]
    fn a_frame_brings_back_what_was_put_into_it() {
        for value in [&b""[..], b"value", &[0xff; 50_000]] {
            assert_eq!(decode("key", &framed("key", value), SystemTime::now()), Ok(listing(value)));
        }
        assert_eq!(decode("other", &framed("key", b"value"), SystemTime::now()), Err(Unusable::OtherKey));
        assert_eq!(name("").len(), 64);
        assert_ne!(name("a"), name("b"));
    }

    #[test]
    fn every_bit_and_every_byte_counts() {
        let whole = framed("key", b"value");
        for length in 0..whole.len() {
            assert!(decode("key", &whole[..length], SystemTime::now()).is_err(), "the first {length} bytes");
        }
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(decode("key", &changed, SystemTime::now()).is_err(), "bit {bit}");
        }
        assert_eq!(decode("key", &[&whole[..], b"x"].concat(), SystemTime::now()), Err(Unusable::Damaged));
        assert_eq!(
            decode("key", b"QUARRYL2 and what a later version writes", SystemTime::now()),
            Err(Unusable::Foreign)
        );
    }

    #[test]
    fn lengths_and_times_that_lie_are_found_behind_a_right_digest() {
        let forged = |change: &dyn Fn(&mut [u8])| {
            let mut rest = framed("key", b"value").split_off(40);
            change(&mut rest);
            [&MAGIC[..], &Sha256::digest(&rest), &rest].concat()
        };
        let read = |frame: Vec<u8>| decode("key", &frame, SystemTime::now());
        assert_eq!(read(forged(&|rest| rest[16..20].fill(0xff))), Err(Unusable::Damaged));
        assert_eq!(read(forged(&|rest| rest[..8].fill(0xff))), Err(Unusable::FromTheFuture));
        assert!(read(forged(&|rest| rest[8..16].fill(0xff))).is_ok_and(|listing| listing.ttl == u64::MAX));
    }

    #[test]
    fn clocks_may_differ_a_little() {
        let frame = framed("key", b"value");
        let began = listing(b"").began;
        assert!(decode("key", &frame, began - Duration::from_secs(299)).is_ok());
        assert_eq!(decode("key", &frame, began - Duration::from_secs(301)), Err(Unusable::FromTheFuture));
        assert_eq!(listing(b"").age(began - Duration::from_secs(299)), Duration::ZERO);
    }

    #[test]
    fn what_is_too_large_is_not_written_nor_read() {
        assert!(encode("key", &listing(&vec![0; MOST_VALUE + 1])).is_none());
        assert!(encode(&"k".repeat(MOST_KEY + 1), &listing(b"")).is_none());
        let largest = encode(&"k".repeat(MOST_KEY), &listing(&vec![0; MOST_VALUE])).expect("it is not larger");
        assert_eq!(largest.len(), MOST);
    }
}
