//! Bedrock's own API, for AWS's SDKs: bodies and frames pass through byte for byte, under the gateway's keys, models and limits.
//!
//! Only the path names a model, and it is resolved as everywhere. Host, region, credentials and headers are the gateway's own. Of what
//! passes, the token counts are read, and whether an answer came to its end.

mod call;
mod error;
mod exchange;
mod listings;
mod relay;
mod usage;

pub(super) use self::call::Call;
pub(super) use self::error::{refusal, status};
pub(super) use self::exchange::exchange;
pub(super) use self::listings::{Listing, listing};

/// Whether whoever asks at this path understands errors in AWS's form.
pub(super) fn is_path(path: &str) -> bool {
    ["/model/", "/foundation-models", "/inference-profiles"].iter().any(|start| path.starts_with(start))
}
