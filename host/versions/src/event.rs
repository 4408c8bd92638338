//! The events of the journal.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::acceptance::AcceptedKind;
use crate::crash::Signal;
use crate::provider::Digest;

/// A step of the gate or of a change, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Fetches the bytes.
    Fetch,
    /// Compares the bytes with the requested digest.
    Digest,
    /// Checks the signature with the trusted keys.
    Signature,
    /// Checks that the component imports nothing.
    Imports,
    /// Finds a version of the contract that this host supports.
    Contract,
    /// Compiles the component in a bounded child process.
    Compile,
    /// Checks the rules of the contract, in the engine and with the limits of production.
    Checks,
    /// Runs the component's own cases.
    #[serde(alias = "conformance")]
    Cases,
    /// Compares the destinations of its requests with those of the active version.
    Destinations,
    /// Compares its behaviour with the active version. Differences must be accepted.
    Behaviour,
    /// Merges the active configuration with it.
    Configuration,
    /// Replaces the active version.
    Swap,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Step::Fetch => "fetch",
            Step::Digest => "digest",
            Step::Signature => "signature",
            Step::Imports => "imports",
            Step::Contract => "contract",
            Step::Compile => "compile",
            Step::Checks => "checks",
            Step::Cases => "cases",
            Step::Destinations => "destinations",
            Step::Behaviour => "behaviour",
            Step::Configuration => "configuration",
            Step::Swap => "swap",
        })
    }
}

/// The result of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReceipt {
    /// The step.
    pub step: Step,
    /// Why it failed; `None` if it passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Details, such as a number of cases or the key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Duration in milliseconds.
    pub milliseconds: u64,
}

/// A change that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// Checks a version.
    Verify,
    /// Activates a version.
    Activate,
    /// Starts a canary.
    Canary,
    /// Starts a shadow.
    Shadow,
    /// Rolls back to the previous version.
    Rollback,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ChangeKind::Verify => "verify",
            ChangeKind::Activate => "activate",
            ChangeKind::Canary => "canary",
            ChangeKind::Shadow => "shadow",
            ChangeKind::Rollback => "rollback",
        })
    }
}

/// An event in the life of versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A step was taken.
    Step {
        /// The version; `None` until its bytes are fetched.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The source of its bytes.
        source: String,
        /// The author of the change.
        by: String,
        /// The result of the step.
        #[serde(flatten)]
        receipt: StepReceipt,
    },
    /// A change was cancelled before it was made. The active version stays active.
    Cancelled {
        /// The kind of change.
        change: ChangeKind,
        /// The version; `None` until its bytes are fetched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// The source of its bytes.
        source: String,
        /// The author of the change.
        by: String,
        /// The unfinished step; `None` if the job was still in line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Step>,
        /// Why.
        reason: String,
    },
    /// A version passed every check that does not depend on a configuration.
    Verified {
        /// The version.
        digest: Digest,
        /// The source of its bytes.
        source: String,
        /// The name and version that its component states.
        name: String,
        /// The digest of all contract rules that it was checked against. The version's own digest covers its own cases.
        cases: Digest,
        /// How many rules and cases it passed.
        passed: usize,
        /// The compatibility hash of the engine.
        engine: String,
        /// The key that signed it, if a signature was required.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<String>,
    },
    /// Differences of a version from the active one were accepted.
    Accepted {
        /// The version.
        digest: Digest,
        /// The version that was active.
        against: Digest,
        /// The accepted kinds, and how each was accepted.
        kinds: Vec<AcceptedKind>,
        /// The author of the acceptance.
        by: String,
    },
    /// A version was activated.
    Activated {
        /// The version.
        digest: Digest,
        /// The author of the change.
        by: String,
    },
    /// A rollback activated the previous version again.
    RolledBack {
        /// The version that was active.
        from: Digest,
        /// The active version.
        to: Digest,
        /// The author of the change.
        by: String,
    },
    /// A version failed too often. It is not activated until it is verified again.
    Quarantined {
        /// The version.
        digest: Digest,
        /// The reason.
        reason: String,
    },
    /// The process crashed or was killed while a version was active, or while a thread worked for it.
    Died {
        /// The version.
        digest: Digest,
        /// The signal of the crash; `None` if the process was killed or the machine stopped, for which no version is to
        /// blame.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<Signal>,
    },
    /// A canary was started.
    CanaryBegun {
        /// The version.
        digest: Digest,
        /// A description of the requests that it serves.
        part: String,
        /// The share of the requests, in per cent, unless it serves one key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<u8>,
        /// The name of the client key whose requests it serves, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The number of requests after which it is promoted automatically.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promote_after: Option<u64>,
        /// The author of the change.
        by: String,
    },
    /// A canary ended.
    CanaryEnded {
        /// The version.
        digest: Digest,
        /// Why.
        reason: String,
        /// The author of the change.
        by: String,
    },
    /// A shadow was started.
    ShadowBegun {
        /// The version.
        digest: Digest,
        /// The share, in per cent.
        share: u8,
        /// Whether its differences may contain original text.
        #[serde(default)]
        prompts: bool,
        /// The author of the change.
        by: String,
    },
    /// A shadow ended.
    ShadowEnded {
        /// The version.
        digest: Digest,
        /// Why.
        reason: String,
        /// The author of the change.
        by: String,
    },
    /// A component of the watched folder was handled.
    Offered {
        /// The version; `None` if the file could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Its file.
        file: String,
        /// Why it was not activated; `None` if it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
        /// The digest of the component and its signature, which are not handled again; `None` if no decision was made.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Digest>,
    },
    /// The active version was pinned.
    Pinned {
        /// The version.
        digest: Digest,
        /// The author of the change.
        by: String,
    },
    /// The pin was removed.
    Unpinned {
        /// The author of the change.
        by: String,
    },
    /// The bytes of a version were removed.
    Pruned {
        /// The version.
        digest: Digest,
        /// The author of the change.
        by: String,
    },
    /// An event that a later release wrote.
    #[serde(other)]
    Unknown,
}
