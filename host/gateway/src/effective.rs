//! Everything that a configuration decides. It is made and swapped as a whole.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tower::retry::budget::TpsBudget;

use super::catalog::Catalog;
use super::configuration::Configuration;
use super::keys::Keys;
use super::repairs::RepairMemory;
use crate::aws::{Aws, AwsOptions, ConnectError};
use crate::discovery::cache::DiscoveryCache;
use crate::discovery::store::{ListingStore, SharedListings};

/// For how long a request counts in the budget of retries.
const BUDGETED: Duration = Duration::from_secs(10);

/// Retries a second that are allowed however few requests there are.
const RETRIES_A_SECOND: u32 = 3;

/// The active configuration. A request keeps the one that it started with.
#[derive(Debug)]
pub(crate) struct Effective {
    /// The configuration.
    pub(crate) configuration: Configuration,
    /// The clients for AWS.
    pub(crate) aws: Aws,
    /// What they were made from.
    aws_options: AwsOptions,
    /// Who may ask.
    pub(crate) keys: Arc<Keys>,
    /// What bounds the retries of all requests together: in an outage they would multiply the load that caused it.
    pub(crate) retries: Arc<TpsBudget>,
    /// What models are known to refuse. Another configuration may ask another endpoint, so it begins anew.
    pub(crate) repairs: RepairMemory,
    /// What models there are.
    pub(crate) catalog: Catalog,
    /// Where listings are shared with other gateways.
    listings: Option<Arc<dyn ListingStore>>,
}

impl Effective {
    /// Connects what a configuration names. `simulator` is asked in place of AWS where there is one.
    pub(crate) async fn make(
        configuration: Configuration,
        simulator: Option<SocketAddr>,
        before: Option<&Effective>,
        same_clients: bool,
    ) -> Result<Self, ConnectError> {
        let mut options = match simulator {
            Some(address) => AwsOptions::simulator(configuration.region().clone(), address),
            None => configuration.aws_options(),
        };
        // The gateway tries again by itself: it can then fall back, and it knows what a client has seen.
        options.attempts = Some(1);
        let aws = match before {
            // Clients that are at work have connections, credentials and certificates that new ones would ask for again.
            Some(before) if same_clients && before.aws_options == options => before.aws.clone(),
            _ => Aws::connect(options.clone()).await?,
        };
        let keys = match before {
            Some(before) => before.keys.reload(&configuration.gateway.keys),
            None => Keys::new(&configuration.gateway.keys),
        };
        let percent = configuration.gateway.retry.budget_percent;
        let retries = match before {
            Some(before) if before.configuration.gateway.retry.budget_percent == percent => Arc::clone(&before.retries),
            _ => Arc::new(TpsBudget::new(BUDGETED, RETRIES_A_SECOND, f32::from(percent) / 100.0)),
        };
        let listings = listings(&configuration, before);
        let cache = match before {
            // It has what AWS said, whatever version reads it.
            Some(before) if same_store(before.listings.as_ref(), listings.as_ref()) => before.catalog.cache().clone(),
            _ => DiscoveryCache::before(listings.clone()),
        };
        let catalog = Catalog::new(&configuration.settings, cache);
        Ok(Effective {
            configuration,
            aws,
            aws_options: options,
            keys: Arc::new(keys),
            retries,
            repairs: RepairMemory::default(),
            catalog,
            listings,
        })
    }
}

fn same_store(one: Option<&Arc<dyn ListingStore>>, other: Option<&Arc<dyn ListingStore>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// The store that the configuration names. It goes on where it stays the same: it has connections, and knows what it has put there.
fn listings(configuration: &Configuration, before: Option<&Effective>) -> Option<Arc<dyn ListingStore>> {
    let url = configuration.gateway.cache.url.as_ref()?;
    match before {
        Some(before) if before.configuration.gateway.cache.url.as_ref() == Some(url) => before.listings.clone(),
        _ => match SharedListings::new(url.secret()) {
            Ok(listings) => Some(Arc::new(listings)),
            Err(error) => {
                // The configuration takes no such address; the gateway would do without.
                tracing::error!(%url, %error, "listings of models are not shared");
                None
            }
        },
    }
}
