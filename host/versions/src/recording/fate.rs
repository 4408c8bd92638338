//! What becomes of a stream that is recorded.

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is in the folder.
    Written,
    /// It was too large, or too much was under way at once.
    TooLarge,
    /// The disk is slower than the traffic.
    TooFast,
    /// The folder is full.
    Full,
    /// It could not be written.
    Failed,
}

impl Fate {
    /// All of them.
    pub const ALL: [Self; 5] = [Fate::Written, Fate::TooLarge, Fate::TooFast, Fate::Full, Fate::Failed];

    /// What it is called in metrics.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Fate::Written => "written",
            Fate::TooLarge => "too_large",
            Fate::TooFast => "too_fast",
            Fate::Full => "full",
            Fate::Failed => "failed",
        }
    }
}
