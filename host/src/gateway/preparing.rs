//! From a request to the body that is sent: by the provider, and by another version where that fails.

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
use super::worker::beside_the_worker;
use crate::aws::Destination;
use crate::blame::Blame;
use crate::capacity::{Permit, Purpose};
use crate::contract::config::Settings;
use crate::contract::conversation::{Context, Options, Prepared, Problem};
use crate::contract::types::{Model, Notice};
use crate::pi::blobs::{self, Blobs};
use crate::provider::{Generation, ProviderError, RequestMemory, Session, TooLarge};

/// What to prepare a request from.
#[derive(Debug)]
pub struct Prepare {
    /// The configuration.
    pub settings: Settings,
    /// Where the request goes.
    pub destination: Destination,
    /// The model to ask.
    pub model: Model,
    /// The conversation.
    pub context: Context,
    /// How to ask.
    pub options: Options,
}

/// Has the provider prepare a request. A long history takes milliseconds, so this leaves the async worker.
///
/// # Errors
/// When the provider has no room for it, traps or takes too long. Problems of the request are the inner result.
pub async fn prepare(
    mut session: Session,
    asked: Prepare,
) -> Result<(Session, Prepare, Result<Prepared, Vec<Problem>>), TurnError> {
    tokio::task::spawn_blocking(move || {
        let Prepare { settings, destination, model, context, options } = &asked;
        RequestMemory::of(context, options).within(session.generation().limits().memory)?;
        let prepared = session.prepare(settings, destination.region().as_str(), model, context, options)?;
        Ok((session, asked, prepared))
    })
    .await?
}

/// The longest body of a request, in bytes, that is prepared on the async worker itself: that takes half a millisecond at most,
/// and a usual request takes less than going to another thread and back. Longer ones leave the worker: a long history takes
/// milliseconds.
const PREPARED_IN_PLACE: usize = 16 << 10;

/// What every model of a chain is asked with.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// The provider.
    pub(super) generation: &'a Arc<Generation>,
    /// The request's place.
    pub(super) permit: &'a Arc<Permit>,
    /// The configuration.
    pub(super) effective: &'a Effective,
    /// How to ask.
    pub(super) options: &'a Options,
    /// The attachments of the conversation.
    pub(super) blobs: &'a Blobs,
    /// Bytes of the request's body.
    pub(super) size: usize,
    /// The version that tells whose fault a failure is.
    pub(super) reference: &'a Reference,
}

/// A request that is ready to be sent, and the version that prepared it and reads the answer.
pub(super) type Ready = (Ask, Arc<Generation>);

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
        let Question { generation, permit, effective, options, size, reference, .. } = *self;
        let session = generation.session_of(permit);
        let mut session = session.map_err(|error| NotBegun::from(&Fault::unconfirmed(error)))?;
        session.give_at_most(blobs::largest_json(size));
        let settings = &effective.configuration.of_requests;
        let Target { model, destination } = target;
        let region = destination.region();
        // The instance is not kept for the answer: what it touched would stay in memory for as long as the answer takes (60 KiB).
        // Nor does a version stay on the worker that failed not long ago: it may hold it up again.
        let (context, prepared) = if size <= PREPARED_IN_PLACE && !generation.faults().lately() {
            let prepared = in_time(&mut session, "prepare", size, |session| {
                session.prepare_in_place(settings, region.as_str(), model, &context, options)
            });
            (context, prepared)
        } else {
            let (settings, model, options) = (settings.clone(), model.clone(), options.clone());
            let region = region.clone();
            let preparing = move || {
                RequestMemory::of(&context, &options).within(session.generation().limits().memory)?;
                let prepared = in_time(&mut session, "prepare", size, |session| {
                    session.prepare(&settings, region.as_str(), &model, &context, &options)
                });
                Ok::<_, TooLarge>((context, prepared))
            };
            tokio::task::spawn_blocking(preparing)
                .await
                .map_err(|error| NotBegun::Refused(Refusal::new(RefusalKind::Internal, error.to_string())))?
                .map_err(|error| NotBegun::Refused(Refusal::too_large(&error)))?
        };
        let (prepared, too_slow) = prepared;
        if let Some(error) = too_slow {
            self.judge_time(&error, target, &context);
        }
        let (prepared, by) = match prepared.and_then(|prepared| self.joined(generation, target, prepared)) {
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
            extras: options.extras.clone(),
            idle: effective.configuration.gateway.limits.idle,
            otherwise: None,
            // A version that stands in for the one that failed is compared with nobody.
            reference: (by.digest() == generation.digest()).then(|| reference.clone()),
        };
        Ok(((ask, by), context))
    }

    /// Confirms that the version is to blame for taking too long: another one that is given the same does not.
    fn judge_time(&self, error: &ProviderError, target: &Target, context: &Context) {
        let Some(seat) = self.reference.seat() else { return };
        let other = &seat.version.generation;
        let run = |mut session: Session| {
            let settings = &seat.effective.configuration.of_requests;
            let region = target.destination.region().as_str();
            let (_, too_slow) = in_time(&mut session, "prepare", self.size, |session| {
                session.prepare(settings, region, &target.model, context, self.options)
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
        let prepared = if self.size <= PREPARED_IN_PLACE {
            session.prepare_in_place(settings, region, model, context, self.options)
        } else {
            session.prepare(settings, region, model, context, self.options)
        };
        self.joined(&generation, target, prepared?)
    }

    /// A prepared request with its body joined and its destination checked. What breaks the bounds of either is the version's failure.
    fn joined(
        &self,
        generation: &Generation,
        target: &Target,
        prepared: Result<Prepared, Vec<Problem>>,
    ) -> Result<Result<Joined, Vec<Problem>>, ProviderError> {
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(problems) => return Ok(Err(problems)),
        };
        let body = blobs::join(&prepared.body, self.blobs).map_err(|error| generation.broke("prepare", error))?;
        let destination = target.destination.for_model(&prepared.model_id);
        let destination = destination.map_err(|error| generation.broke("prepare", error))?;
        Ok(Ok(Joined { prepared, destination, body }))
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
