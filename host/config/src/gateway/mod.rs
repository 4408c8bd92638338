//! The gateway's own settings: the member `quarry` of the configuration file.
//!
//! OpenClaw has a member `gateway` for a gateway of its own, so Quarry's stands under its name. Only the host reads it: the
//! provider is never shown anything of it.

mod cache;
mod effective_values;
mod key_hash;
mod keys;
mod listen;
mod network;
mod provider;
mod read;
mod reader;
mod settings;
mod signer;

pub use cache::CacheUrl;
pub use effective_values::effective_values;
pub use key_hash::{KeyHash, KeyHashError};
pub use keys::{ANONYMOUS, HIGHEST_KEY_LIMIT, wrong_key_name, wrong_model_pattern};
pub use listen::ListenRefused;
pub use settings::{
    CacheConfig, GatewayConfig, GatewayLimits, KeyConfig, LogConfig, LogFormat, MetricsConfig, OtlpConfig,
    ProviderConfig, QuarantineConfig, ReadinessConfig, RemoteConfig, ResponsesConfig, RetryConfig, Signal, TlsConfig,
};
pub use signer::{KeyId, Signer, SignerError};
