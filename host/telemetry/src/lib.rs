//! Metrics, logs and spans of the gateway.
//!
//! A request has one [`Observation`], which feeds the three. Prompts and answers are in none of them unless asked for, and
//! keys and other secrets never.

use quarry_config as config;
use quarry_contract::{self as contract, blame};
use quarry_provider_host::{self as provider, capacity};
use quarry_system::printable;
use quarry_versions as versions;

mod arrival;
mod begun;
mod buckets;
mod content;
mod ending;
mod error;
mod families;
mod fields;
mod gen_ai;
mod histogram;
mod json_line;
mod labels;
mod log_export;
mod logging;
mod metrics;
mod metrics_export;
mod models;
mod names;
mod observation;
mod otlp;
mod spans;
mod trend;
mod turn;

pub use self::arrival::{Arrival, Unobserved};
pub use self::begun::{Answering, Begun};
pub use self::ending::ErrorAnswer;
pub use self::error::TelemetryError;
pub use self::json_line::json_line;
pub use self::labels::{CacheResult, FailedVersion, Outcome, Refusal, ShadowRun};
pub use self::logging::{LogFormat, LogOptions, TelemetryGuard, log_level, start};
pub use self::metrics::{METRICS_CONTENT_TYPE, Metrics, OpenConnection};
pub use self::observation::Observation;
pub use self::otlp::{Export, OtlpOptions};
pub use self::trend::TrendReport;

#[cfg(test)]
mod tests;
