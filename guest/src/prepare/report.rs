//! What is told about a request: problems, which stop it, and notices, which do not.

use std::collections::BTreeSet;

use crate::contract::conversation::Problem;
use crate::contract::types::Notice;

/// Problems and notices, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) problems: Vec<Problem>,
    pub(super) notices: Vec<Notice>,
    told: BTreeSet<String>,
}

impl Report {
    /// Something that cannot be sent.
    pub(super) fn problem(&mut self, path: impl Into<String>, message: impl Into<String>, expected: impl Into<String>) {
        self.problems.push(Problem { path: path.into(), message: message.into(), expected: expected.into() });
    }

    /// Something that was changed or left out. The same is reported once.
    pub(super) fn notice(&mut self, kind: &str, message: impl Into<String>) {
        let message = message.into();
        if self.told.insert(message.clone()) {
            self.notices.push(Notice { kind: kind.to_owned(), message });
        }
    }
}
