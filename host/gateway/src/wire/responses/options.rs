//! Options that need more than a look.

use super::super::openai_options::{self, one_of};
use super::super::reader::Object;
use crate::contract::conversation::{Context, OutputSchema};

/// `reasoning.effort`, in the provider's terms. None leaves it to the settings and the model.
pub(super) fn effort(body: &Object<'_, '_>) -> Option<String> {
    let reasoning = body.take("reasoning")?.require_object("an object with `effort`")?;
    for name in ["summary", "generate_summary"] {
        // Thinking always comes with its summary, of the length that the model gives it.
        let known = ["auto", "concise", "detailed"];
        let _ = one_of(&reasoning, name, &known);
    }
    reasoning.refuse(
        "context",
        &["\"auto\"", "\"all_turns\""],
        "the gateway sends all reasoning of the input; expected `auto` or `all_turns`",
    );
    reasoning.refuse("mode", &["\"standard\""], "Bedrock has no such mode; expected `standard`");
    let effort = one_of(&reasoning, "effort", &["none", "minimal", "low", "medium", "high", "xhigh", "max"]);
    reasoning.finish();
    effort.map(|effort| if effort == "none" { "off".to_owned() } else { effort })
}

/// `text.format` as a schema for the answer. JSON without a schema is an instruction: Bedrock holds an answer to a schema alone.
pub(super) fn output_schema(body: &Object<'_, '_>, context: &mut Context) -> Option<OutputSchema> {
    let text = body.take("text")?.require_object("an object with `format`")?;
    text.ignore(&["verbosity"]);
    let format = text.take("format").and_then(|format| format.require_object("an object with a `type`"));
    text.finish();
    let format = format?;
    let kind = format.require_string("type");
    let schema = match kind.as_str() {
        "text" => None,
        "json_schema" => {
            let name = format.require_string("name");
            let description = format.string("description");
            format.ignore(&["strict"]);
            let schema = format.require("schema", "a JSON schema");
            schema
                .filter(|schema| schema.require_object("a JSON schema, which is an object").is_some())
                .map(|schema| OutputSchema { name, description, schema: schema.raw.get().to_owned() })
        }
        "json_object" => {
            openai_options::json_object(context);
            None
        }
        other => {
            format.reader().problem(
                format.path_of("type"),
                format!("`{other}` is unknown; expected `text`, `json_object` or `json_schema`"),
            );
            return None;
        }
    };
    format.finish();
    schema
}

/// The cache options, in the contract's terms.
pub(super) fn cache_retention(body: &Object<'_, '_>) -> Option<String> {
    if let Some(options) = body.take("prompt_cache_options").and_then(|it| it.require_object("an object")) {
        options.refuse("prewarm", &["false"], "only answered requests fill Bedrock's cache");
        options.ignore(&["mode", "ttl", "comparison_response_id"]);
        options.finish();
    }
    openai_options::cache_retention(body)
}
