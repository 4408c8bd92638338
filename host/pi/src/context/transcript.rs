//! The system messages of a transcript (pi-ai 0.87): a leading one carries the prompt and the tools, later ones change them.
//!
//! Their text is joined, `sections` are replaced or removed by name and stand behind the text, `toolsRemoved` and `toolsAdded`
//! change the tools. Bedrock has one place for all that, so pi's own provider for it replays them into one prompt; so does this.

use serde_json::value::RawValue;

use super::super::json::{self, Members};
use super::{Reader, member_path};
use crate::contract::conversation::{Context, Message, Tool};
use quarry_contract::json::raw::Members as OrderedMembers;

/// What the system messages change, in order.
#[derive(Debug, Default)]
pub(super) struct Transcript {
    sections: Vec<(String, String)>,
    tools: Vec<ToolChange>,
    /// Whether a message has more than text.
    changes: bool,
}

#[derive(Debug)]
enum ToolChange {
    Removed(String),
    Added(Tool),
}

impl Transcript {
    fn set_section(&mut self, name: String, text: Option<String>) {
        let position = self.sections.iter().position(|(known, _)| *known == name);
        match (position, text) {
            (Some(position), Some(text)) => self.sections[position].1 = text,
            (Some(position), None) => {
                self.sections.remove(position);
            }
            (None, Some(text)) => self.sections.push((name, text)),
            (None, None) => {}
        }
    }

    /// Puts all that the system messages say into the prompt and the tools. A conversation that does not begin with a system
    /// message and has only text in them keeps them where they are; what becomes of them is the provider's to say.
    pub(super) fn replay(self, context: &mut Context) {
        let leads = matches!(context.messages.first(), Some(Message::System(_)));
        if !leads && !self.changes {
            return;
        }
        let mut texts: Vec<String> = context.system_prompt.take().into_iter().collect();
        context.messages.retain_mut(|message| match message {
            Message::System(text) => {
                texts.push(std::mem::take(text));
                false
            }
            _ => true,
        });
        texts.extend(self.sections.into_iter().map(|(_, text)| text));
        texts.retain(|text| !text.is_empty());
        context.system_prompt = (!texts.is_empty()).then(|| texts.join("\n\n"));
        for change in self.tools {
            match change {
                ToolChange::Removed(name) => context.tools.retain(|tool| tool.name != name),
                ToolChange::Added(tool) => match context.tools.iter_mut().find(|known| known.name == tool.name) {
                    Some(known) => *known = tool,
                    None => context.tools.push(tool),
                },
            }
        }
    }
}

impl Reader {
    /// Takes note of what a system message changes besides its text.
    pub(super) fn system_changes(&mut self, members: &Members<'_>, path: &str) {
        if let Some(sections) = json::present(members, "sections") {
            self.sections(sections, &member_path(path, "sections"));
        }
        for (path, value) in self.items(members, path, "toolsRemoved") {
            let tool = self.object(value, &path, "an object with a `name`");
            let name = self.string(&tool, &path, "name");
            self.transcript.tools.push(ToolChange::Removed(name));
            self.transcript.changes = true;
        }
        for (path, value) in self.items(members, path, "toolsAdded") {
            let tool = self.tool(value, &path);
            self.transcript.tools.push(ToolChange::Added(tool));
            self.transcript.changes = true;
        }
    }

    fn sections(&mut self, value: &RawValue, path: &str) {
        const EXPECTED: &str = "an object of texts, `null` where one is removed";
        let Ok(OrderedMembers(sections)) = serde_json::from_str::<OrderedMembers<&RawValue>>(value.get()) else {
            return self.problem(path.to_owned(), format!("it is {}", json::kind(value)), EXPECTED);
        };
        for (name, value) in sections {
            let text = json::string(value);
            if text.is_none() && value.get() != "null" {
                self.problem(member_path(path, &name), format!("it is {}", json::kind(value)), "a string or `null`");
            }
            self.transcript.set_section(name, text);
            self.transcript.changes = true;
        }
    }

    /// `constrainedSampling` of a tool as `strict`. A grammar is for OpenAI only, and pi's Bedrock provider leaves it out too.
    pub(super) fn constrained_sampling(&mut self, tool: &Members<'_>, path: &str) -> Option<String> {
        let value = json::present(tool, "constrainedSampling").filter(|value| value.get() != "false")?;
        let path = member_path(path, "constrainedSampling");
        let config = self.object(value, &path, "`false` or an object with a `type`");
        (self.optional_string(&config, &path, "type")? == "json_schema").then(|| self.string(&config, &path, "strict"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_context;
    use super::*;
    use crate::contract::conversation::UserBlock;

    #[test]
    fn system_messages_are_replayed_into_one_prompt_and_one_set_of_tools() {
        let text = r#"{"messages":[
            {"role":"system","content":"Base.","sections":{"zeta":"Z1","alpha":"A1"},"toolsAdded":[
                {"name":"one","description":"","parameters":{"v":1}},{"name":"two","description":"","parameters":{}}]},
            {"role":"user","content":"hi"},
            {"role":"system","content":[{"type":"text","text":"More."}],"sections":{"zeta":"Z2","alpha":null,"beta":"B"},
             "toolsRemoved":[{"name":"two"}],"toolsAdded":[{"name":"one","description":"new","parameters":{"v":2},
             "constrainedSampling":{"type":"json_schema","strict":"prefer"}},{"name":"three","parameters":{},
             "constrainedSampling":false}]}]}"#;
        let (context, _) = read_context(text).expect("the test's context is right");
        assert_eq!(context.system_prompt.as_deref(), Some("Base.\n\nMore.\n\nZ2\n\nB"));
        assert_eq!(context.messages, [Message::User(vec![UserBlock::Text("hi".to_owned())])]);
        let tools: Vec<_> = context.tools.iter().map(|tool| (tool.name.as_str(), tool.strict.as_deref())).collect();
        assert_eq!(tools, [("one", Some("prefer")), ("three", None)]);
        assert_eq!(context.tools[0].parameters, r#"{"v":2}"#);
    }

    #[test]
    fn text_alone_in_the_middle_stays_where_it_is() {
        let text = r#"{"systemPrompt":"P","messages":[{"role":"user","content":"a"},{"role":"system","content":"b"}]}"#;
        let (context, _) = read_context(text).expect("the test's context is right");
        assert_eq!(context.system_prompt.as_deref(), Some("P"));
        assert_eq!(context.messages[1], Message::System("b".to_owned()));
    }

    #[test]
    fn what_is_wrong_in_a_change_is_told_with_its_place() {
        let text = r#"{"messages":[{"role":"system","content":"","sections":{"a":1},"toolsRemoved":[{}],
            "toolsAdded":[{"name":"x","constrainedSampling":7}]}]}"#;
        let told = read_context(text).err().map(|error| error.to_string()).unwrap_or_default();
        for place in [
            "messages[0].sections.a: it is a number",
            "messages[0].toolsRemoved[0]",
            "messages[0].toolsAdded[0].constrainedSampling",
        ] {
            assert!(told.contains(place), "{told}");
        }
    }
}
