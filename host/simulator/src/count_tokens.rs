//! `CountTokens`: what a request would count as input, by the counter that `ConverseStream`'s usage comes from.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::Response;
use serde_json::{Value, json};

use super::errors::ServiceError;
use super::faults::Fault;
use super::request::{self, ConverseRequest};
use super::runtime::{html_page, whole_answer};
use super::script::{ResetSwitch, ScriptBody};
use super::signature::Caller;
use super::{models, rules, usage};

/// Members of a body of `InvokeModel` that are input, in the form of Anthropic's Messages.
const INVOKE_INPUT: &[&str] = &["messages", "system", "tools"];

/// Counts the tokens of a request.
///
/// # Errors
/// What the service refuses: an id or an ARN that is not a foundation model's, an input that is not there or not one of its
/// two kinds, and what `Converse` would refuse. And the faults of model ids that are HTTP errors.
pub(crate) fn count_tokens(
    model_id: &str,
    caller: &Caller,
    body: &Bytes,
    switch: ResetSwitch,
) -> Result<Response<ScriptBody>, ServiceError> {
    let model = models::find_for_counting(model_id, caller.region.as_deref())?;
    if let Some(Fault::Http(fault)) = model.fault {
        return fault.error().map_or_else(|| Ok(html_page()), Err);
    }
    let body = request::json(body)?;
    let tokens = match input(&body)? {
        Input::Converse(converse) => {
            rules::check(&ConverseRequest::read(converse)?, &model)?;
            usage::tokens_of_members(converse, usage::CONVERSE_INPUT)
        }
        Input::InvokeModel(invoke) => usage::tokens_of_members(&invoked_body(invoke)?, INVOKE_INPUT),
    };
    whole_answer(&json!({"inputTokens": tokens}), model.fault.as_ref(), Duration::ZERO, switch)
}

/// The union `input`.
enum Input<'a> {
    Converse(&'a Value),
    InvokeModel(&'a Value),
}

fn input(body: &Value) -> Result<Input<'_>, ServiceError> {
    let Some(input) = body.get("input").filter(|input| !input.is_null()) else {
        return Err(ServiceError::validation(
            "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must not be null",
        ));
    };
    let set = |name| input.get(name).filter(|value| !value.is_null());
    match (set("converse"), set("invokeModel")) {
        (Some(converse), None) => Ok(Input::Converse(converse)),
        (None, Some(invoke)) => Ok(Input::InvokeModel(invoke)),
        _ => Err(ServiceError::validation(
            "The CountTokensInput object at input must set one of the following keys: invokeModel, converse.",
        )),
    }
}

/// The JSON that an `InvokeModel` would send: `body`, in base64.
fn invoked_body(invoke: &Value) -> Result<Value, ServiceError> {
    let malformed = |reason: String| {
        ServiceError::validation(format!(
            "Malformed input request: {reason}, please reformat your input and try again."
        ))
    };
    let encoded = invoke.get("body").and_then(Value::as_str).ok_or_else(|| {
        ServiceError::validation(
            "1 validation error detected: Value at 'input.invokeModel.body' failed to satisfy constraint: Member must not be null",
        )
    })?;
    let bytes = STANDARD.decode(encoded).map_err(|error| malformed(error.to_string()))?;
    let body: Value = serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    if body.get("messages").is_none_or(|messages| !messages.is_array()) {
        return Err(malformed("#: required key [messages] not found".to_owned()));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::{Value, json};

    use super::count_tokens;
    use crate::FAULTS;
    use crate::script::ResetSwitch;
    use crate::signature::Caller;

    fn status(model_id: &str, body: &Value) -> Result<u16, String> {
        let caller = Caller { region: Some("us-east-1".to_owned()) };
        count_tokens(model_id, &caller, &Bytes::from(body.to_string()), ResetSwitch::default())
            .map(|answer| answer.status().as_u16())
            .map_err(|error| error.to_string())
    }

    fn hello() -> Value {
        json!({"input": {"converse": {"messages": [{"role": "user", "content": [{"text": "Hello"}]}]}}})
    }

    #[test]
    fn a_model_counts_even_where_only_its_profile_can_be_asked_and_the_profile_does_not() {
        assert_eq!(status("anthropic.claude-sonnet-4-6", &hello()), Ok(200));
        assert_eq!(status("arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0", &hello()), Ok(200));
        for id in [
            "us.anthropic.claude-sonnet-4-6",
            "arn:aws:bedrock:us-east-1:111122223333:inference-profile/us.amazon.nova-pro-v1:0",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/q7simteam0a1",
            "amazon.titan-embed-text-v2:0",
        ] {
            let error = status(id, &hello()).expect_err("must be refused");
            assert_eq!(error, "400 ValidationException: The provided model doesn't support counting tokens.", "{id}");
        }
        assert!(status("no.such-model", &hello()).is_err_and(|error| error.contains("identifier is invalid")));
    }

    #[test]
    fn an_input_is_one_of_two_and_well_formed() {
        let hello = &hello()["input"]["converse"];
        for (input, words) in [
            (json!({}), "'input' failed to satisfy constraint"),
            (json!({"input": {}}), "one of the following keys: invokeModel, converse"),
            (json!({"input": 7}), "one of the following keys: invokeModel, converse"),
            (json!({"input": {"converse": hello, "invokeModel": {"body": "e30="}}}), "one of the following keys"),
            (json!({"input": {"converse": {}}}), "'messages' failed to satisfy constraint"),
            (json!({"input": {"invokeModel": {}}}), "'input.invokeModel.body'"),
            (json!({"input": {"invokeModel": {"body": "!"}}}), "Malformed input request"),
            (json!({"input": {"invokeModel": {"body": "e30="}}}), "[messages] not found"),
        ] {
            let error = status("amazon.nova-lite-v1:0", &input).expect_err("must be refused");
            assert!(error.contains(words), "{error} for {input}");
        }
    }

    #[test]
    fn every_fault_has_an_answer() {
        for fault in FAULTS {
            let id = fault.id.replace("after-K", "after-2").replace("MS", "1").replace("REASON", "end_turn");
            let answered = status(&id, &hello());
            if id.starts_with("sim.http.503-html") {
                assert_eq!(answered, Ok(503));
            } else if let Some(name) = id.strip_prefix("sim.http.") {
                assert!(answered.is_err_and(|error| error.starts_with(&name[..3])), "{id}");
            } else if id.starts_with("sim.exception.") || id.starts_with("sim.error-frame") {
                assert!(answered.is_err(), "{id}");
            } else {
                assert_eq!(answered, Ok(200), "{id}");
            }
        }
    }
}
