//! System messages of a transcript. Since 0.8x pi sends no `systemPrompt` and `tools` beside the messages: the first system message
//! brings both, and later ones change them by name.
//!
//! Converse has one place for the prompt and one for the tools, both in front of all messages. So what holds at the end of the
//! transcript counts, as pi itself has it for Bedrock (`collapseSystemMessages` of pi-ai 0.87).

use crate::contract::conversation::Tool;

/// The prompt and the tools, while system messages change them.
#[derive(Debug)]
pub(super) struct Transcript {
    texts: Vec<String>,
    sections: Vec<(String, String)>,
    tools: Vec<Tool>,
}

impl Transcript {
    /// Begins with what a context has beside its messages.
    pub(super) fn new(system_prompt: Option<String>, tools: Vec<Tool>) -> Self {
        Transcript { texts: system_prompt.into_iter().collect(), sections: Vec::new(), tools }
    }

    /// Instructions that are added.
    pub(super) fn add_text(&mut self, text: String) {
        if !text.is_empty() {
            self.texts.push(text);
        }
    }

    /// A named section of the prompt: replaced where it stands, added behind the others, or removed when there is no text.
    pub(super) fn set_section(&mut self, name: String, text: Option<String>) {
        let place = self.sections.iter().position(|(known, _)| *known == name);
        match (place, text) {
            (Some(place), Some(text)) => self.sections[place].1 = text,
            (Some(place), None) => drop(self.sections.remove(place)),
            (None, Some(text)) => self.sections.push((name, text)),
            (None, None) => {}
        }
    }

    /// A tool that is there from now on, in place of one with the same name.
    pub(super) fn add_tool(&mut self, tool: Tool) {
        match self.tools.iter_mut().find(|known| known.name == tool.name) {
            Some(known) => *known = tool,
            None => self.tools.push(tool),
        }
    }

    /// A tool that is there no longer.
    pub(super) fn remove_tool(&mut self, name: &str) {
        self.tools.retain(|tool| tool.name != name);
    }

    /// The prompt, the sections behind the instructions, and the tools.
    pub(super) fn finish(self) -> (Option<String>, Vec<Tool>) {
        let sections = self.sections.into_iter().map(|(_, text)| text).filter(|text| !text.is_empty());
        let texts: Vec<String> = self.texts.into_iter().chain(sections).collect();
        ((!texts.is_empty()).then(|| texts.join("\n\n")), self.tools)
    }
}
