//! `toolConfig`: the tools and the choice among them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::contract::conversation::{Tool, ToolChoice};
use crate::families::{Family, ForcedTool};

use super::adjustments::Adjustments;
use super::blocks::{self, Block};
use super::body::{Body, Members};
use super::cache_points::CachePoints;
use super::closed_schema;
use super::labels::ToolNames;
use super::report::Report;
use super::tool_schema;
use super::user_content::is_blank;

/// What `toolConfig` holds.
#[derive(Debug)]
pub(super) struct ToolConfig {
    tools: Vec<WireTool>,
    /// Names of tools that Bedrock runs itself.
    system_tools: Vec<String>,
    choice: Option<ToolChoice>,
}

/// What a request asks of its tools besides the tools themselves.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) choice: Option<ToolChoice>,
    pub(super) system_tools: Vec<String>,
    /// Whether tools that prefer to be strict may be.
    pub(super) strict: bool,
    pub(super) claude_thinks: bool,
    pub(super) points: &'a mut CachePoints,
}

#[derive(Debug)]
struct WireTool {
    name: String,
    description: Option<String>,
    schema: String,
    strict: bool,
    /// The cache point behind it.
    cache_point: Option<Block>,
}

/// Whether the tools go out at all. `none` leaves them out, as pi does: Converse has no such choice.
pub(super) fn are_sent(
    tools: &[Tool],
    system_tools: &[String],
    choice: Option<&ToolChoice>,
    family: &Family,
    report: &mut Report,
) -> bool {
    let forced = matches!(choice, Some(ToolChoice::Any | ToolChoice::Tool(_)));
    if tools.is_empty() && system_tools.is_empty() {
        if forced {
            report.problem(
                "options.toolChoice",
                "the tool choice requires a tool call, and the request has no tools",
                "`auto` or `none`, or tools in the context",
            );
        }
        return false;
    }
    if matches!(choice, Some(ToolChoice::None)) {
        return false;
    }
    if !family.tools {
        if forced {
            report.problem("options.toolChoice", "this model family does not support tools", "`auto` or `none`");
        } else {
            report.notice("tools-omitted", "the tools were left out: this model family does not support them");
        }
        return false;
    }
    true
}

/// Makes of the tools' parameters what goes out.
pub(super) fn adapt_schemas(tools: &mut [Tool], adjustments: &Adjustments, report: &mut Report) {
    for (index, tool) in tools.iter_mut().enumerate() {
        let path = format!("tools[{index}].parameters");
        let given = std::mem::take(&mut tool.parameters);
        tool.parameters = tool_schema::input_schema(given, &path, report);
        adjustments.schema(&mut tool.parameters, &path, report);
    }
}

/// What the model is told where it cannot be forced to a call.
fn instruction(choice: &ToolChoice, names: &ToolNames) -> Option<String> {
    match choice {
        ToolChoice::Any => Some("Answer by calling one of the tools, not with text.".to_owned()),
        ToolChoice::Tool(name) => Some(format!("Answer by calling the tool `{}`, not with text.", names.wire(name))),
        ToolChoice::Auto | ToolChoice::None => None,
    }
}

/// Makes the configuration, and what the model is to be told where it cannot be forced. Tools keep their order (pi does).
pub(super) fn tool_config(
    tools: Vec<Tool>,
    asked: Asked<'_>,
    names: &ToolNames,
    family: &Family,
    report: &mut Report,
) -> (ToolConfig, Option<String>) {
    let Asked { choice, system_tools, strict, claude_thinks, points } = asked;
    let forced = choice.as_ref().and_then(|choice| instruction(choice, names));
    let choice = choice.map(|choice| adapted(choice, &tools, family, claude_thinks, report));
    let instruction = forced.filter(|_| matches!(choice, Some(ToolChoice::Auto)));
    let mut seen = BTreeSet::new();
    for (index, tool) in tools.iter().enumerate() {
        let path = format!("tools[{index}].name");
        if tool.name.is_empty() {
            report.problem(path, "the tool has no name", "a name of 1 to 64 letters, digits, `_` or `-`");
        } else if !seen.insert(tool.name.as_str()) {
            report.problem(path, format!("two tools have the name `{}`", tool.name), "a unique name for each tool");
        }
    }
    let tools = tools.into_iter().enumerate().map(|(index, tool)| {
        let path = format!("tools[{index}]");
        let wire = names.wire(&tool.name);
        if wire != tool.name {
            report.notice(
                "tool-name-mapped",
                format!("{path}: `{}` was sent as `{wire}`, because Bedrock does not accept the name", tool.name),
            );
        }
        let strict = is_strict(tool.strict.as_deref(), family, strict, &path, report);
        let required = tool.strict.as_deref() == Some("require");
        let (schema, strict) =
            if strict { strict_schema(tool.parameters, required, &path, report) } else { (tool.parameters, false) };
        // The API model wants at least one character.
        let description = Some(tool.description).filter(|description| !is_blank(description));
        let cache_point = points.behind_tool(index, family, report);
        WireTool { name: wire.to_owned(), description, schema, strict, cache_point }
    });
    (ToolConfig { tools: tools.collect(), system_tools, choice }, instruction)
}

/// `require` goes to any model, and the service says if it cannot; `prefer` only where it is known to work, and where the
/// request that goes out again after it did not work does not say otherwise (`may_be`).
fn is_strict(strict: Option<&str>, family: &Family, may_be: bool, path: &str, report: &mut Report) -> bool {
    match strict {
        None => false,
        Some("require") => true,
        Some("prefer") if !may_be => {
            report.notice("strict-omitted", format!("{path}: `strict` was left out, because Bedrock rejected it"));
            false
        }
        Some("prefer") => {
            if !family.strict_tools {
                report.notice(
                    "strict-omitted",
                    format!("{path}: `strict` was left out, because this model family is not known to support it"),
                );
            }
            family.strict_tools
        }
        Some(other) => {
            report.problem(format!("{path}.strict"), format!("`{other}` is unknown"), "`require`, `prefer`, or none");
            false
        }
    }
}

/// The schema of a strict tool, whose objects are closed. Where one is open on purpose, a tool that only prefers to be strict is not.
fn strict_schema(schema: String, required: bool, path: &str, report: &mut Report) -> (String, bool) {
    match closed_schema::closed(&schema) {
        Some(Cow::Borrowed(_)) => (schema, true),
        Some(Cow::Owned(closed)) => {
            let message = format!(
                "{path}.parameters: `additionalProperties: false` was added to the objects, which strict tools require"
            );
            report.notice("tool-schema-changed", message);
            (closed, true)
        }
        None if required => {
            report.problem(
                format!("{path}.parameters"),
                "the schema of a strict tool cannot have an object with arbitrary members, or one composed with `allOf`",
                "`additionalProperties: false` in every object, and no `allOf`; or a tool that is not strict",
            );
            (schema, true)
        }
        None => {
            let message =
                format!("{path}: `strict` was left out, because an object of the schema allows arbitrary members");
            report.notice("strict-omitted", message);
            (schema, false)
        }
    }
}

/// The choice, or the nearest one that the model takes.
fn adapted(
    choice: ToolChoice,
    tools: &[Tool],
    family: &Family,
    claude_thinks: bool,
    report: &mut Report,
) -> ToolChoice {
    if let ToolChoice::Tool(name) = &choice
        && !tools.iter().any(|tool| tool.name == *name)
    {
        let known = tools.iter().map(|tool| format!("`{}`", tool.name)).collect::<Vec<_>>().join(", ");
        report.problem("options.toolChoice", format!("no tool has the name `{name}`"), format!("one of {known}"));
    }
    let (by_name, forced) =
        (matches!(choice, ToolChoice::Tool(_)), matches!(choice, ToolChoice::Tool(_) | ToolChoice::Any));
    let mut changed = |to: ToolChoice, why: &str| {
        report.notice("tool-choice-changed", why);
        to
    };
    if forced && claude_thinks && !family.forced_while_thinking {
        changed(
            ToolChoice::Auto,
            "the tool choice became `auto`: Claude supports no forced tool call together with thinking",
        )
    } else if forced && family.forced_tool == ForcedTool::Never {
        changed(ToolChoice::Auto, "the tool choice became `auto`: this model family supports no forced tool call")
    } else if by_name && family.forced_tool == ForcedTool::Any {
        changed(
            ToolChoice::Any,
            "the tool choice became `any`: this model family cannot be forced to call one particular tool",
        )
    } else {
        choice
    }
}

impl ToolConfig {
    /// How many cache points stand among the tools.
    pub(super) fn cache_points(&self) -> usize {
        self.tools.iter().filter(|tool| tool.cache_point.is_some()).count()
    }

    /// Takes away the cache points that are not to be kept.
    pub(super) fn retain_cache_points(&mut self, mut keep: impl FnMut(&Block) -> bool) {
        for tool in &mut self.tools {
            tool.cache_point = tool.cache_point.take().filter(&mut keep);
        }
    }

    /// The times to live of the cache points, in order.
    pub(super) fn times_to_live(&mut self) -> impl Iterator<Item = &mut Option<String>> {
        self.tools.iter_mut().filter_map(|tool| match &mut tool.cache_point {
            Some(Block::CachePoint { ttl }) => Some(ttl),
            _ => None,
        })
    }

    /// The choice that goes out.
    pub(super) fn choice(&self) -> Option<&ToolChoice> {
        self.choice.as_ref()
    }

    /// Writes the members.
    pub(super) fn write(&self, o: &mut Members<'_>, names: &ToolNames) {
        enum Item<'a> {
            Tool(&'a WireTool),
            Point(&'a Block),
            System(&'a String),
        }
        let with_point = |tool| std::iter::once(Item::Tool(tool)).chain(tool.cache_point.as_ref().map(Item::Point));
        let items = self.tools.iter().flat_map(with_point).chain(self.system_tools.iter().map(Item::System));
        o.member("tools").array(items, |body: &mut Body, item| match item {
            Item::Tool(tool) => body.object(|o| o.object("toolSpec", |o| tool.write(o))),
            Item::Point(point) => blocks::write(body, point),
            Item::System(name) => body.object(|o| o.object("systemTool", |o| o.string("name", name))),
        });
        match &self.choice {
            None | Some(ToolChoice::None) => {}
            Some(ToolChoice::Auto) => o.object("toolChoice", |o| o.object("auto", |_| ())),
            Some(ToolChoice::Any) => o.object("toolChoice", |o| o.object("any", |_| ())),
            Some(ToolChoice::Tool(name)) => {
                o.object("toolChoice", |o| o.object("tool", |o| o.string("name", names.wire(name))));
            }
        }
    }
}

impl WireTool {
    fn write(&self, o: &mut Members<'_>) {
        o.string("name", &self.name);
        if let Some(description) = &self.description {
            o.string("description", description);
        }
        o.object("inputSchema", |o| o.member("json").raw(&self.schema));
        if self.strict {
            o.member("strict").raw("true");
        }
    }
}
