//! Comparison of what both versions make of a listing.

use std::sync::Arc;

use super::worker::{Input, Job};
use super::{PER_INPUT, Shadow};
use crate::aws::Region;
use crate::contract::config::Settings;
use crate::contract::models::Pages;
use quarry_versions::compare::Listing;

impl Shadow {
    /// Has a listing compared.
    pub(crate) fn list(self: &Arc<Self>, settings: &Settings, region: &Region, pages: Vec<Pages>) {
        let size = pages.iter().flat_map(|pages| &pages.bodies).map(String::len).sum();
        let room = Some(size).filter(|size| *size <= PER_INPUT).and_then(|size| self.run.room.take(size));
        let Some(room) = room else { return self.run.dropped() };
        let settings = self.settings(settings, None);
        let input = Input::Listing(Box::new(Listing { settings, region: region.to_string(), pages }));
        self.hand_over(Job { name: "a listing".to_owned(), input, room: vec![room] });
    }
}
