//! A request's path through the host: the provider prepares it, AWS answers it, the provider translates the answer; and the
//! server that does this for clients of other APIs.

use quarry_aws as aws;
use quarry_config as config;
#[cfg(test)]
use quarry_conformance as conformance;
use quarry_contract::{self as contract, blame, blobs, json};
use quarry_embedded as embedded;
use quarry_pi as pi;
use quarry_provider_host::{self as provider, capacity};
use quarry_system::{crash, files, reach};
use quarry_telemetry as telemetry;

pub mod admin;
mod answer_size;
mod begin;
mod canary;
mod catalog;
mod chain;
mod configuration;
mod credentials;
mod cut_short;
pub mod discovery;
mod effective;
mod explained;
mod failures;
#[cfg(test)]
mod hostile_answers;
mod keys;
mod lineup;
mod listeners;
mod live;
mod loopback;
pub mod models;
mod preparing;
mod provider_time;
mod refusal;
mod remote;
mod repairs;
mod replay;
mod rerun;
mod server;
mod shadow;
mod state;
mod turn;
mod versions;
mod watch;
mod wire;
mod worker;

pub use self::canary::{CanaryRule, Ended};
pub use self::configuration::{Configuration, ConfigurationError, capacity_settings};
pub use self::explained::EffectiveValue;
pub use self::failures::failed;
pub use self::keys::{Admitted, KeyError, Keys, generate_key};
pub use self::listeners::Recorder;
pub use self::live::{RequestUnderWay, RequestsUnderWay};
pub(crate) use self::loopback::is_loopback_host;
pub use self::preparing::{Prepare, prepare};
pub use self::refusal::{Refusal, RefusalKind};
pub use self::repairs::{MOST_REPAIRED_MODELS, MOST_REPAIRS, REMEMBERED, Repairs};
pub use self::rerun::{Fault, Reference};
pub use self::server::{MetricsServer, Server, openapi};
pub(crate) use self::server::{compressed, decompressed};
pub use self::shadow::{ShadowReport, ShadowStatus};
pub use self::state::{ConfigurationSource, Gateway, StartError};
pub use self::turn::{Ask, BeginError, Sink, Turn, TurnError, run, run_taped};
pub use self::versions::{
    Activated, CanaryStatus, ChangeError, FolderStatus, Offered, RestoreError, Restored, Service, Status,
    UnacceptedStatus, UncleanEnd, VersionState, VersionStatus, Versions, Wanted, accept, begin_with, book_last_end,
    check_allowed, prove, restore, restore_allowing,
};
pub use self::watch::Watch;
