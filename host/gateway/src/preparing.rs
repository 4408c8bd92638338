//! Preparation of the request body by the provider, or by another version if the active one fails.

use std::sync::Arc;

use bytes::Bytes;

use super::begin::NotBegun;
use super::chain::Target;
use super::effective::Effective;
use super::lineup::Seat;
use super::provider_time::in_time;
use super::refusal::{Refusal, RefusalKind};
use super::rerun::{Fault, Reference};
use super::turn::{Ask, TurnError};
use super::worker::{IN_PLACE, beside_the_worker};
use crate::aws::{Destination, DestinationError};
use crate::blame::Blame;
use crate::blobs::{self, Blobs};
use crate::capacity::{Permit, Purpose};
use crate::contract::RequestKind;
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Options, Prepared, Problem, RequestSettings};
use crate::contract::types::{Model, Notice};
use crate::provider::{Generation, ProviderError, RequestMemory, Session, TooLarge};

/// The input of a preparation.
#[derive(Debug)]
pub struct Prepare {
    /// The configuration.
    pub settings: Settings,
    /// Where the request goes.
    pub destination: Destination,
    /// The model.
    pub model: Model,
    /// The conversation.
    pub context: Context,
    /// The options.
    pub options: Options,
}

/// Prepares a request by the provider. A long history takes milliseconds, so this runs outside the async worker.
///
/// # Errors
/// When the request does not fit into the provider's memory, or the provider traps or takes too long. Problems of the
/// request are the inner result.
pub async fn prepare(
    mut session: Session,
    asked: Prepare,
) -> Result<(Session, Prepare, Result<Prepared, Vec<Problem>>), TurnError> {
    tokio::task::spawn_blocking(move || {
        let Prepare { settings, destination, model, context, options } = &asked;
        RequestMemory::of(context, options).within(session.generation().limits().memory)?;
        let prepared = session.prepare(
            RequestKind::Answer,
            &RequestSettings::from(settings),
            destination.region().as_str(),
            model,
            context,
            options,
        )?;
        Ok((session, asked, prepared))
    })
    .await?
}

/// What every model of a chain is asked with.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// What is asked.
    pub(super) kind: RequestKind,
    /// The provider.
    pub(super) generation: &'a Arc<Generation>,
    /// The request's place.
    pub(super) permit: &'a Arc<Permit>,
    /// The configuration.
    pub(super) effective: &'a Effective,
    /// The options.
    pub(super) options: &'a Options,
    /// The attachments of the conversation.
    pub(super) blobs: &'a Blobs,
    /// Bytes of the request's body.
    pub(super) size: usize,
    /// The version that tells whose fault a failure is.
    pub(super) reference: &'a Reference,
}

/// A request that is ready to be sent.
pub(super) struct Ready {
    /// The request.
    pub(super) ask: Ask,
    /// The version that prepared it and reads the answer.
    pub(super) generation: Arc<Generation>,
    /// The instance that prepared it, where it can read the answer too.
    pub(super) session: Option<Session>,
}

/// A prepared request with its body, and where it goes.
struct Joined {
    prepared: Prepared,
    destination: Destination,
    body: Bytes,
}

impl Question<'_> {
    /// Has the provider prepare a request to a model, and gives the context back.
    ///
    /// # Errors
    /// When no version can prepare it, or the request has problems.
    pub(super) async fn prepare(&self, target: &Target, context: Context) -> Result<(Ready, Context), NotBegun> {
        let Question { kind, generation, permit, effective, options, blobs, size, reference } = *self;
        let session = generation.session_of(permit);
        let mut session = session.map_err(|error| NotBegun::from(&Fault::unconfirmed(error)))?;
        session.give_at_most(blobs::largest_json(size));
        let settings = &effective.configuration.of_requests;
        let Target { model, destination } = target;
        let region = destination.region();
        // A version that failed not long ago does not stay on the worker: it may hold it up again.
        let (context, prepared, too_slow, session) = if size <= IN_PLACE && !generation.faults().lately() {
            let (prepared, too_slow) = in_time(&mut session, "prepare", size, |session| {
                session.prepare_in_place(kind, settings, region.as_str(), model, &context, options)
            });
            let prepared = prepared.and_then(|prepared| joined(kind, generation, target, blobs, prepared));
            // The instance is kept for the answer. One that prepared something large is not: what it touched would stay in memory for as
            // long as the answer takes.
            session.give_at_most(generation.limits().lifted_bytes);
            (context, prepared, too_slow, Some(session))
        } else {
            let (settings, target, options) = (settings.clone(), target.clone(), options.clone());
            let (generation, blobs) = (Arc::clone(generation), blobs.clone());
            let preparing = move || {
                RequestMemory::of(&context, &options).within(session.generation().limits().memory)?;
                let region = target.destination.region();
                let (prepared, too_slow) = in_time(&mut session, "prepare", size, |session| {
                    session.prepare(kind, &settings, region.as_str(), &target.model, &context, &options)
                });
                let prepared = prepared.and_then(|prepared| joined(kind, &generation, &target, &blobs, prepared));
                Ok::<_, TooLarge>((context, prepared, too_slow))
            };
            let (context, prepared, too_slow) = tokio::task::spawn_blocking(preparing)
                .await
                .map_err(|error| NotBegun::Refused(Refusal::new(RefusalKind::Internal, error.to_string())))?
                .map_err(|error| NotBegun::Refused(Refusal::too_large(&error)))?;
            (context, prepared, too_slow, None)
        };
        if let Some(error) = too_slow {
            self.judge_time(&error, target, &context);
        }
        let (prepared, by) = match prepared {
            Ok(prepared) => (prepared, Arc::clone(generation)),
            Err(failed) => beside_the_worker(|| {
                reference.rerun(generation, failed, |session, seat| self.prepared_by(session, seat, target, &context))
            })
            .map_err(|fault| NotBegun::from(&fault))?,
        };
        let Joined { prepared, destination, body } =
            prepared.map_err(|problems| self.refused(&problems, target, &context))?;
        for Notice { kind, message } in &prepared.notices {
            tracing::info!(model = model.id, kind, notice = message, "the request was changed");
        }
        let ask = Ask {
            model: model.clone(),
            destination,
            body,
            carry: prepared.carry,
            changes: prepared.notices.into_iter().map(|notice| notice.kind).collect(),
            idle: effective.configuration.gateway.limits.idle,
            // A version that stands in for the one that failed is compared with nobody.
            reference: (by.digest() == generation.digest()).then(|| reference.clone()),
        };
        // None of a version that another one stood in for, nor one whose call failed.
        let session = session.filter(|session| session.is_usable() && Arc::ptr_eq(session.generation(), &by));
        Ok((Ready { ask, generation: by, session }, context))
    }

    /// Confirms that the version is to blame for taking too long: another one that is given the same does not.
    fn judge_time(&self, error: &ProviderError, target: &Target, context: &Context) {
        let Some(seat) = self.reference.seat() else { return };
        let other = &seat.version.generation;
        let run = |mut session: Session| {
            let settings = &seat.effective.configuration.of_requests;
            let region = target.destination.region().as_str();
            let (_, too_slow) = in_time(&mut session, "prepare", self.size, |session| {
                session.prepare(self.kind, settings, region, &target.model, context, self.options)
            });
            too_slow.is_none()
        };
        if beside_the_worker(|| other.session_for(Purpose::Rerun).is_ok_and(run)) {
            self.reference.confirm(self.generation, error);
        }
    }

    /// What a version prepares, with its body, in a session of its own: this version, or the one of another seat.
    fn prepared_by(
        &self,
        mut session: Session,
        seat: Option<&Seat>,
        target: &Target,
        context: &Context,
    ) -> Result<Result<Joined, Vec<Problem>>, ProviderError> {
        let effective = seat.map_or(self.effective, |seat| &seat.effective);
        let settings = &effective.configuration.of_requests;
        let generation = Arc::clone(session.generation());
        let (model, region) = (&target.model, target.destination.region().as_str());
        session.give_at_most(blobs::largest_json(self.size));
        let prepared = if self.size <= IN_PLACE {
            session.prepare_in_place(self.kind, settings, region, model, context, self.options)
        } else {
            session.prepare(self.kind, settings, region, model, context, self.options)
        };
        joined(self.kind, &generation, target, self.blobs, prepared?)
    }

    /// A request that the provider finds problems in. Those that only a candidate finds are its own.
    fn refused(&self, problems: &[Problem], target: &Target, context: &Context) -> NotBegun {
        let refusal = Refusal::of_problems(problems);
        let only_here = matches!(self.prepared_by_active(target, context), Some(Ok(Ok(_))));
        NotBegun::Refused(Refusal { blame: if only_here { Blame::Provider } else { refusal.blame }, ..refusal })
    }

    /// Whether a candidate asks AWS for something else than the active version would: then it is to blame for AWS's refusal.
    pub(super) fn asks_otherwise(&self, ask: &Ask, target: &Target, context: &Context) -> bool {
        match self.prepared_by_active(target, context) {
            Some(Ok(Ok(active))) => active.destination != ask.destination || active.body != ask.body,
            _ => false,
        }
    }

    /// What the active version makes of a request of a candidate.
    fn prepared_by_active(
        &self,
        target: &Target,
        context: &Context,
    ) -> Option<Result<Result<Joined, Vec<Problem>>, ProviderError>> {
        let seat = self.reference.active()?;
        let prepare = |session: Session| self.prepared_by(session, Some(seat), target, context);
        Some(beside_the_worker(|| seat.version.generation.session_for(Purpose::Rerun).and_then(prepare)))
    }
}

/// A provider named an operation that the gateway does not send the request to.
#[derive(Debug, thiserror::Error)]
#[error("it named the operation {named:?}; the request is sent to {allowed} only")]
struct WrongOperation {
    named: String,
    allowed: &'static str,
}

/// A provider named a model that the gateway may not send the request to.
#[derive(Debug, thiserror::Error)]
#[error("it named a model that the request cannot be sent to: {0}")]
struct WrongDestination(#[source] DestinationError);

/// A prepared request with its body joined and its destination checked. What breaks the bounds of either is the version's failure.
fn joined(
    kind: RequestKind,
    generation: &Generation,
    target: &Target,
    blobs: &Blobs,
    prepared: Result<Prepared, Vec<Problem>>,
) -> Result<Result<Joined, Vec<Problem>>, ProviderError> {
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(problems) => return Ok(Err(problems)),
    };
    if prepared.operation != kind.operation() {
        let (named, allowed) = (prepared.operation, kind.operation());
        return Err(generation.broke("prepare", WrongOperation { named, allowed }));
    }
    let body = blobs::join(&prepared.body, blobs).map_err(|error| generation.broke("prepare", error))?;
    let destination = target.destination.for_model(&prepared.model_id);
    let destination = destination.map_err(|error| generation.broke("prepare", WrongDestination(error)))?;
    Ok(Ok(Joined { prepared, destination, body }))
}
