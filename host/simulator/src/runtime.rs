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
use super::request::{self, ConverseRequest};
use super::routes::{json_response, typed_response};
use super::script::{ResetSwitch, ScriptBody, Step};
use super::server::Shared;
use super::signature::Caller;
use super::{events, limits, rules, stage, usage, whole};

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
/// The refusals of the service, and the HTTP faults of model ids.
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
    let body = request::json(call.body)?;
    let request = ConverseRequest::read(&body)?;
    rules::check(&request, &model)?;
    if call.streams {
        limits::check_streams(&request, &model)?;
    }
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
        let spoken = events::events(&self.reply, self.model.style, dice);
        let pause: Duration = stage::pauses(&spoken, fault, shared.options.pace, dice).iter().sum();
        let body = whole::body(&self.reply, &self.usage, latency_ms(self.began.elapsed() + pause));
        whole_answer(&body, fault, pause, switch)
    }
}

/// An answer that is one JSON document, with the counterpart of a stream's fault.
///
/// # Errors
/// The faults that are HTTP errors here.
pub(crate) fn whole_answer(
    body: &Value,
    fault: Option<&Fault>,
    pause: Duration,
    switch: ResetSwitch,
) -> Result<Response<ScriptBody>, ServiceError> {
    let body = Bytes::from(body.to_string());
    let steps: Vec<Step> = match fault {
        Some(Fault::Exception { kind, .. }) => return Err(kind.error()),
        Some(Fault::ErrorFrame { .. }) => {
            return Err(ServiceError::new(
                500,
                "InternalFailure",
                "The simulator was asked to fail in a way that no SDK models.",
            ));
        }
        Some(Fault::Reset { .. }) => vec![Step::Reset],
        Some(Fault::Silence { .. }) => vec![Step::Hang],
        Some(Fault::Truncate { .. } | Fault::CutMidFrame { .. } | Fault::MalformedJson { .. }) => {
            vec![Step::Send(body.slice(..body.len() / 2))]
        }
        Some(Fault::Drip) => stage::drip(&body).collect(),
        _ if pause.is_zero() => return Ok(typed_response("application/json", ScriptBody::whole(body))),
        _ => vec![Step::Wait(pause), Step::Send(body)],
    };
    Ok(typed_response("application/json", ScriptBody::played(steps, switch)))
}

/// The answer of a proxy without a backend.
pub(crate) fn html_page() -> Response<ScriptBody> {
    let mut response = json_response(&Value::Null);
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    *response.body_mut() = ScriptBody::whole(HTML_PAGE);
    response
}

fn latency_ms(latency: Duration) -> u64 {
    u64::try_from(latency.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::{Invocation, converse};
    use crate::script::ResetSwitch;
    use crate::server::Shared;
    use crate::signature::Caller;
    use crate::{FAULTS, Pace, SimulatorOptions};

    /// A request with a bit of everything.
    fn request() -> Value {
        let point = json!({"cachePoint": {"type": "default", "ttl": "1h"}});
        let image = json!({"image": {"format": "png", "source": {"bytes": "iVBORw=="}}});
        let schema = json!({"type": "object", "properties": {"a": {"type": "number", "minimum": 1}, "b": {"anyOf": [{"type": "string"}]}}, "required": ["a", "b"]});
        json!({
            "additionalModelRequestFields": {"thinking": {"type": "adaptive", "display": "omitted"}},
            "inferenceConfig": {"maxTokens": 100, "stopSequences": ["STOP"], "topP": 0.5},
            "messages": [
                {"role": "user", "content": [{"text": "Use add on 1"}, image, {"document": {"name": "a", "format": "txt", "source": {"text": "b"}}}]},
                {"role": "assistant", "content": [
                    {"reasoningContent": {"reasoningText": {"text": "t", "signature": "s"}}},
                    {"toolUse": {"toolUseId": "x", "name": "add", "input": {"a": 1}}},
                ]},
                {"role": "user", "content": [{"toolResult": {"toolUseId": "x", "status": "error", "content": [{"json": {"r": 1}}, image]}}, point]},
            ],
            "system": [{"text": "Be brief."}, point],
            "toolConfig": {"tools": [{"toolSpec": {"name": "add", "description": "adds", "inputSchema": {"json": schema}}}], "toolChoice": {"auto": {}}},
        })
    }

    fn status(shared: &Shared, model_id: &str, body: &Value, streams: bool) -> u16 {
        let caller = Caller { region: Some("us-east-1".to_owned()) };
        let call = Invocation { model_id, caller: &caller, body: &Bytes::from(body.to_string()), streams };
        converse(&call, shared, ResetSwitch::default())
            .map_or_else(|error| error.status, |answer| answer.status().as_u16())
    }

    /// The request with one value replaced, once for each of its places.
    fn spoiled(value: &Value, with: &Value) -> Vec<Value> {
        let places: Vec<Value> = match value {
            Value::Array(list) => (0..list.len()).map(Value::from).collect(),
            Value::Object(members) => members.keys().cloned().map(Value::from).collect(),
            _ => vec![],
        };
        let put = |place: &Value, inner: Value| {
            let mut whole = value.clone();
            match place {
                Value::String(name) => whole[name.as_str()] = inner,
                place => whole[usize::try_from(place.as_u64().unwrap_or(0)).unwrap_or(0)] = inner,
            }
            whole
        };
        let at = |place: &Value| match place {
            Value::String(name) => &value[name.as_str()],
            place => &value[usize::try_from(place.as_u64().unwrap_or(0)).unwrap_or(0)],
        };
        let deeper =
            places.iter().flat_map(|place| spoiled(at(place), with).into_iter().map(move |inner| put(place, inner)));
        places.iter().map(|place| put(place, with.clone())).chain(deeper).collect()
    }

    #[test]
    fn any_value_anywhere_is_answered_or_refused() {
        let shared = Shared::new(SimulatorOptions { pace: Pace::Instant, seed: 0 });
        let good = request();
        assert_eq!(status(&shared, "us.anthropic.claude-sonnet-4-6", &good, true), 200);
        for with in [
            json!(null),
            json!(true),
            json!(-1e300),
            json!(""),
            json!("é\u{0}x"),
            json!([]),
            json!({}),
            json!([{}]),
            json!({"$ref": "#"}),
        ] {
            for body in spoiled(&good, &with) {
                for (model, streams) in [
                    ("us.anthropic.claude-sonnet-4-6", true),
                    ("amazon.nova-lite-v1:0", false),
                    ("sim.malformed-tool", true),
                ] {
                    let status = status(&shared, model, &body, streams);
                    assert!(matches!(status, 200 | 400), "{status} for {body}");
                }
            }
        }
    }

    #[test]
    fn some_models_call_tools_only_where_nothing_is_streamed() {
        let shared = Shared::new(SimulatorOptions { pace: Pace::Instant, seed: 0 });
        let plain = json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]});
        let mut tools = plain.clone();
        tools["toolConfig"] = request()["toolConfig"].clone();
        for model in ["us.meta.llama3-3-70b-instruct-v1:0", "us.writer.palmyra-x5-v1:0"] {
            let of = |body, streams| status(&shared, model, body, streams);
            assert_eq!((of(&tools, true), of(&tools, false), of(&plain, true)), (400, 200, 200), "{model}");
        }
    }

    #[test]
    fn every_fault_answers_both_operations_at_any_point() {
        let shared = Shared::new(SimulatorOptions { pace: Pace::Instant, seed: 0 });
        let body = json!({"messages": [{"role": "user", "content": [{"text": "Hello"}]}]});
        for fault in FAULTS {
            for after in ["after-0", "after-1", "after-18446744073709551615"] {
                let id = fault.id.replace("after-K", after).replace("MS", "1").replace("REASON", "end_turn");
                let streamed = status(&shared, &id, &body, true);
                let expected =
                    id.strip_prefix("sim.http.").and_then(|rest| rest.get(..3)).and_then(|status| status.parse().ok());
                assert_eq!(streamed, expected.unwrap_or(200), "{id}");
                let whole = status(&shared, &id, &body, false);
                let likes = if id.starts_with("sim.exception.") {
                    &[400, 424, 429, 500, 503]
                } else {
                    &[expected.unwrap_or(200), 500][..]
                };
                assert!(likes.contains(&whole), "{whole} for {id}");
            }
        }
    }
}
