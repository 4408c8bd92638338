//! A listing that is written down while it runs.

use std::sync::Arc;

use super::worker::{Input, Job};
use super::{PER_INPUT, Shadow};
use crate::contract::config::Settings;
use crate::contract::models::{ListingOptions, Need, Step, Supply};
use crate::discovery::ListingStepper;
use crate::versions::compare::Listing;

/// A listing, and what it needed and was supplied.
#[derive(Debug)]
pub(crate) struct Watched<L> {
    listing: L,
    needs: Vec<Need>,
    supplies: Vec<(Need, Supply)>,
}

impl<L> Watched<L> {
    pub(crate) fn new(listing: L) -> Self {
        Watched { listing, needs: Vec::new(), supplies: Vec::new() }
    }

    /// Has the listing compared. One that was answered from the cache is not: what stands there is the version's own, and says
    /// nothing to another.
    pub(crate) fn hand_over(self, shadow: &Arc<Shadow>, settings: &Settings, options: ListingOptions) {
        let supplies = self.supplies;
        if supplies.iter().any(|(_, supply)| matches!(supply, Supply::Cached(Some(_)))) {
            return;
        }
        let size = supplies.iter().map(|(_, supply)| size(supply)).sum();
        let room = Some(size).filter(|size| *size <= PER_INPUT).and_then(|size| shadow.run.room.take(size));
        let Some(room) = room else { return shadow.run.dropped() };
        let settings = shadow.settings(settings, None);
        let input = Input::Listing(Box::new(Listing { settings, options, supplies }));
        shadow.hand_over(Job { name: "a listing".to_owned(), input, room: vec![room] });
    }
}

impl<L: ListingStepper + Send> ListingStepper for Watched<L> {
    type Error = L::Error;

    async fn resume(&mut self, supplies: Vec<Supply>) -> Result<Step, L::Error> {
        self.supplies.extend(std::mem::take(&mut self.needs).into_iter().zip(supplies.iter().cloned()));
        let step = self.listing.resume(supplies).await?;
        if let Step::Needs(needs) = &step {
            self.needs.clone_from(needs);
        }
        Ok(step)
    }
}

fn size(supply: &Supply) -> usize {
    match supply {
        Supply::Pages(pages) => pages.bodies.iter().map(|body| body.len()).sum(),
        Supply::Cached(cached) => cached.as_ref().map_or(0, |cached| cached.value.len()),
        Supply::CredentialSource(_) | Supply::Stored => 0,
    }
}
