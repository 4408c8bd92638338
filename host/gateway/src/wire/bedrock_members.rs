//! Members of Converse that no other API has, under Bedrock's own names, at the top of a request of any format that clients write:
//! chat completions, responses and messages. The SDKs send them as `extra_body`.
//!
//! `additionalModelRequestFields`, `additionalModelResponseFieldPaths`, `guardrailConfig`, `performanceConfig`, `promptVariables` and
//! `requestMetadata` are ConverseStream's. Two are the provider's own: `guardLastTurnOnly`, for which the guardrail looks at what
//! the user said last and not at the history, and `systemTools`, the names of tools that Bedrock runs itself.
//!
//! What a client asked for by these has its place in the answer under Bedrock's names too: `additionalModelResponseFields`, and the
//! `trace` of a guardrail. In a stream they are in the event that ends the answer.

use serde::Serialize;

use super::reader::{Object, Value};
use crate::contract::config::Guardrail;
use crate::contract::conversation::{Options, Outcome};
use crate::json::raw::Json;

/// What the client itself asked for of the answer. What the gateway or its configuration asks Bedrock for is not the client's: the
/// trace of an operator's guardrail says what it looks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AskedOfAnswer {
    response_fields: bool,
    trace: bool,
}

/// Members of an answer under Bedrock's names.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AnswerMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    additional_model_response_fields: Option<Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Json>,
}

impl AskedOfAnswer {
    /// The requested fields that the answer has.
    pub(crate) fn of(self, outcome: &Outcome) -> AnswerMembers {
        let told = |asked: bool, told: &Option<String>| told.clone().filter(|_| asked).map(Json);
        AnswerMembers {
            additional_model_response_fields: told(self.response_fields, &outcome.details.additional_response_fields),
            trace: told(self.trace, &outcome.details.trace),
        }
    }
}

/// Reads Bedrock's own members of a request. Returns what they request of the answer.
pub(crate) fn read(body: &Object<'_, '_>, options: &mut Options) -> AskedOfAnswer {
    let mut asked = AskedOfAnswer::default();
    if let Some(fields) = body.take("additionalModelRequestFields")
        && fields.require_object("an object").is_some()
    {
        options.additional_request_fields = Some(fields.raw.get().to_owned());
    }
    let mut paths = body.items("additionalModelResponseFieldPaths", "an array of JSON pointers").peekable();
    asked.response_fields = paths.peek().is_some();
    for path in paths.filter_map(|value| value.string()) {
        // A format may ask for some by itself.
        if !options.additional_response_field_paths.contains(&path) {
            options.additional_response_field_paths.push(path);
        }
    }
    if let Some(guardrail) = body.take("guardrailConfig").and_then(|guardrail| guardrail.require_object("an object")) {
        options.guardrail = Some(Guardrail {
            identifier: guardrail.require_string("guardrailIdentifier"),
            version: guardrail.require_string("guardrailVersion"),
            stream_processing_mode: guardrail.string("streamProcessingMode"),
            trace: guardrail.string("trace"),
        });
        guardrail.finish();
        let trace = options.guardrail.as_ref().and_then(|guardrail| guardrail.trace.as_deref());
        asked.trace = trace.is_some_and(|trace| trace != "disabled");
    }
    options.guard_last_turn_only = body.flag("guardLastTurnOnly").unwrap_or(false);
    let tools = body.items("systemTools", "an array of names of tools");
    options.system_tools.extend(tools.filter_map(|value| value.string()));
    if let Some(performance) = body.take("performanceConfig").and_then(|config| config.require_object("an object")) {
        options.latency = performance.string("latency");
        performance.finish();
    }
    if let Some(metadata) = body.take("requestMetadata") {
        options.request_metadata.extend(texts(&metadata));
    }
    for (name, value) in members(body.take("promptVariables")) {
        if let Some(text) = value.require_object("an object with `text`").map(|value| value.require_string("text")) {
            options.prompt_variables.push((name, text));
        }
    }
    asked
}

/// An object of texts.
pub(crate) fn texts(value: &Value<'_, '_>) -> Vec<(String, String)> {
    members(Some(value.clone())).into_iter().filter_map(|(name, value)| Some((name, value.string()?))).collect()
}

fn members<'r, 'a>(value: Option<Value<'r, 'a>>) -> Vec<(String, Value<'r, 'a>)> {
    let object = value.and_then(|value| value.require_object("an object"));
    object.map(Object::into_members).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use hyper::HeaderMap;

    use crate::contract::conversation::{AnswerDetails, Delta, Options, Outcome, StopReason};
    use crate::contract::no_details;
    use crate::contract::types::{Usage, UsageCost};
    use crate::pi::message::Fold;
    use crate::remote::Fetched;
    use crate::wire::{Format, Head, ReadError, Received, chat_completions, messages, responses};

    /// Every format that takes them, with the least of a request around these members.
    const FORMATS: [(&Format, &str); 3] = [
        (&chat_completions::CHAT_COMPLETIONS, r#""messages":[{"role":"user","content":"hi"}]"#),
        (&responses::RESPONSES, r#""input":"hi""#),
        (&messages::MESSAGES, r#""max_tokens":9,"messages":[{"role":"user","content":"hi"}]"#),
    ];

    fn read((format, conversation): (&Format, &str), members: &str) -> Result<Options, String> {
        let body = format!(r#"{{"model":"m",{conversation},{members}}}"#);
        let received = Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() };
        match (format.read)(&received) {
            Ok(request) => Ok(request.asked.options),
            Err(ReadError::Refused(refusal)) => Err(refusal.message),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_format_takes_bedrocks_members() {
        let members = r#""guardrailConfig":{"guardrailIdentifier":"g1","guardrailVersion":"3","trace":"enabled"},
            "guardLastTurnOnly":true,"systemTools":["nova_grounding"],"performanceConfig":{"latency":"optimized"},
            "requestMetadata":{"team":"a"},"promptVariables":{"city":{"text":"Rome"}},
            "additionalModelRequestFields":{"top_k":1.50},"additionalModelResponseFieldPaths":["/a","/a"]"#;
        for format in FORMATS {
            let path = format.0.path;
            let options = read(format, members).unwrap_or_else(|told| panic!("{path}: {told}"));
            let guardrail = options.guardrail.expect(path);
            assert_eq!((guardrail.identifier.as_str(), guardrail.version.as_str()), ("g1", "3"), "{path}");
            assert_eq!(guardrail.trace.as_deref(), Some("enabled"), "{path}");
            assert!(options.guard_last_turn_only, "{path}");
            assert_eq!(options.system_tools, ["nova_grounding"], "{path}");
            assert_eq!(options.latency.as_deref(), Some("optimized"), "{path}");
            assert_eq!(options.request_metadata, [("team".to_owned(), "a".to_owned())], "{path}");
            assert_eq!(options.prompt_variables, [("city".to_owned(), "Rome".to_owned())], "{path}");
            assert_eq!(options.additional_request_fields.as_deref(), Some(r#"{"top_k":1.50}"#), "{path}");
            assert_eq!(options.additional_response_field_paths, ["/a"], "{path}");
        }
    }

    #[test]
    fn a_prompt_of_bedrocks_wants_no_message() {
        for format in
            [(&chat_completions::CHAT_COMPLETIONS, r#""messages":[]"#), (&responses::RESPONSES, r#""input":[]"#)]
        {
            let options = read(format, r#""promptVariables":{"city":{"text":"Rome"}}"#).expect("it is right");
            assert_eq!(options.prompt_variables.len(), 1, "{}", format.0.path);
        }
    }

    #[test]
    fn unknown_members_are_ignored_and_named_in_every_format() {
        for (format, conversation) in FORMATS {
            let body = format!(
                r#"{{"model":"m",{conversation},"magic":null,"some thing":"SECRET",
                "guardrailConfig":{{"guardrailIdentifier":"g1","guardrailVersion":"3","other":1}}}}"#
            );
            let received = Received { body: body.as_bytes(), headers: &HeaderMap::new(), fetched: &Fetched::default() };
            let Ok(request) = (format.read)(&received) else { panic!("{body} was refused") };
            let notices = request.asked.notices;
            let header = notices.header().expect("something was ignored");
            assert_eq!(header, "ignored: guardrailConfig.other, some_thing", "{}", format.path);
            let refusal = notices.refusal().expect("something was ignored");
            assert!(refusal.message.contains("guardrailConfig.other: unknown parameter; remove it"), "{refusal}");
        }
    }

    #[test]
    fn what_is_wrong_with_them_is_told_by_name() {
        let members = r#""guardrailConfig":{"guardrailVersion":"3"},"additionalModelRequestFields":[],
            "performanceConfig":"fast","promptVariables":{"city":"Rome"},"requestMetadata":{"a":1}"#;
        let expected = [
            "guardrailConfig.guardrailIdentifier: it is missing",
            "additionalModelRequestFields: it is an array",
            "performanceConfig: it is a string",
            "promptVariables.city: it is a string",
            "requestMetadata.a: it is a number",
        ];
        for format in FORMATS {
            let told = read(format, members).expect_err(format.0.path);
            for problem in expected {
                assert!(told.contains(problem), "{}: {problem} is not in {told}", format.0.path);
            }
        }
    }

    #[test]
    fn what_was_asked_for_is_told_in_every_format_and_nothing_else() {
        let cost = UsageCost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, total: 0.0 };
        let outcome = Outcome {
            reason: StopReason::Stop,
            raw_stop_reason: "end_turn".to_owned(),
            usage: Usage { input: 1, output: 1, cache_read: 0, cache_write: 0, cache_write_long: 0, total: 2, cost },
            details: AnswerDetails {
                additional_response_fields: Some(r#"{"a":1.50}"#.to_owned()),
                trace: Some(r#"{"guardrail":{}}"#.to_owned()),
                ..no_details()
            },
        };
        let guardrail = |trace: &str| {
            format!(r#""guardrailConfig":{{"guardrailIdentifier":"g1","guardrailVersion":"3","trace":"{trace}"}}"#)
        };
        let (fields, trace) = (r#""additionalModelResponseFields":{"a":1.50}"#, r#""trace":{"guardrail":{}}"#);
        for (members, told) in [
            (r#""additionalModelResponseFieldPaths":["/a"]"#.to_owned(), [true, false]),
            (guardrail("enabled"), [false, true]),
            (guardrail("disabled"), [false, false]),
            (r#""systemTools":[]"#.to_owned(), [false, false]),
        ] {
            for (format, conversation) in FORMATS {
                let body = format!(r#"{{"model":"m",{conversation},{members}}}"#);
                let answers = [true, false].map(|streams| {
                    let (headers, fetched) = (HeaderMap::new(), Fetched::default());
                    let received = Received { body: body.as_bytes(), headers: &headers, fetched: &fetched };
                    let Ok(mut request) = (format.read)(&received) else { panic!("{body} was refused") };
                    let (id, model) = ("i".to_owned(), "m".to_owned());
                    request.writer.begin(&Head { id, model, created: SystemTime::UNIX_EPOCH });
                    let mut out = Vec::new();
                    if streams {
                        request.writer.events(&[Delta::Start, Delta::Done(outcome.clone())], &mut out);
                    } else {
                        request.writer.whole(Fold::new("", "", "", None).message(), &outcome, &mut out);
                    }
                    String::from_utf8(out).expect("answers are text")
                });
                for answer in answers {
                    let found = [fields, trace].map(|member| answer.matches(member).count());
                    assert_eq!(found, told.map(usize::from), "{} {members}: {answer}", format.path);
                }
            }
        }
    }
}
