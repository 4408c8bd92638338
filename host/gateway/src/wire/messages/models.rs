//! Anthropic's form of the list of models.

use serde::Serialize;

use super::super::reader::percent_decoded;
use super::super::sse;
use crate::contract::types::Model;
use crate::refusal::Refusal;

/// When the release of a model is not known: Anthropic's API says the epoch then.
const UNKNOWN_RELEASE: &str = "1970-01-01T00:00:00Z";

/// Models on a page unless the client says how many.
const DEFAULT_LIMIT: usize = 20;

/// The most on a page.
const MOST: usize = 1000;

#[derive(Debug, Serialize)]
struct ModelForm<'a> {
    r#type: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'static str,
    lifecycle: &'static str,
    max_input_tokens: u64,
    max_tokens: u64,
}

impl<'a> From<&'a Model> for ModelForm<'a> {
    fn from(model: &'a Model) -> Self {
        ModelForm {
            r#type: "model",
            id: &model.id,
            display_name: if model.name.is_empty() { &model.id } else { &model.name },
            created_at: UNKNOWN_RELEASE,
            lifecycle: "active",
            max_input_tokens: model.context_window,
            max_tokens: model.max_tokens,
        }
    }
}

#[derive(Debug, Serialize)]
struct PageForm<'a> {
    data: Vec<ModelForm<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

/// Which part of the list a client asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    limit: Option<usize>,
    after_id: Option<String>,
    before_id: Option<String>,
}

impl Page {
    /// Reads a query string such as `limit=20&after_id=…`. What it does not know is left alone, as the API does.
    ///
    /// # Errors
    /// A limit out of bounds.
    pub(crate) fn read(query: Option<&str>) -> Result<Page, Refusal> {
        let mut page = Page::default();
        for pair in query.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = String::from_utf8_lossy(&percent_decoded(value)).into_owned();
            match name {
                "limit" => {
                    let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                    let refused =
                        || Refusal::invalid("limit", format!("limit: `{value}` is not a number from 1 to {MOST}"));
                    page.limit = Some(limit.ok_or_else(refused)?);
                }
                "after_id" => page.after_id = Some(value),
                "before_id" => page.before_id = Some(value),
                _ => {}
            }
        }
        Ok(page)
    }
}

/// A page of the list.
///
/// # Errors
/// A cursor that is not the id of a model.
pub(crate) fn models(models: &[Model], page: &Page) -> Result<Vec<u8>, Refusal> {
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    let position = |name: &str, id: &str| {
        let position = models.iter().position(|model| model.id == id);
        position.ok_or_else(|| Refusal::invalid(name, format!("{name}: the model `{id}` does not exist")))
    };
    let (part, has_more) = match (&page.after_id, &page.before_id) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("before_id", "before_id: it cannot be combined with `after_id`"));
        }
        (None, Some(id)) => {
            let end = position("before_id", id)?;
            let start = end.saturating_sub(limit);
            (&models[start..end], start > 0)
        }
        (after, None) => {
            let start = after.as_deref().map(|id| position("after_id", id)).transpose()?.map_or(0, |at| at + 1);
            let end = start.saturating_add(limit).min(models.len());
            (&models[start..end], end < models.len())
        }
    };
    let form = PageForm {
        data: part.iter().map(ModelForm::from).collect(),
        has_more,
        first_id: part.first().map(|model| &*model.id),
        last_id: part.last().map(|model| &*model.id),
    };
    let mut body = Vec::new();
    sse::json(&mut body, &form);
    Ok(body)
}

/// One model, for `GET /v1/models/{id}`.
pub(crate) fn model(model: &Model) -> Vec<u8> {
    let mut body = Vec::new();
    sse::json(&mut body, &ModelForm::from(model));
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::types::Cost;

    fn listed(ids: &[&str]) -> Vec<Model> {
        let one = |id: &&str| Model {
            id: (*id).to_owned(),
            name: String::new(),
            reasoning: false,
            input: Vec::new(),
            cost: Cost { input: 0.0, output: 0.0, cache_read: 0.0, cache_write: 0.0, tiers: Vec::new() },
            context_window: 200_000,
            max_tokens: 8192,
            params: None,
            extras: Vec::new(),
        };
        ids.iter().map(one).collect()
    }

    fn page(query: &str) -> Result<String, Refusal> {
        let body = models(&listed(&["a", "b:0", "c", "d"]), &Page::read(Some(query))?)?;
        let body: serde_json::Value = serde_json::from_slice(&body).expect("it is JSON");
        let ids: Vec<_> = body["data"].as_array().into_iter().flatten().filter_map(|one| one["id"].as_str()).collect();
        Ok(format!("{} {} {} {}", ids.join(","), body["has_more"], body["first_id"], body["last_id"]))
    }

    #[test]
    fn pages_go_forth_and_back() {
        assert_eq!(page("").as_deref(), Ok(r#"a,b:0,c,d false "a" "d""#));
        assert_eq!(page("limit=2&x=y").as_deref(), Ok(r#"a,b:0 true "a" "b:0""#));
        assert_eq!(page("limit=2&after_id=b%3A0").as_deref(), Ok(r#"c,d false "c" "d""#));
        assert_eq!(page("before_id=d&limit=2").as_deref(), Ok(r#"b:0,c true "b:0" "c""#));
        assert_eq!(page("after_id=d").as_deref(), Ok(" false null null"));
        assert_eq!(page("after_id=z").map_err(|refusal| refusal.param), Err(Some("after_id".to_owned())));
        assert_eq!(page("limit=0").map_err(|refusal| refusal.param), Err(Some("limit".to_owned())));
    }

    #[test]
    fn a_model_says_what_is_known_of_it() {
        let body = model(&listed(&["a"])[0]);
        let expected = r#"{"type":"model","id":"a","display_name":"a","created_at":"1970-01-01T00:00:00Z","lifecycle":"active","max_input_tokens":200000,"max_tokens":8192}"#;
        assert_eq!(String::from_utf8(body).as_deref(), Ok(expected));
    }
}
