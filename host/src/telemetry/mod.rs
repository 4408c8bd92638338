//! Seeing what the gateway does: metrics, logs, spans.
//!
//! A request has one [`Observation`], which feeds the three. Prompts and answers are in none of them unless asked for, and
//! keys and other secrets never.

mod arrival;
mod buckets;
mod content;
mod ending;
mod error;
mod families;
mod fields;
mod histogram;
mod labels;
mod logging;
mod metrics;
mod models;
mod observation;
mod otlp;
mod spans;
mod turn;

pub use self::arrival::{Arrival, Unobserved};
pub use self::error::TelemetryError;
pub use self::labels::{CacheResult, FailedVersion, Outcome, Refusal, ShadowRun};
pub use self::logging::{LogFormat, LogOptions, TelemetryGuard, log_level, start};
pub use self::metrics::{METRICS_CONTENT_TYPE, Metrics, OpenConnection};
pub use self::observation::{Answering, Begun, Observation};
pub use self::otlp::{Export, OtlpOptions};

#[cfg(test)]
mod tests;
