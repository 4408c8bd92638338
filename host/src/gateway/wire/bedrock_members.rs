//! Members of Converse that no other API has, under Bedrock's own names, at the top of a request of any format that clients write:
//! chat completions, responses and messages. The SDKs send them as `extra_body`.
//!
//! `additionalModelRequestFields`, `additionalModelResponseFieldPaths`, `guardrailConfig`, `performanceConfig`, `promptVariables` and
//! `requestMetadata` are ConverseStream's. Two are the provider's own: `guardLastTurnOnly`, for which the guardrail looks at what
//! the user said last and not at the history, and `systemTools`, the names of tools that Bedrock runs itself.

use super::reader::{Object, Value};
use crate::contract::config::Guardrail;
use crate::contract::conversation::Options;
use crate::contract::types::NamedJson;

/// Takes Bedrock's own members out of a request.
pub(crate) fn read(body: &Object<'_, '_>, options: &mut Options) {
    if let Some(fields) = body.take("additionalModelRequestFields") {
        if fields.require_object("an object").is_some() {
            options.additional_request_fields = Some(fields.raw.get().to_owned());
        }
    }
    let paths = body.items("additionalModelResponseFieldPaths", "an array of JSON pointers");
    for path in paths.iter().filter_map(Value::string) {
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
    }
    // The provider reads these two, and says what is wrong with them.
    for name in ["guardLastTurnOnly", "systemTools"] {
        if let Some(value) = body.take(name) {
            options.extras.push(NamedJson { name: name.to_owned(), value: value.raw.get().to_owned() });
        }
    }
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
    use hyper::HeaderMap;

    use crate::contract::conversation::Options;
    use crate::gateway::remote::Fetched;
    use crate::gateway::wire::{Format, ReadError, Received, chat_completions, messages, responses};

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
            Err(ReadError::Wants(wanted)) => panic!("{wanted:?}"),
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
            let extras: Vec<_> = options.extras.iter().map(|extra| (&*extra.name, &*extra.value)).collect();
            assert!(extras.contains(&("guardLastTurnOnly", "true")), "{path}: {extras:?}");
            assert!(extras.contains(&("systemTools", r#"["nova_grounding"]"#)), "{path}: {extras:?}");
            assert_eq!(options.latency.as_deref(), Some("optimized"), "{path}");
            assert_eq!(options.request_metadata, [("team".to_owned(), "a".to_owned())], "{path}");
            assert_eq!(options.prompt_variables, [("city".to_owned(), "Rome".to_owned())], "{path}");
            assert_eq!(options.additional_request_fields.as_deref(), Some(r#"{"top_k":1.50}"#), "{path}");
            assert_eq!(options.additional_response_field_paths, ["/a"], "{path}");
        }
    }

    #[test]
    fn what_is_wrong_with_them_is_told_by_name() {
        let members = r#""guardrailConfig":{"guardrailVersion":"3","other":1},"additionalModelRequestFields":[],
            "performanceConfig":"fast","promptVariables":{"city":"Rome"},"requestMetadata":{"a":1}"#;
        let expected = [
            "guardrailConfig.guardrailIdentifier: it is missing",
            "guardrailConfig.other: it is not known here",
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
}
