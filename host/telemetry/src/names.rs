//! Names that have a label of their own, as long as there are not too many of them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use super::labels::Label;
use super::models::{NONE, OTHER};

/// The most client keys with a label of their own.
pub(super) const MOST_KEYS: usize = 200;

/// The most versions of the provider with a label of their own, in the life of a process.
pub(super) const MOST_VERSIONS: usize = 50;

/// The most ignored members of requests with a label of their own, in the life of a process.
pub(super) const MOST_MEMBERS: usize = 50;

/// Names of one kind with their labels. The first ones have their own, all further ones `other`. They come from the configuration
/// and from the components that serve. Names of members are the clients' own, cleaned and cut before they come here.
#[derive(Debug)]
pub(super) struct Names {
    most: usize,
    labels: RwLock<HashMap<Box<str>, Label>>,
    other: Label,
    none: Label,
}

impl Names {
    /// Labels for so many names.
    pub(super) fn new(most: usize) -> Self {
        Names { most, labels: RwLock::default(), other: Label(OTHER.into()), none: Label(NONE.into()) }
    }

    /// The label of requests without such a name.
    pub(super) fn none(&self) -> Label {
        self.none.clone()
    }

    /// The label of a name; an empty one is none.
    pub(super) fn label(&self, name: &str) -> Label {
        if name.is_empty() {
            return self.none();
        }
        if let Some(label) = self.labels.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return label.clone();
        }
        let mut labels = self.labels.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have been here between the two locks.
        if let Some(label) = labels.get(name) {
            return label.clone();
        }
        if labels.len() >= self.most {
            return self.other.clone();
        }
        let label = Label(name.into());
        labels.insert(name.into(), label.clone());
        label
    }
}
