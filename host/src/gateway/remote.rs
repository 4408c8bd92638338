//! Attachments that a client names by address.

use std::collections::BTreeMap;

use bytes::Bytes;

/// An attachment that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its media type, as the server of it says.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Bytes,
}

/// What was fetched for a request, by address.
#[derive(Debug, Default)]
pub struct Fetched(BTreeMap<String, Attachment>);

impl Fetched {
    /// What is at this address, if it was fetched.
    #[must_use]
    pub fn get(&self, url: &str) -> Option<&Attachment> {
        self.0.get(url)
    }
}
