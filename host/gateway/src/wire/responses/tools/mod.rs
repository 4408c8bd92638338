//! Tools.
//!
//! Bedrock has functions only, in one flat list. Each tool of the request that the client runs becomes one function, and `names` keeps how
//! the client declared it: a call of it comes back in that form. Tools that OpenAI runs are left out.
//!
//! A function's `strict: true` is a preference here (`prefer`): with responses it is what clients say by default, so a model that is not
//! known to take strict tools gets the tool without it, and the provider notes that.

mod choice;
pub(super) mod custom;
mod names;

pub(super) use choice::tool_choice;
pub(super) use names::{Kind, SEARCH, ToolNames};

use self::names::ToolName;
use super::super::reader::{Object, Value};
use crate::contract::conversation::{Tool, ToolChoice};

/// A function without arguments.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// The tools of a request.
#[derive(Debug, Default)]
pub(super) struct Tools {
    /// The functions that Bedrock gets.
    pub(super) functions: Vec<Tool>,
    /// How the client declared them.
    pub(super) names: ToolNames,
    /// The types of the tools that were left out, each with its path.
    left_out: Vec<(String, String)>,
}

impl Tools {
    /// Reads a list of tools that the client declares.
    pub(super) fn declare(&mut self, of: &Object<'_, '_>) {
        for value in of.items("tools", "an array of tools") {
            self.read(&value, None, true);
        }
    }

    /// Reads tools that an item of the conversation adds. A tool that is there already stays as it is. Returns the names of the list.
    pub(super) fn add(&mut self, of: &Object<'_, '_>) -> Vec<String> {
        let mut names = Vec::new();
        for value in of.items("tools", "an array of tools") {
            names.extend(self.read(&value, None, false));
        }
        names
    }

    /// Reads a tool; those of a namespace one by one. Returns the names of its functions.
    fn read(&mut self, value: &Value<'_, '_>, namespace: Option<&str>, is_declared: bool) -> Vec<String> {
        let Some(tool) = value.require_object("a tool, which is an object with a `type`") else { return Vec::new() };
        let kind = tool.require_string("type");
        let (kind, function) = match kind.as_str() {
            "namespace" if namespace.is_none() => return self.namespace(&tool, is_declared),
            "function" => (Kind::Function, function(&tool)),
            "custom" => (Kind::Custom, custom::function(&tool)),
            // Without `execution` OpenAI runs the search; here every tool is loaded, so there is nothing to search.
            "tool_search" if tool.string("execution").as_deref() == Some("client") => (Kind::Search, search(&tool)),
            _ => {
                tool.ignore_rest();
                self.left_out.push((tool.path_of("type"), kind));
                return Vec::new();
            }
        };
        // Every tool is sent with each request, so those that could wait for a search are there from the start.
        tool.ignored("defer_loading", &["false"]);
        tool.ignored("async", &["false"]);
        tool.ignore(&["output_schema"]);
        tool.refuse(
            "allowed_callers",
            &["[]", "[\"direct\"]"],
            "only the model can call tools; expected `[\"direct\"]`",
        );
        tool.finish();
        let name = ToolName { kind, namespace: namespace.map(str::to_owned), name: function.name.clone() };
        let known = self.names.wire(namespace, &name.name);
        let wire = match known {
            Some(known) if !is_declared => return vec![known.to_owned()],
            // The provider refuses two tools of one name.
            Some(known) => known.to_owned(),
            None => self.names.add(name),
        };
        self.functions.push(Tool { name: wire.clone(), ..function });
        vec![wire]
    }

    fn namespace(&mut self, tool: &Object<'_, '_>, is_declared: bool) -> Vec<String> {
        let name = tool.require_string("name");
        let description = tool.string("description").unwrap_or_default();
        let first = self.functions.len();
        let mut names = Vec::new();
        for value in tool.items("tools", "an array of tools") {
            names.extend(self.read(&value, Some(&name), is_declared));
        }
        // Bedrock has no place for the description of several tools.
        if let Some(tool) = self.functions.get_mut(first).filter(|_| !description.trim().is_empty()) {
            tool.description = format!("{name}: {}\n\n{}", description.trim(), tool.description);
        }
        names
    }

    /// Tells which tools were left out; a problem where no other is there and the model is to have one.
    pub(super) fn tell_left_out(&self, body: &Object<'_, '_>, choice: Option<&ToolChoice>) {
        let asks_for_them = self.functions.is_empty() && !matches!(choice, Some(ToolChoice::None));
        for (path, kind) in &self.left_out {
            if asks_for_them {
                let remedy = "remove it, or declare a `function` that the client runs";
                body.reader().problem(path.clone(), format!("Bedrock runs no tools of type `{kind}`; {remedy}"));
            }
        }
    }
}

fn function(tool: &Object<'_, '_>) -> Tool {
    Tool {
        name: tool.require_string("name"),
        description: tool.string("description").unwrap_or_default(),
        parameters: parameters(tool),
        strict: tool.flag("strict").unwrap_or(false).then(|| "prefer".to_owned()),
    }
}

/// The search for tools that the client runs.
fn search(tool: &Object<'_, '_>) -> Tool {
    Tool {
        name: SEARCH.to_owned(),
        description: tool.string("description").unwrap_or_else(|| "Searches for tools and loads them.".to_owned()),
        parameters: parameters(tool),
        strict: None,
    }
}

/// The schema of a function's arguments. `null` is a function without arguments.
fn parameters(tool: &Object<'_, '_>) -> String {
    let schema = tool.take("parameters").filter(|it| it.require_object("a JSON schema, which is an object").is_some());
    schema.map_or(NO_PARAMETERS, |it| it.raw.get()).to_owned()
}
