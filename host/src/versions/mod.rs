//! Provider versions: comparing two of them on the same inputs, and recordings of inputs.

pub mod compare;
pub mod recording;
