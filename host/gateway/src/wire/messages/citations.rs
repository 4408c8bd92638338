//! Bedrock's citations in Anthropic's form.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Bedrock's `citation`: of a stream and of a whole answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct BedrockCitation {
    title: Option<String>,
    source: Option<String>,
    source_content: Vec<SourceContent>,
    location: Option<Location>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SourceContent {
    text: Option<String>,
}

/// `location`: a union whose member says what it is. The names are those of Anthropic's own location kinds in other words.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Location {
    DocumentChar(InDocument),
    DocumentPage(InDocument),
    DocumentChunk(InDocument),
    #[serde(rename = "searchResultLocation")]
    SearchResult(InSearchResult),
    Web(OnWeb),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InDocument {
    document_index: u64,
    start: u64,
    end: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InSearchResult {
    search_result_index: u64,
    start: u64,
    end: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OnWeb {
    url: String,
}

/// A citation in Anthropic's form.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Citation {
    CharLocation {
        cited_text: String,
        document_index: u64,
        document_title: Option<String>,
        start_char_index: u64,
        end_char_index: u64,
        file_id: Option<String>,
    },
    PageLocation {
        cited_text: String,
        document_index: u64,
        document_title: Option<String>,
        start_page_number: u64,
        end_page_number: u64,
        file_id: Option<String>,
    },
    ContentBlockLocation {
        cited_text: String,
        document_index: u64,
        document_title: Option<String>,
        start_block_index: u64,
        end_block_index: u64,
        file_id: Option<String>,
    },
    SearchResultLocation {
        cited_text: String,
        search_result_index: u64,
        source: String,
        title: Option<String>,
        start_block_index: u64,
        end_block_index: u64,
    },
    WebSearchResultLocation {
        cited_text: String,
        url: String,
        title: Option<String>,
        /// What Anthropic's own search needs to take the citation back; Bedrock has none.
        encrypted_index: &'static str,
    },
    /// A kind of place that is not known here, in Bedrock's own form: more than nothing.
    Unknown { citation: Box<RawValue> },
}

/// Reads Bedrock's JSON. `None` where it is no JSON at all.
pub(super) fn read(json: &str) -> Option<Citation> {
    let Ok(BedrockCitation { title, source, source_content, location: Some(location) }) = serde_json::from_str(json)
    else {
        return RawValue::from_string(crate::json::raw::compact(json).into_owned())
            .ok()
            .map(|citation| Citation::Unknown { citation });
    };
    let cited_text: String = source_content.into_iter().filter_map(|content| content.text).collect();
    Some(match location {
        Location::DocumentChar(InDocument { document_index, start, end }) => Citation::CharLocation {
            cited_text,
            document_index,
            document_title: title,
            start_char_index: start,
            end_char_index: end,
            file_id: None,
        },
        Location::DocumentPage(InDocument { document_index, start, end }) => Citation::PageLocation {
            cited_text,
            document_index,
            document_title: title,
            start_page_number: start,
            end_page_number: end,
            file_id: None,
        },
        Location::DocumentChunk(InDocument { document_index, start, end }) => Citation::ContentBlockLocation {
            cited_text,
            document_index,
            document_title: title,
            start_block_index: start,
            end_block_index: end,
            file_id: None,
        },
        Location::SearchResult(InSearchResult { search_result_index, start, end }) => Citation::SearchResultLocation {
            cited_text,
            search_result_index,
            source: source.unwrap_or_default(),
            title,
            start_block_index: start,
            end_block_index: end,
        },
        Location::Web(OnWeb { url }) => {
            Citation::WebSearchResultLocation { cited_text, url, title, encrypted_index: "" }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    fn written(json: &str) -> String {
        read(json).and_then(|citation| serde_json::to_string(&citation).ok()).unwrap_or_default()
    }

    #[test]
    fn every_kind_of_place_has_anthropics_name() {
        let characters = r#"{"location":{"documentChar":{"documentIndex":1,"end":58,"start":3}},"sourceContent":[{"text":"a"},{"text":"b"}],"title":"policy"}"#;
        let expected = r#"{"type":"char_location","cited_text":"ab","document_index":1,"document_title":"policy","start_char_index":3,"end_char_index":58,"file_id":null}"#;
        assert_eq!(written(characters), expected);
        let names = [
            (r#"{"documentPage":{"documentIndex":0,"start":1,"end":2}}"#, r#"{"type":"page_location","#),
            (r#"{"documentChunk":{"documentIndex":0,"start":1,"end":2}}"#, r#"{"type":"content_block_location","#),
            (r#"{"searchResultLocation":{"searchResultIndex":0}}"#, r#"{"type":"search_result_location","#),
            (r#"{"web":{"url":"https://a.example","domain":"a.example"}}"#, r#"{"type":"web_search_result_location","#),
        ];
        for (location, expected) in names {
            assert!(written(&format!("{{\"location\":{location}}}")).starts_with(expected), "{location}");
        }
    }

    #[test]
    fn an_unknown_place_is_shown_as_bedrock_said_it() {
        let json = r#"{"location":{"video":{"second":3}},"title":"t"}"#;
        assert_eq!(written(json), format!("{{\"type\":\"unknown\",\"citation\":{json}}}"));
        assert_eq!(written("no JSON"), "");
    }
}
