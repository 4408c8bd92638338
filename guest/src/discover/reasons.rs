//! Why a model is not in the catalog. The words are stable: programs read them.

use crate::contract::models::LeftOut;

/// The summary is not one that can be read.
pub(super) const UNREADABLE: &str = "unreadable";
/// It has no id.
pub(super) const BLANK_ID: &str = "blank-id";
/// The provider filter does not name its provider.
pub(super) const FILTERED: &str = "filtered";
/// ConverseStream does not serve it.
pub(super) const NOT_CONVERSE: &str = "not-converse";
/// It does not stream.
pub(super) const NOT_STREAMING: &str = "not-streaming";
/// It does not answer with text.
pub(super) const NOT_TEXT: &str = "not-text";
/// It is not active.
pub(super) const NOT_ACTIVE: &str = "not-active";
/// It can only be invoked through an inference profile, and it is the profile that is listed.
pub(super) const NEEDS_PROFILE: &str = "needs-inference-profile";
/// It can only be invoked with provisioned throughput.
pub(super) const PROVISIONED_ONLY: &str = "provisioned-only";
/// Its id is in the catalog already.
pub(super) const DUPLICATE: &str = "duplicate";

/// A reason that stands, with its sentence for a person.
pub(super) struct Reason {
    /// One of the words above.
    pub(super) word: &'static str,
    /// One sentence.
    pub(super) message: String,
}

impl Reason {
    /// A reason.
    pub(super) fn new(word: &'static str, message: impl Into<String>) -> Self {
        Reason { word, message: message.into() }
    }

    /// The model of this id is left out for this reason.
    pub(super) fn of(self, id: &str) -> LeftOut {
        LeftOut { id: id.to_owned(), reason: self.word.to_owned(), message: self.message }
    }
}

/// The reason for a second model of an id.
pub(super) fn duplicate() -> Reason {
    Reason::new(DUPLICATE, "The listing has this id more than once; the first entry is used.")
}

/// The reason for a model whose status is not `ACTIVE`.
pub(super) fn not_active(status: Option<&str>) -> Reason {
    Reason::new(
        NOT_ACTIVE,
        match status {
            Some(status) => format!("The status is {status}, not ACTIVE."),
            None => "The listing does not state that the status is ACTIVE.".to_owned(),
        },
    )
}
