//! Citations as annotations: OpenAI's `url_citation` for pages of the web, and Bedrock's own JSON for documents, of which chat
//! completions know nothing.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::contract::conversation::Attachment;
use crate::json::raw::compact;

/// An annotation of the content.
#[derive(Debug, Serialize)]
pub(super) struct Annotation {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_citation: Option<UrlCitation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bedrock_citation: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
struct UrlCitation {
    start_index: usize,
    end_index: usize,
    title: String,
    url: String,
}

/// Bedrock's Citation, as far as it is looked at.
#[derive(Deserialize)]
struct Citation {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Location {
    web: Option<Web>,
}

#[derive(Deserialize)]
struct Web {
    url: Option<String>,
    domain: Option<String>,
}

/// Knows where in the content a citation belongs. Indexes count characters of the whole content, as OpenAI's do.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    characters: usize,
    block: u32,
    block_began: usize,
}

impl Annotations {
    /// A text block began.
    pub(super) fn begin(&mut self, index: u32) {
        self.block = index;
        self.block_began = self.characters;
    }

    /// Text was added to the content.
    pub(super) fn text(&mut self, text: &str) {
        self.characters += text.chars().count();
    }

    /// The annotation of an attachment that is a citation.
    pub(super) fn of(&self, attachment: &Attachment) -> Option<Annotation> {
        (attachment.kind == "citation").then(|| self.annotation(&attachment.value)).flatten()
    }

    /// The annotation of a citation of the text block that came last.
    pub(super) fn annotation(&self, citation: &str) -> Option<Annotation> {
        let read: Citation = serde_json::from_str(citation).ok()?;
        let web = read.location.and_then(|location| location.web);
        if let Some(Web { url: Some(url), domain }) = web {
            let title = read.title.or(domain).unwrap_or_default();
            let citation = UrlCitation { start_index: self.block_began, end_index: self.characters, title, url };
            return Some(Annotation { r#type: "url_citation", url_citation: Some(citation), bedrock_citation: None });
        }
        let raw = RawValue::from_string(compact(citation).into_owned()).ok()?;
        Some(Annotation { r#type: "bedrock_citation", url_citation: None, bedrock_citation: Some(raw) })
    }
}
