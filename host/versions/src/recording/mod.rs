//! Recordings of one's own traffic, in the form that `quarry conformance --recordings` and `quarry provider diff --recordings` read:
//! `NAME.bin`, the frames of one stream, and `NAME.json`, what else is known of it.
//!
//! The frames are encoded again from what the turn was handed, so the headers are those that say what a frame is, and no others.
//! The message in `NAME.json` is what the provider that served makes of the frames in `NAME.bin`. Unless prompts are allowed, the
//! request is left out and what the model said is filler of the same length: an answer repeats what it was asked.

mod fate;
mod file;
mod room;
mod tape;
mod writer;

pub use self::fate::Fate;
pub use self::file::RecordingError;
pub use self::room::{Room, Taken};
pub use self::tape::{Both, Keeping, Recipient, Tape, Taped};
pub use self::writer::{Asked, Bounds, Tapes, Tell, Writer, Written};

#[cfg(test)]
mod tests;
