//! `ConverseStream` and `Converse`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;

use super::dice::Dice;
use super::errors::ServiceError;
use super::faults::Fault;
use super::models::{self, CallableModel};
use super::reply::{Asked, Reply};
use super::request::ConverseRequest;
use super::routes::{json_response, typed_response};
use super::script::{ResetSwitch, ScriptBody, Step};
use super::server::Shared;
use super::signature::Caller;
use super::{events, rules, stage, usage, whole};

const HTML_PAGE: &str = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n<center><h1>503 Service Temporarily Unavailable</h1></center>\r\n</body>\r\n</html>\r\n";

/// A request to a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Invocation<'a> {
    pub(crate) model_id: &'a str,
    pub(crate) caller: &'a Caller,
    pub(crate) body: &'a Bytes,
    /// `ConverseStream`, not `Converse`.
    pub(crate) streams: bool,
}

/// Answers a request to a model.
///
/// # Errors
/// What the service refuses, and the HTTP faults of model ids.
pub(crate) fn converse(
    call: &Invocation<'_>,
    shared: &Shared,
    switch: ResetSwitch,
) -> Result<Response<ScriptBody>, ServiceError> {
    let began = Instant::now();
    let model = models::find(call.model_id, call.caller.region.as_deref(), call.streams)?;
    if let Some(Fault::Http(fault)) = model.fault {
        return fault.error().map_or_else(|| Ok(html_page()), Err);
    }
    let body: Value = serde_json::from_slice(call.body).map_err(|error| {
        ServiceError::validation(format!("Malformed input request: {error}, please reformat your input and try again."))
    })?;
    let request = ConverseRequest::read(&body)?;
    rules::check(&request, &model)?;
    let mut dice = Dice::new(shared.options.seed, call.body);
    let asked =
        Asked { request: &request, model: &model, region: call.caller.region.as_deref(), body_bytes: call.body.len() };
    let reply = Reply::to(asked, &mut dice);
    let usage = usage::usage(&body, &reply, shared.count_cache(call.model_id, &body));
    let answer = Answer { reply, usage, model, began };
    if call.streams { Ok(answer.stream(shared, &mut dice, switch)) } else { answer.whole(shared, &mut dice, switch) }
}

struct Answer {
    reply: Reply,
    usage: Value,
    model: CallableModel,
    began: Instant,
}

impl Answer {
    fn stream(self, shared: &Shared, dice: &mut Dice, switch: ResetSwitch) -> Response<ScriptBody> {
        let fault = self.model.fault.as_ref();
        let spoken = events::events(&self.reply, self.model.style, dice);
        let pauses = stage::pauses(&spoken, fault, shared.options.pace, dice);
        let planned = pauses.iter().sum::<Duration>();
        let last = events::metadata(&self.reply, &self.usage, latency_ms(self.began.elapsed() + planned));
        let all = stage::with_fault(spoken.into_iter().chain([last]).collect(), fault);
        let steps = stage::steps(&all, &pauses, fault, dice);
        typed_response("application/vnd.amazon.eventstream", ScriptBody::played(steps, switch))
    }

    fn whole(
        self,
        shared: &Shared,
        dice: &mut Dice,
        switch: ResetSwitch,
    ) -> Result<Response<ScriptBody>, ServiceError> {
        let fault = self.model.fault.as_ref();
        match fault {
            Some(Fault::Exception { kind, .. }) => return Err(kind.error()),
            Some(Fault::ErrorFrame { .. }) => {
                return Err(ServiceError::new(
                    500,
                    "InternalFailure",
                    "The simulator was asked to fail in a way that no SDK models.",
                ));
            }
            Some(Fault::Reset { .. }) => {
                return Ok(typed_response("application/json", ScriptBody::played(vec![Step::Reset], switch)));
            }
            Some(Fault::Silence { .. }) => {
                return Ok(typed_response("application/json", ScriptBody::played(vec![Step::Hang], switch)));
            }
            _ => {}
        }
        let spoken = events::events(&self.reply, self.model.style, dice);
        let pause: Duration = stage::pauses(&spoken, fault, shared.options.pace, dice).iter().sum();
        let body =
            Bytes::from(whole::body(&self.reply, &self.usage, latency_ms(self.began.elapsed() + pause)).to_string());
        let steps: Vec<Step> = match fault {
            Some(Fault::Truncate { .. } | Fault::CutMidFrame { .. } | Fault::MalformedJson { .. }) => {
                vec![Step::Send(body.slice(..body.len() / 2))]
            }
            Some(Fault::Drip) => stage::drip(&body).collect(),
            _ if pause.is_zero() => return Ok(typed_response("application/json", ScriptBody::whole(body))),
            _ => vec![Step::Wait(pause), Step::Send(body)],
        };
        Ok(typed_response("application/json", ScriptBody::played(steps, switch)))
    }
}

fn html_page() -> Response<ScriptBody> {
    let mut response = json_response(&Value::Null);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    *response.body_mut() = ScriptBody::whole(HTML_PAGE);
    response
}

fn latency_ms(latency: Duration) -> u64 {
    u64::try_from(latency.as_millis()).unwrap_or(u64::MAX).max(1)
}
