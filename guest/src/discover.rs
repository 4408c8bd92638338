//! `discover`: what models there are.

use crate::contract::config::Settings;
use crate::contract::models::{ListingOptions, Step, Supply};

/// One run of discovery.
#[derive(Debug)]
pub struct Listing {}

impl Listing {
    /// Begins a listing.
    #[must_use]
    pub fn new(settings: Settings, options: ListingOptions) -> Self {
        let _ = (settings, options);
        todo!()
    }

    /// Goes on with the supplies for the needs of the last step.
    pub fn resume(&mut self, supplies: Vec<Supply>) -> Step {
        let _ = supplies;
        todo!()
    }
}
