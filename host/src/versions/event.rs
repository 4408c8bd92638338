//! What the journal tells.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::acceptance::AcceptedKind;
use crate::crash::Signal;
use crate::provider::Digest;

/// A step on the way of a version to serving, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Getting the bytes.
    Fetch,
    /// Holding them against the digest that was asked for.
    Digest,
    /// Holding the signature against the keys that are trusted.
    Signature,
    /// Looking at what the component imports: nothing may be there.
    Imports,
    /// Looking for a version of the contract that this host serves.
    Contract,
    /// Compiling, in a bounded process of its own.
    Compile,
    /// The rules of the contract, which hold for any provider, in the engine and the limits of production.
    Checks,
    /// The cases that the component brings along.
    #[serde(alias = "conformance")]
    Cases,
    /// Holding where it would send requests against another version.
    Destinations,
    /// Comparing what it does with the version that serves: what differs has to be accepted.
    Behaviour,
    /// Having it merge the configuration that is in force.
    Configuration,
    /// Putting it in the place of the one before.
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

/// What one step came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepReceipt {
    /// The step.
    pub step: Step,
    /// Why it failed; none where it was passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// What it was about, where there is something to tell: a number of cases, the key that signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// How long it took.
    pub milliseconds: u64,
}

/// What somebody asks for that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// To check a version.
    Verify,
    /// To activate one.
    Activate,
    /// To give one a part of the requests.
    Canary,
    /// To run one beside the requests.
    Shadow,
    /// To go back to the previous one.
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

/// One thing that happened to versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A step was taken.
    Step {
        /// The version; none before its bytes are there.
        #[serde(skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Where its bytes came from.
        source: String,
        /// Who asked for it.
        by: String,
        /// What the step came to.
        #[serde(flatten)]
        receipt: StepReceipt,
    },
    /// A change was cancelled before it was made. Whatever served goes on serving.
    Cancelled {
        /// What was asked for.
        change: ChangeKind,
        /// The version; none before its bytes are there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Where its bytes come from.
        source: String,
        /// Who asked for it.
        by: String,
        /// The step that was not finished; none while it waited for others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step: Option<Step>,
        /// Why.
        reason: String,
    },
    /// A version passed every check that does not depend on a configuration.
    Verified {
        /// The version.
        digest: Digest,
        /// Where its bytes came from.
        source: String,
        /// What its component says of itself: name and version.
        name: String,
        /// The rules that it was held to, as a digest of all of them. Its own digest covers its own cases.
        cases: Digest,
        /// How many rules and cases it passed.
        passed: usize,
        /// The engine that it passed them in, as its compatibility hash.
        engine: String,
        /// The key that signed it, where a signature was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signer: Option<String>,
    },
    /// Somebody accepted what a version does differently from the one that served.
    Accepted {
        /// The version.
        digest: Digest,
        /// The version that served.
        against: Digest,
        /// What was accepted, and how.
        kinds: Vec<AcceptedKind>,
        /// Who accepted it.
        by: String,
    },
    /// A version serves.
    Activated {
        /// The version.
        digest: Digest,
        /// Who asked for it.
        by: String,
    },
    /// The version before serves again.
    RolledBack {
        /// The version that served.
        from: Digest,
        /// The version that serves.
        to: Digest,
        /// Who asked for it.
        by: String,
    },
    /// A version failed too often, and is not activated again before it is verified anew.
    Quarantined {
        /// The version.
        digest: Digest,
        /// What it did.
        reason: String,
    },
    /// The process did not end by itself while a version served, or while it worked for one.
    Died {
        /// The version.
        digest: Digest,
        /// The signal that the process raised against itself; none where it was killed or the machine stopped, which is no version's fault.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal: Option<Signal>,
    },
    /// A version gets a part of the requests.
    CanaryBegun {
        /// The version.
        digest: Digest,
        /// Which part, in words.
        part: String,
        /// Which share of the requests, in per cent, where it is a share.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        share: Option<u8>,
        /// The name of the client key whose requests it gets, where it is those of a key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// After how many of its requests it is promoted by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promote_after: Option<u64>,
        /// Who asked for it.
        by: String,
    },
    /// A version gets a part of the requests no more.
    CanaryEnded {
        /// The version.
        digest: Digest,
        /// Why.
        reason: String,
        /// Who asked for it.
        by: String,
    },
    /// A version runs on the inputs of a share of the requests.
    ShadowBegun {
        /// The version.
        digest: Digest,
        /// The share, in per cent.
        share: u8,
        /// Whether what was said may be kept in its differences.
        #[serde(default)]
        prompts: bool,
        /// Who asked for it.
        by: String,
    },
    /// A version does that no more.
    ShadowEnded {
        /// The version.
        digest: Digest,
        /// Why.
        reason: String,
        /// Who asked for it.
        by: String,
    },
    /// A watched folder held a version that it did not hold before, and it was acted upon.
    Offered {
        /// The version; none where its bytes could not be read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
        /// Its file.
        file: String,
        /// Why it does not serve; none where it does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
        /// What is not acted upon again, as a digest of the component and its signature; none where nothing was decided of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settled: Option<Digest>,
    },
    /// No other version is activated until this is taken back.
    Pinned {
        /// The version.
        digest: Digest,
        /// Who asked for it.
        by: String,
    },
    /// Other versions may be activated again.
    Unpinned {
        /// Who asked for it.
        by: String,
    },
    /// The bytes of a version were removed.
    Pruned {
        /// The version.
        digest: Digest,
        /// Who asked for it.
        by: String,
    },
    /// Something that a later Quarry wrote.
    #[serde(other)]
    Unknown,
}
