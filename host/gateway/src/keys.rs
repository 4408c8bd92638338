//! Client keys: who may use the gateway, and how much.
//!
//! A key is `qk_` and 32 random bytes as 43 characters of base64url. The configuration has its hash alone. What is presented is
//! hashed and compared with every key there is, each in constant time and none left out, so that the time of an answer says
//! nothing about any key.

mod client;
mod rate;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use subtle::ConditionallySelectable as _;

use self::client::{Client, Slot};
use crate::config::gateway::{ANONYMOUS, KeyConfig, KeyHash};

/// What every key begins with, so that people and scanners for leaked secrets know one when they see it.
pub(super) const KEY_PREFIX: &str = "qk_";

/// Makes a key.
///
/// # Errors
/// When the operating system has no randomness to give.
pub fn generate_key() -> Result<SecretString, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(bytes.as_mut_slice())?;
    let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    Ok(SecretString::from(format!("{KEY_PREFIX}{}", encoded.as_str())))
}

/// What stands in place of a key's name for requests of whoever operates the gateway. No key can have it: it is no name.
const OPERATOR: &str = "(operator)";

/// Why a request is not admitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key was presented, and one is needed. Status 401.
    #[error("no key was sent; send one as `Authorization: Bearer qk_…` or as `x-api-key`")]
    Missing,
    /// The key is none of those that are configured. Status 401. It is not quoted.
    #[error("unknown key; ask the operator of the gateway for one")]
    Unknown,
    /// The key has as many requests open as it may have. Status 429; when one ends is not known.
    #[error("key `{name}` exceeded its limit of {most} concurrent requests; retry when one ends")]
    TooManyAtOnce {
        /// The key's name.
        name: String,
        /// How many it may have.
        most: usize,
    },
    /// The key has asked as often as it may. Status 429.
    #[error("key `{name}` exceeded its limit of {most} requests per minute; retry in {} s", retry_after.as_secs_f64().ceil())]
    TooOften {
        /// The key's name.
        name: String,
        /// How many it may send a minute.
        most: u32,
        /// After how long one more is admitted.
        retry_after: Duration,
    },
}

impl KeyError {
    /// How long to wait before the next try, where that is known: `retry-after` rounds it up to whole seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            KeyError::TooOften { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

/// The keys of one reading of the configuration. What they have used up is shared with the readings before and after.
#[derive(Debug, Default)]
pub struct Keys {
    clients: Vec<Arc<Client>>,
    /// Whether there have been keys since the start. Whoever takes the last one out of the file, or leaves the file empty for a
    /// moment, does not mean to open a gateway that runs to everybody.
    needed: bool,
}

impl Keys {
    /// The keys of the configuration, with nothing used up. None at all admits everybody.
    #[must_use]
    pub fn new(keys: &[KeyConfig]) -> Self {
        Keys { clients: keys.iter().map(|key| Arc::new(Client::new(key))).collect(), needed: !keys.is_empty() }
    }

    /// The keys of a configuration that was read again. A key whose name and hash stayed keeps what it has used up, under the
    /// limits that it has now; requests that were admitted go on, also those of a key that is gone. Where there were keys, one is
    /// needed from then on, also when there are none left.
    #[must_use]
    pub fn reload(&self, keys: &[KeyConfig]) -> Self {
        let client = |key: &KeyConfig| {
            let earlier = self.clients.iter().find(|client| client.is(key));
            Arc::new(earlier.map_or_else(|| Client::new(key), |client| client.with_limits_of(key)))
        };
        Keys { clients: keys.iter().map(client).collect(), needed: self.needed || !keys.is_empty() }
    }

    /// Whether a key is needed.
    #[must_use]
    pub fn are_needed(&self) -> bool {
        self.needed
    }

    /// Admits a request by the first known key of those that were presented with it. Without configured keys, whatever was presented is not looked
    /// at: clients that cannot do without a key send any.
    ///
    /// # Errors
    /// When the key is missing or unknown, or has used up what it may use.
    pub fn check<'a>(&self, presented: impl IntoIterator<Item = &'a str>) -> Result<Admitted, KeyError> {
        self.check_at(presented, Instant::now())
    }

    /// [`Keys::check`] at a time that the caller gives.
    ///
    /// # Errors
    /// As [`Keys::check`].
    pub fn check_at<'a>(
        &self,
        presented: impl IntoIterator<Item = &'a str>,
        now: Instant,
    ) -> Result<Admitted, KeyError> {
        if !self.needed {
            return Ok(Admitted { slot: None, without: ANONYMOUS });
        }
        let mut presented = presented.into_iter().filter(|key| !key.is_empty()).peekable();
        if presented.peek().is_none() {
            return Err(KeyError::Missing);
        }
        let known = presented.find_map(|key| self.find(&KeyHash::of_text(key)));
        let client = known.ok_or(KeyError::Unknown)?;
        let slot = Client::enter(client, now)?;
        Ok(Admitted { slot: Some(slot), without: ANONYMOUS })
    }

    /// The key with this hash. All are compared, whichever it is.
    fn find(&self, hash: &KeyHash) -> Option<&Arc<Client>> {
        let mut found = u64::MAX;
        for (index, client) in (0_u64..).zip(&self.clients) {
            found.conditional_assign(&index, client.hash().is(hash));
        }
        self.clients.get(usize::try_from(found).ok()?)
    }
}

/// A request that was admitted. While it lives, it takes one of its key's places.
#[must_use = "the place is given back when this is dropped"]
pub struct Admitted {
    /// `None` where no keys are configured, and for the operator.
    slot: Option<Slot>,
    /// What it is called without a key.
    without: &'static str,
}

impl Admitted {
    /// A request of whoever operates the gateway: it has no key and needs none.
    pub(super) fn operator() -> Self {
        Admitted { slot: None, without: OPERATOR }
    }

    /// The key's name; `anonymous` where no keys are configured.
    #[must_use]
    pub fn name(&self) -> &str {
        self.slot.as_ref().map_or(self.without, |slot| slot.client().name())
    }

    /// Whether the key may ask this model. It is the id that is sent to Bedrock that counts, so aliases are resolved before, and
    /// each fallback is asked about by itself; `amazon-bedrock/` before an id does not matter.
    #[must_use]
    pub fn may_use(&self, model_id: &str) -> bool {
        self.slot.as_ref().is_none_or(|slot| slot.client().may_use(model_id))
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Admitted").field(&self.name()).finish()
    }
}
