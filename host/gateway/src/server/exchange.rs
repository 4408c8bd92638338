//! One exchange: reads a request of a wire format and writes its answer.

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Request, Response};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::activity::UnderWay;
use super::admission::{self, Admission, Asker, Visit};
use super::answer::{Answer, Beginning, Bounds};
use super::body::{self, Upload};
use super::reply;
use crate::begin::{self, Begun};
use crate::catalog::Resolver;
use crate::chain;
use crate::config::gateway::{GatewayConfig, RemoteConfig};
use crate::contract::conversation::Delta;
use crate::crash::attributed;
use crate::cut_short::Deadline;
use crate::effective::Effective;
use crate::lineup::Seat;
use crate::listeners::{Listeners, Recorder};
use crate::pi::message::Fold;
use crate::pi::{API, PROVIDER};
use crate::refusal::{Refusal, RefusalKind};
use crate::remote::{self, Fetched};
use crate::rerun::Reference;
use crate::state::Gateway;
use crate::telemetry::{Arrival, Begun as Arrived, Observation, Refusal as Reason};
use crate::wire::notices::{self, Notices};
use crate::wire::responses::kept::Keeper;
use crate::wire::{self, Format, Head, ReadError, Received, Wanted, Writer};
use crate::worker::{IN_PLACE, read_beside};

/// Answers a request.
pub(super) async fn exchange(gateway: Arc<Gateway>, format: &'static Format, request: Request<Body>) -> Response<Body> {
    let id = reply::new_id();
    let mut notices = Notices::default();
    let mut response = match answered(&gateway, format, request, &id, &mut notices).await {
        Ok(response) => reply::named(response, format, &id),
        Err(refused) => reply::refusal(format, &refused, &id),
    };
    if let Some(notices) = notices.header() {
        response.headers_mut().insert(notices::HEADER, notices);
    }
    response
}

async fn answered(
    gateway: &Arc<Gateway>,
    format: &'static Format,
    request: Request<Body>,
    id: &str,
    notices: &mut Notices,
) -> Result<Response<Body>, Refusal> {
    let effective = gateway.effective();
    let (parts, body) = request.into_parts();
    let (visit, body) = visit(gateway, &effective, &parts, body, format.path).await?;
    let mut observation = observe(gateway, format.path, &parts, visit.admitted.name(), id);
    let config = &effective.configuration.gateway;
    let room = gateway.capacity.bodies().body(visit.admitted.name(), effective.keys.are_needed());
    let read = async {
        let upload = body::read(body, &parts.headers, &config.limits, room).await?;
        let keeper = Keeper::new(&gateway.kept, visit.admitted.name(), config.responses);
        let mut read = read(format, &upload.body, &parts.headers, config, Some(&keeper)).await?;
        read.writer.keep(keeper);
        Ok::<_, Refusal>((upload, read))
    };
    // Its room is given back when the answer begins: by then the body was sent on.
    let (Upload { body: sent, received, room: _room }, mut read) = match read.await {
        Ok(read) => read,
        Err(refused) => return Err(unread(gateway, observation, refused)),
    };
    observation.received(received);
    observed(&read.asked.notices, &observation);
    *notices = std::mem::take(&mut read.asked.notices);
    let admission = match visit.admit(gateway, id, &parts.headers, &read.asked) {
        Ok(admission) => admission,
        Err(refused) => return Err(refuse(observation, refused)),
    };
    observation.version(admission.seat.version.label());
    let effective = Arc::clone(&admission.seat.effective);
    let config = &effective.configuration.gateway;
    if config.log.prompts {
        observation.prompt(&String::from_utf8_lossy(&sent));
    }
    let span = observation.span().clone();
    let head = Head { id: id.to_owned(), model: read.asked.model.clone(), created: SystemTime::now() };
    observation.asked(&read.asked.model, read.asked.stream, &read.asked.options, read.asked.context.tools.len());
    let reference = Reference::new(&admission.seat, &sent);
    let by = Resolver {
        generation: &admission.seat.version.generation,
        permit: &admission.permit,
        effective: &effective,
        reference: &reference,
    };
    let resolving = chain::of_request(&read.asked.model, read.asked.known.as_ref(), &admission.admitted, &by)
        .instrument(span.clone());
    let chain = match resolving.await {
        Ok(chain) => chain,
        Err(refused) => return Err(refuse(observation, refused)),
    };
    chain::attribute(&mut read.asked, &chain);
    // No version of the provider took part in a refusal up to here.
    if let Some(witness) = admission.seat.witness() {
        observation.on_end(witness);
    }
    let (stream, writer) = (read.asked.stream, read.writer);
    let deadline = deadline(gateway, &admission.seat, config);
    let beginning = begin::Beginning {
        generation: Arc::clone(&admission.seat.version.generation),
        permit: Arc::clone(&admission.permit),
        effective: Arc::clone(&effective),
        asked: read.asked,
        size: sent.len(),
        chain,
        observation,
        deadline: deadline.clone(),
        listeners: Listeners {
            shadow: admission.seat.shadow().map(Arc::clone),
            recorder: gateway.recorder.get().and_then(Recorder::sampled),
        },
        reference,
    };
    // What is sent on has its own bytes.
    drop(sent);
    let under_way = parts.extensions.get::<UnderWay>().cloned();
    // Only HTTP/2 connections have it: only there can a client stop reading one answer while its connection stays open.
    let stall = under_way.is_some().then_some(config.limits.stall);
    let bounds = Bounds { keep_alive: config.keep_alive, deadline, stall };
    let beginning: Beginning = Box::pin(begin::begin(beginning).instrument(span.clone()));
    if stream {
        streamed(beginning, head, writer, bounds, admission, under_way, notices).await
    } else {
        let version = admission.seat.version.digest();
        attributed(version, whole(beginning, head, writer, bounds, admission, notices)).instrument(span).await
    }
}

/// Logs and counts what was ignored of a request.
pub(super) fn observed(notices: &Notices, observation: &Observation) {
    if let Some(told) = notices.told() {
        observation.ignored(notices.places(), &told);
    }
}

/// Observes a request of this key from its arrival on.
pub(super) fn observe(gateway: &Gateway, endpoint: &'static str, parts: &Parts, key: &str, id: &str) -> Observation {
    let arrival = parts.extensions.get::<Arrival>();
    // The operator's requests come by the admin listener, which takes no note of them.
    let arrival = arrival.cloned().unwrap_or_else(|| Arrival::now(None, None));
    let method = parts.method.as_str();
    let begun = Arrived { endpoint, request_id: id, key, method, arrival };
    let observation = Observation::begin(&gateway.metrics, &begun);
    observation.child_of(&parts.headers);
    observation
}

/// The deadline of an answer whose request arrives now.
pub(super) fn deadline(gateway: &Gateway, seat: &Seat, config: &GatewayConfig) -> Deadline {
    let turn = config.limits.turn;
    let until = (!turn.is_zero()).then(|| Instant::now() + turn);
    Deadline { until, cut_off: seat.version.cut_off.clone(), stopping: gateway.cut_off.clone() }
}

/// Admits a request. The body of a refused request is still read, within bounds: see [`body::discard`].
pub(super) async fn visit(
    gateway: &Gateway,
    effective: &Effective,
    parts: &Parts,
    body: Body,
    endpoint: &'static str,
) -> Result<(Visit, Body), Refusal> {
    match admission::visit(gateway, effective, Asker::of(parts), endpoint) {
        Ok(visit) => Ok((visit, body)),
        Err(refused) => {
            body::discard(body, &parts.headers, effective.configuration.gateway.limits.body).await;
            Err(refused)
        }
    }
}

/// Records a refusal and returns it.
pub(super) fn refuse(mut observation: Observation, refused: Refusal) -> Refusal {
    observation.refused(&refused.answer(refused.status));
    refused
}

/// Records the refusal of a request that was not read, and returns it.
pub(super) fn unread(gateway: &Gateway, observation: Observation, refused: Refusal) -> Refusal {
    match refused.kind {
        RefusalKind::TooLarge => gateway.metrics.refused(Reason::Size),
        RefusalKind::Overloaded => gateway.metrics.refused(Reason::Memory),
        _ => {}
    }
    refuse(observation, refused)
}

/// Reads a request by its format; fetches what it names by address, where that is allowed.
pub(super) async fn read(
    format: &'static Format,
    body: &Bytes,
    headers: &HeaderMap,
    config: &GatewayConfig,
    keeper: Option<&Keeper>,
) -> Result<wire::Request, Refusal> {
    let mut read = read_with(format, body, headers, Fetched::default()).await;
    let mut recalled = None;
    if let Err(ReadError::Recalls(named)) = &read {
        let keeper = keeper.ok_or_else(|| Refusal::new(RefusalKind::Internal, "nothing is kept for this endpoint"))?;
        recalled = Some(keeper.recall(named)?);
        read = read_with(format, body, headers, Fetched::default().with(recalled.clone())).await;
    }
    if let Err(ReadError::Wants(wanted)) = &read {
        let fetched = fetch(&config.remote, wanted).await?.with(recalled);
        read = read_with(format, body, headers, fetched).await;
    }
    match read {
        Ok(request) => unless_strict(request, config),
        Err(ReadError::Refused(refusal)) => Err(refusal),
        Err(ReadError::Wants(_)) => Err(Refusal::new(RefusalKind::Internal, "a fetched attachment is missing")),
        Err(ReadError::Recalls(_)) => Err(Refusal::new(RefusalKind::Internal, "a kept answer is missing")),
    }
}

/// The request, unless something of it was ignored and the configuration wants that refused.
fn unless_strict(request: wire::Request, config: &GatewayConfig) -> Result<wire::Request, Refusal> {
    request.asked.notices.refusal().filter(|_| config.strict).map_or(Ok(request), Err)
}

/// Reads a request to which this was fetched, off the async workers if it is large.
async fn read_with(
    format: &'static Format,
    body: &Bytes,
    headers: &HeaderMap,
    fetched: Fetched,
) -> Result<wire::Request, ReadError> {
    if body.len() <= IN_PLACE {
        return (format.read)(&Received { body, headers, fetched: &fetched });
    }
    let (body, headers) = (body.clone(), headers.clone());
    read_beside(move || (format.read)(&Received { body: &body, headers: &headers, fetched: &fetched })).await?
}

/// Fetches what a request names by address, where the configuration allows that.
async fn fetch(config: &RemoteConfig, wanted: &[Wanted]) -> Result<Fetched, Refusal> {
    if !config.allowed {
        let told: Vec<_> = wanted
            .iter()
            .map(|Wanted { path, .. }| {
                format!(
                    "{path}: this gateway fetches no addresses (quarry.remote.allowed); send the bytes in base64 or as a `data:` URL"
                )
            })
            .collect();
        let path = wanted.first().map(|wanted| wanted.path.clone()).unwrap_or_default();
        return Err(Refusal::invalid(path, told.join("\n")));
    }
    remote::fetch(config, wanted.iter().map(|wanted| wanted.url.as_str())).await.map_err(|error| {
        let path = wanted.first().map(|wanted| wanted.path.clone()).unwrap_or_default();
        Refusal::invalid(path, error.to_string())
    })
}

/// Begins a stream. A failure before the first content has a status of its own, as long as nothing was sent; after a silence of
/// some seconds the headers go out, so that nothing between here and the client takes the connection for dead.
async fn streamed(
    mut beginning: Beginning,
    head: Head,
    writer: Box<dyn Writer>,
    bounds: Bounds,
    admission: Admission,
    under_way: Option<UnderWay>,
    notices: &mut Notices,
) -> Result<Response<Body>, Refusal> {
    let mut aws_request_id = None;
    let answer = match tokio::time::timeout(bounds.keep_alive, &mut beginning).await {
        Ok(Ok(begun)) => {
            notices.changed(&begun.ask.changes);
            aws_request_id = begun.turn.request_id().map(str::to_owned);
            Answer::begun(begun, head, writer, bounds, admission, under_way)
        }
        Ok(Err((not_begun, observation))) => {
            return Err(admission.suggesting(not_begun, &head.model).observed(observation, None));
        }
        Err(_) => Answer::beginning(beginning, head, writer, bounds, admission, under_way),
    };
    let mut response = Response::new(Body::new(answer));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // nginx collects responses otherwise.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    reply::aws_request_id(headers, aws_request_id.as_deref());
    Ok(response)
}

/// Waits for the whole answer.
async fn whole(
    beginning: Beginning,
    mut head: Head,
    mut writer: Box<dyn Writer>,
    bounds: Bounds,
    admission: Admission,
    notices: &mut Notices,
) -> Result<Response<Body>, Refusal> {
    let mut over = std::pin::pin!(bounds.deadline.passed());
    let Begun { mut turn, first, ask, mut observation } = match beginning.await {
        Ok(begun) => begun,
        Err((not_begun, observation)) => {
            return Err(admission.suggesting(not_begun, &head.model).observed(observation, None));
        }
    };
    notices.changed(&ask.changes);
    ask.destination.model_id().clone_into(&mut head.model);
    let mut fold = Fold::new(API, PROVIDER, &head.model, None);
    let mut last = None;
    admission.live.deltas(first.len());
    let mut deltas = Some(first);
    while let Some(some) = deltas {
        for delta in some {
            fold.apply(&delta);
            last = Some(delta);
        }
        deltas = tokio::select! {
            biased;
            next = std::future::poll_fn(|context| turn.poll_deltas(context)) => next,
            why = &mut over => {
                let deltas = turn.cut_short(why);
                observation.deltas(&deltas, turn.provider_time());
                return Err(refuse(observation, why.refusal()));
            }
        };
        if let Some(deltas) = &deltas {
            admission.live.deltas(deltas.len());
            observation.deltas(deltas, turn.provider_time());
        }
    }
    let aws_request_id = turn.request_id().map(str::to_owned);
    let ended = match last {
        Some(Delta::Done(outcome)) => Ok(outcome),
        Some(Delta::Error(failed)) => writer.ends_well(&failed).ok_or_else(|| Refusal::from(&failed.failure)),
        _ => Err(Refusal::new(RefusalKind::Internal, "the answer ended without `done` or `error`")),
    };
    match ended {
        Ok(outcome) => {
            writer.begin(&head);
            let mut body = Vec::with_capacity(4096);
            writer.whole(fold.message(), &outcome, &mut body);
            observation.answered(200);
            observation.sent(body.len());
            let mut response = reply::document(body);
            reply::aws_request_id(response.headers_mut(), aws_request_id.as_deref());
            Ok(response)
        }
        Err(refused) => Err(refuse(observation, refused)),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use bytes::Bytes;
    use hyper::HeaderMap;

    use super::read;
    use crate::config::gateway::GatewayConfig;
    use crate::refusal::Refusal;
    use crate::wire::{Format, ReadError, chat_completions};
    use crate::worker::IN_PLACE;

    /// A format that says on which thread it reads.
    static FORMAT: Format = Format {
        read: |_| Err(ReadError::Refused(Refusal::invalid("body", format!("{:?}", thread::current().id())))),
        ..chat_completions::CHAT_COMPLETIONS
    };

    #[tokio::test]
    async fn a_large_body_is_read_on_another_thread() {
        let worker = format!("{:?}", thread::current().id());
        for (bytes, is_large) in [(0, false), (IN_PLACE, false), (IN_PLACE + 1, true), (20 << 20, true)] {
            let body = Bytes::from(vec![b' '; bytes]);
            let refused = read(&FORMAT, &body, &HeaderMap::new(), &GatewayConfig::default(), None).await;
            let thread = refused.err().expect("it reads nothing").message;
            assert_eq!(thread != worker, is_large, "{bytes} bytes");
        }
    }
}
