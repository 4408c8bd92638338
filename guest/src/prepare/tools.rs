//! `toolConfig`: the tools and the choice among them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::contract::conversation::{Tool, ToolChoice};
use crate::families::{Family, ForcedTool};

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
                "a tool call is asked for and there are no tools",
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
            report.problem("options.toolChoice", "this family of models calls no tools", "`auto` or `none`");
        } else {
            report.notice("tools-omitted", "this family of models calls no tools; the tools were left out");
        }
        return false;
    }
    true
}

/// Makes the configuration. Tools keep their order (pi does).
pub(super) fn tool_config(
    tools: Vec<Tool>,
    asked: Asked<'_>,
    names: &ToolNames,
    family: &Family,
    report: &mut Report,
) -> ToolConfig {
    let Asked { choice, system_tools, strict, claude_thinks, points } = asked;
    let choice = choice.map(|choice| adapted(choice, &tools, family, claude_thinks, report));
    let mut seen = BTreeSet::new();
    for (index, tool) in tools.iter().enumerate() {
        let path = format!("tools[{index}].name");
        if tool.name.is_empty() {
            report.problem(path, "the tool has no name", "a name of 1 to 64 letters, digits, `_` or `-`");
        } else if !seen.insert(tool.name.as_str()) {
            report.problem(
                path,
                format!("there are two tools called `{}`", tool.name),
                "a name of its own for every tool",
            );
        }
    }
    let tools = tools.into_iter().enumerate().map(|(index, tool)| {
        let path = format!("tools[{index}]");
        let wire = names.wire(&tool.name);
        if wire != tool.name {
            report.notice("tool-name-mapped", format!("{path}: `{}` goes out as `{wire}`", tool.name));
        }
        let strict = is_strict(tool.strict.as_deref(), family, strict, &path, report);
        let schema = tool_schema::input_schema(tool.parameters, &format!("{path}.parameters"), report);
        let required = tool.strict.as_deref() == Some("require");
        let (schema, strict) = if strict { strict_schema(schema, required, &path, report) } else { (schema, false) };
        // The API model wants at least one character.
        let description = Some(tool.description).filter(|description| !is_blank(description));
        let cache_point = points.behind_tool(index, family, report);
        WireTool { name: wire.to_owned(), description, schema, strict, cache_point }
    });
    ToolConfig { tools: tools.collect(), system_tools, choice }
}

/// `require` goes to any model, and the service says if it cannot; `prefer` only where it is known to work, and where the
/// request that goes out again after it did not work does not say otherwise (`may_be`).
fn is_strict(strict: Option<&str>, family: &Family, may_be: bool, path: &str, report: &mut Report) -> bool {
    match strict {
        None => false,
        Some("require") => true,
        Some("prefer") if !may_be => {
            report.notice("strict-omitted", format!("{path}: it goes out without `strict`, as the request says"));
            false
        }
        Some("prefer") => {
            if !family.strict_tools {
                report.notice(
                    "strict-omitted",
                    format!("{path}: this family of models is not known to take strict tools"),
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
            let message = format!("{path}.parameters: objects of a strict tool take no members beside their own");
            report.notice("tool-schema-changed", message);
            (closed, true)
        }
        None if required => {
            report.problem(
                format!("{path}.parameters"),
                "a strict tool cannot have an object that takes any members, or that is made of parts",
                "`additionalProperties: false` in every object, and no `allOf`; or a tool that is not strict",
            );
            (schema, true)
        }
        None => {
            let message =
                format!("{path}: it goes out without `strict`, for an object of its schema takes any members");
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
        report.problem("options.toolChoice", format!("there is no tool called `{name}`"), format!("one of {known}"));
    }
    let (by_name, forced) =
        (matches!(choice, ToolChoice::Tool(_)), matches!(choice, ToolChoice::Tool(_) | ToolChoice::Any));
    let mut changed = |to: ToolChoice, why: &str| {
        report.notice("tool-choice-changed", why);
        to
    };
    if forced && claude_thinks {
        changed(ToolChoice::Auto, "a thinking Claude cannot be made to call a tool; it may")
    } else if forced && family.forced_tool == ForcedTool::Never {
        changed(ToolChoice::Auto, "this family of models cannot be made to call a tool; it may")
    } else if by_name && family.forced_tool == ForcedTool::Any {
        changed(
            ToolChoice::Any,
            "this family of models cannot be made to call a certain tool; it has to call some tool",
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
