//! What a provider answered: every input is given once, and every rule looks at the answers.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::inputs::{Inputs, inputs};
use super::streams::{Run, Stream};
use super::{Rule, errors};
use crate::blobs::Blobs;
use crate::contract::RequestKind;
use crate::contract::about::Identity;
use crate::contract::config::{self, Merged, Settings};
use crate::contract::conversation::{self, Context, Options, Prepared, RequestSettings};
use crate::contract::types::{ApiError, Failure, Model};
use crate::discover::{self, ENDLESS, Listing};
use crate::provider::{Fault, Provider, Providers};

/// After so many calls that did not return the rest is not made: the version is refused anyway.
const MOST_FAULTS: usize = 3;

/// How long all calls may take together. A provider that uses up the deadline of each would otherwise take many minutes.
const LONGEST: Duration = Duration::from_secs(60);

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "calls-return",
        holds: "every call returns for every input within its deadline, its memory and the limits of an answer",
        source: "world `provider`",
        holds_for: |evidence, _| no_fault(&evidence.faults, |fault| fault.of == Of::Call),
    },
    Rule {
        name: "damage-never-traps",
        holds: "a turn returns for damaged, missing and repeated frames",
        source: "`turn.push`, `ending.damaged`",
        holds_for: |evidence, _| no_fault(&evidence.faults, |fault| fault.of == Of::Damage),
    },
    Rule {
        name: "listings-are-bounded",
        holds: "a listing has at most 16 sources",
        source: "`sources`",
        holds_for: |evidence, _| no_fault(&evidence.faults, |fault| fault.of == Of::Listing),
    },
    Rule {
        name: "identity-is-whole",
        holds: "a provider has a name, a semantic version, a provider id and an API",
        source: "`about.identity`",
        holds_for: |evidence, _| identity_is_whole(evidence),
    },
];

/// An input by its name, and what came of it. `None` where a call did not return.
#[derive(Debug)]
pub(super) struct Answer<I, A> {
    pub(super) name: String,
    pub(super) input: I,
    pub(super) answer: Option<A>,
}

/// What `prepare` was given.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) kind: RequestKind,
    pub(super) settings: Settings,
    pub(super) region: String,
    pub(super) model: Model,
    pub(super) context: Context,
    pub(super) options: Options,
    pub(super) blobs: Blobs,
}

/// What `merge` gives.
pub(super) type MergeResult = Result<Merged, Vec<config::Problem>>;

/// What `prepare` gives.
pub(super) type PrepareResult = Result<Prepared, Vec<conversation::Problem>>;

/// What calls that do not return were for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Call,
    Damage,
    Listing,
}

/// A call that did not return.
#[derive(Debug)]
struct FaultOf {
    of: Of,
    what: String,
}

/// The answers to all inputs.
pub(super) struct Evidence<'p> {
    pub(super) providers: &'p dyn Providers,
    pub(super) identity: Option<Identity>,
    pub(super) merges: Vec<Answer<&'static crate::merge::Given, MergeResult>>,
    pub(super) requests: Vec<Answer<Request, PrepareResult>>,
    pub(super) listings: Vec<Answer<&'static discover::Given, Vec<Listing>>>,
    pub(super) failures: Vec<Answer<ApiError, Failure>>,
    pub(super) streams: Vec<Stream>,
    pub(super) runs: Vec<Run>,
    faults: Vec<FaultOf>,
}

impl<'p> Evidence<'p> {
    /// Gives a provider all inputs.
    ///
    /// # Errors
    /// When the inputs that the binary was built with cannot be read.
    pub(super) fn gather(providers: &'p dyn Providers) -> Result<Self, String> {
        let Inputs { layers, listings, requests, streams } = inputs()?;
        let gathering = Gathering { providers, faults: Mutex::default(), began: Instant::now() };
        let identity = gathering.call(Of::Call, "identify", |provider| provider.identify());
        let streams: Vec<Stream> = streams.0.iter().map(|(name, given)| Stream::new(name, given)).collect();
        let ways = streams.iter().enumerate().flat_map(|(index, stream)| {
            let ways = stream.ways().into_iter();
            ways.map(move |way| (index, stream, way))
        });
        let runs = ways.collect::<Vec<_>>().into_par_iter().filter_map(|(index, stream, way)| {
            let of = if way.is_damage() { Of::Damage } else { Of::Call };
            let run = gathering.call(of, &stream.label(&way), |provider| stream.run(provider, &way));
            run.map(|(pushed, finished)| Run::new(index, way, pushed, finished))
        });
        let runs = runs.collect();
        let requests = requests.0.par_iter().map(|(name, given)| {
            let not_read = |error| format!("the inputs of the checks cannot be read: {name}: {error}");
            let (settings, region, model, context, options) = given.input().map_err(not_read)?;
            let blobs = given.blobs().map_err(not_read)?;
            let input = Request { kind: given.kind(), settings, region, model, context, options, blobs };
            let answer = gathering.call(Of::Call, &format!("request `{name}`"), |provider| input.prepare(provider));
            Ok(Answer { name: format!("request `{name}`"), input, answer })
        });
        let requests = requests.collect::<Result<_, String>>()?;
        let merges = layers.0.par_iter().map(|(name, input)| {
            let name = format!("layers `{name}`");
            let answer = gathering.call(Of::Call, &name, |provider| provider.merge(&input.layers()));
            Answer { name, input, answer }
        });
        let merges = merges.collect();
        let listings = listings.0.par_iter().map(|(name, input)| {
            let name = format!("listing `{name}`");
            let answer = gathering.call(Of::Call, &name, |provider| discover::listings(input, provider));
            Answer { name, input, answer }
        });
        let listings = listings.collect();
        let failures = errors::inputs().into_par_iter().map(|(name, input)| {
            let answer = gathering.call(Of::Call, &name, |provider| provider.explain(&input));
            Answer { name, input, answer }
        });
        let failures = failures.collect();
        let faults = gathering.faults.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Evidence { providers, identity, merges, requests, listings, failures, streams, runs, faults })
    }
}

impl Request {
    pub(super) fn prepare(&self, provider: &mut dyn Provider) -> Result<PrepareResult, Fault> {
        let Request { kind, settings, region, model, context, options, blobs: _ } = self;
        Self::prepare_with(*kind, (settings, region, model, context, options), provider)
    }

    /// Has a provider prepare a request of these.
    pub(super) fn prepare_with(
        kind: RequestKind,
        (settings, region, model, context, options): (&Settings, &str, &Model, &Context, &Options),
        provider: &mut dyn Provider,
    ) -> Result<PrepareResult, Fault> {
        provider.prepare(kind, &RequestSettings::from(settings), region, model, context, options)
    }
}

/// Makes calls, on all cores, and keeps those that do not return.
struct Gathering<'p> {
    providers: &'p dyn Providers,
    faults: Mutex<Vec<FaultOf>>,
    began: Instant,
}

impl Gathering<'_> {
    /// Calls a fresh provider. `None` where the call does not return, or is not made any more.
    fn call<A>(&self, of: Of, label: &str, call: impl FnOnce(&mut dyn Provider) -> Result<A, Fault>) -> Option<A> {
        let faults = || self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults().len() >= MOST_FAULTS {
            return None;
        }
        if self.began.elapsed() > LONGEST {
            let what = format!("the calls take more than {} s in total", LONGEST.as_secs());
            *faults() = vec![FaultOf { of: Of::Call, what }];
            return None;
        }
        match self.providers.fresh().and_then(|mut provider| call(provider.as_mut())) {
            Ok(answer) => Some(answer),
            Err(Fault(what)) => {
                let of = if what.starts_with(ENDLESS) { Of::Listing } else { of };
                faults().push(FaultOf { of, what: format!("{label}: {what}") });
                None
            }
        }
    }
}

fn no_fault(faults: &[FaultOf], of: impl Fn(&FaultOf) -> bool) -> Result<(), String> {
    faults.iter().find(|fault| of(fault)).map_or(Ok(()), |fault| Err(fault.what.clone()))
}

fn identity_is_whole(evidence: &Evidence<'_>) -> Result<(), String> {
    let Some(Identity { name, version, provider, api, config_paths: _, variables: _ }) = &evidence.identity else {
        return Ok(());
    };
    for (member, value) in [("name", name), ("provider", provider), ("api", api)] {
        if value.trim().is_empty() {
            return Err(format!("`{member}` is empty"));
        }
    }
    version
        .parse::<semver::Version>()
        .map(drop)
        .map_err(|error| format!("{version:?} is not a semantic version: {error}"))
}
