//! Bedrock's citations as annotations.
//!
//! Web pages, and search results whose source is an address, are `url_citation`s; documents and other search results are
//! `file_citation`s, whose `index` is the document's or the result's place in the request. Bedrock cites a whole text block, so the
//! range is all of it. OpenAI's forms have no place for the cited words and where they stand; the member `citation` has all that
//! Bedrock said, as it said it.

use serde::{Deserialize, Serialize};

use crate::json::raw::Json;

/// An annotation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Annotation {
    UrlCitation {
        /// In characters of the text.
        start_index: usize,
        end_index: usize,
        url: String,
        title: String,
        citation: Json,
    },
    FileCitation {
        file_id: String,
        filename: String,
        index: u64,
        citation: Json,
    },
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Citation {
    title: Option<String>,
    source: Option<String>,
    location: Option<Location>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Location {
    web: Option<Web>,
    document_char: Option<InDocument>,
    document_page: Option<InDocument>,
    document_chunk: Option<InDocument>,
    search_result_location: Option<InSearchResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Web {
    url: Option<String>,
    domain: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InDocument {
    document_index: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InSearchResult {
    search_result_index: u64,
}

/// The annotation of a citation of this text.
pub(super) fn annotation(bedrock: &Json, text: &str) -> Annotation {
    // A form that is not known has no members that are; it is shown as a file, with all that was said beside it.
    let Citation { title, source, location } = serde_json::from_str(&bedrock.0).unwrap_or_default();
    let Location { web, document_char, document_page, document_chunk, search_result_location } =
        location.unwrap_or_default();
    let source = source.unwrap_or_default();
    let web = web.unwrap_or_default();
    let citation = bedrock.clone();
    let is_address = source.starts_with("https://") || source.starts_with("http://");
    if let Some(url) = web.url.or_else(|| is_address.then(|| source.clone())) {
        let title = title.or(web.domain).unwrap_or_default();
        return Annotation::UrlCitation { start_index: 0, end_index: text.chars().count(), url, title, citation };
    }
    let in_document = document_char.or(document_page).or(document_chunk);
    let (kind, index) = match (in_document, search_result_location) {
        (None, Some(result)) => ("search_result", result.search_result_index),
        (document, _) => ("document", document.unwrap_or_default().document_index),
    };
    let filename = title.or(Some(source).filter(|source| !source.is_empty()));
    Annotation::FileCitation {
        file_id: format!("{kind}_{index}"),
        filename: filename.unwrap_or_default(),
        index,
        citation,
    }
}
