//! The listings of Bedrock's control plane: AWS's own rows, as far as the client's key allows them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use hyper::http::request::Parts;
use hyper::{Request, Response};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::admission::{self, Asker, Visit};
use super::super::reply;
use super::error::{of_aws, refusal};
use crate::catalog::PagesError;
use crate::contract::models::Source;
use crate::failures;
use crate::keys::Admitted;
use crate::refusal::{Refusal, RefusalKind};
use crate::state::Gateway;

/// Profiles on a page where the client does not say (AWS's default).
const PAGE: usize = 100;

/// Most profiles on a page (API model of ListInferenceProfiles).
const LONGEST_PAGE: usize = 1000;

/// A listing of Bedrock's control plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Listing {
    /// `ListFoundationModels`.
    FoundationModels,
    /// `GetFoundationModel`.
    FoundationModel,
    /// `ListInferenceProfiles`.
    InferenceProfiles,
    /// `GetInferenceProfile`.
    InferenceProfile,
}

impl Listing {
    /// The path, as axum writes it.
    pub(in crate::server) const fn path(self) -> &'static str {
        match self {
            Listing::FoundationModels => "/foundation-models",
            Listing::FoundationModel => "/foundation-models/{*id}",
            Listing::InferenceProfiles => "/inference-profiles",
            Listing::InferenceProfile => "/inference-profiles/{*id}",
        }
    }
}

/// Answers a listing.
pub(in crate::server) async fn listing(
    gateway: Arc<Gateway>,
    what: Listing,
    id: Result<Path<String>, PathRejection>,
    request: Request<Body>,
) -> Response<Body> {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let (request, _unread) = request.into_parts();
    match listed(&gateway, what, &id, &request).await {
        Ok(document) => {
            let mut response = reply::document(document.to_string().into_bytes());
            let own = crate::wire::request_id(&reply::new_id());
            reply::aws_request_id(response.headers_mut(), Some(&own));
            response
        }
        Err(refused) => refusal(&refused, &reply::new_id()),
    }
}

async fn listed(gateway: &Gateway, what: Listing, id: &str, request: &Parts) -> Result<Value, Refusal> {
    let effective = gateway.effective();
    // A gateway that is full lists its models.
    let visit = admission::visit(gateway, &effective, Asker::Client(&request.headers), what.path())?;
    let filters = Filters::read(request.uri.query().unwrap_or_default());
    match what {
        Listing::FoundationModels => {
            let rows = rows(&visit, &source("ListFoundationModels", &[]), "modelSummaries").await?;
            let rows = rows.into_iter().filter(|row| may_use(&visit.admitted, row) && filters.meets(row));
            Ok(json!({ "modelSummaries": rows.collect::<Vec<_>>() }))
        }
        Listing::FoundationModel => {
            let rows = rows(&visit, &source("ListFoundationModels", &[]), "modelSummaries").await?;
            let found = rows.into_iter().find(|row| names(row).any(|name| name == id));
            let found = found.filter(|row| may_use(&visit.admitted, row)).ok_or_else(|| unknown(id))?;
            Ok(json!({ "modelDetails": found }))
        }
        Listing::InferenceProfiles => {
            let page = filters.page()?;
            // Without a type AWS lists what Bedrock defines and nothing else.
            let kind = filters.value("type").unwrap_or("SYSTEM_DEFINED");
            if !matches!(kind, "SYSTEM_DEFINED" | "APPLICATION") {
                return Err(Refusal::invalid(
                    "type",
                    format!("type is {kind}; expected SYSTEM_DEFINED or APPLICATION"),
                ));
            }
            let source = source("ListInferenceProfiles", &[("type", kind)]);
            let rows = rows(&visit, &source, "inferenceProfileSummaries").await?;
            let rows: Vec<Value> = rows.into_iter().filter(|row| may_use(&visit.admitted, row)).collect();
            let start = filters.start(&rows)?;
            let next = rows.get(start + page).and_then(|row| row.get("inferenceProfileId")).cloned();
            let some: Vec<Value> = rows.into_iter().skip(start).take(page).collect();
            let mut document = json!({ "inferenceProfileSummaries": some });
            if let Some(next) = next {
                document["nextToken"] = next;
            }
            Ok(document)
        }
        Listing::InferenceProfile => {
            let source = source("GetInferenceProfile", &[("inferenceProfileIdentifier", id)]);
            let bodies = pages(&visit, &source).await?;
            let profile = bodies.iter().find_map(|body| serde_json::from_str::<Value>(body).ok());
            profile.filter(|row| may_use(&visit.admitted, row)).ok_or_else(|| unknown(id))
        }
    }
}

/// The call of an operation, as discovery has it: so both read the same cache.
fn source(operation: &str, parameters: &[(&str, &str)]) -> Source {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Source { operation: operation.to_owned(), parameters }
}

/// The rows that AWS lists under a member, over all pages.
async fn rows(visit: &Visit, source: &Source, member: &str) -> Result<Vec<Value>, Refusal> {
    let mut rows = Vec::new();
    for body in pages(visit, source).await? {
        let mut page: Value = serde_json::from_str(&body).unwrap_or_default();
        if let Some(Value::Array(some)) = page.get_mut(member).map(Value::take) {
            rows.extend(some);
        }
    }
    Ok(rows)
}

/// What AWS lists.
async fn pages(visit: &Visit, source: &Source) -> Result<Vec<String>, Refusal> {
    let (effective, generation) = (&visit.seat.effective, &visit.seat.version.generation);
    let error = match effective.catalog.pages(source, &effective.aws).await {
        Ok(bodies) => return Ok(bodies),
        Err(PagesError::Refused(error)) => error,
        Err(error @ PagesError::Off) => return Err(Refusal::new(RefusalKind::Permission, error.to_string())),
        Err(PagesError::Discovery(_)) => return Err(Refusal::invalid("id", "it is no id or ARN of Bedrock")),
    };
    let place = generation.capacity().listing().await.map_err(|error| failures_of(&error.into()))?;
    let session = generation.session_in(place);
    let explained = session.and_then(|mut session| session.explain(&error)).map_err(|error| failures_of(&error))?;
    Err(of_aws(&error, &explained))
}

fn failures_of(error: &crate::provider::ProviderError) -> Refusal {
    Refusal::from(&failures::provider_failure(error, None))
}

/// The names of a row: a model's or a profile's id, and its ARN.
fn names(row: &Value) -> impl Iterator<Item = &str> {
    let members = ["modelId", "modelArn", "inferenceProfileId", "inferenceProfileArn"];
    members.into_iter().filter_map(|member| row.get(member)?.as_str())
}

/// Whether a key allows a row, by any of its names.
fn may_use(client: &Admitted, row: &Value) -> bool {
    names(row).any(|name| client.may_use(name))
}

fn unknown(id: &str) -> Refusal {
    Refusal::new(RefusalKind::NotFound, format!("{id:?} does not exist, or the key does not allow it"))
}

/// The query of a listing.
struct Filters(Vec<(String, String)>);

impl Filters {
    fn read(query: &str) -> Self {
        Filters(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a model meets the filters of `ListFoundationModels`.
    fn meets(&self, row: &Value) -> bool {
        let among = |member: &str, value: &str| {
            let values = row.get(member).and_then(Value::as_array);
            values.is_some_and(|values| values.iter().any(|known| known.as_str() == Some(value)))
        };
        self.0.iter().all(|(name, value)| match name.as_str() {
            "byProvider" => {
                let provider = row.get("providerName").and_then(Value::as_str);
                provider.is_some_and(|provider| provider.eq_ignore_ascii_case(value))
            }
            "byOutputModality" => among("outputModalities", value),
            "byInferenceType" => among("inferenceTypesSupported", value),
            "byCustomizationType" => among("customizationsSupported", value),
            _ => true,
        })
    }

    /// How many rows a page has.
    fn page(&self) -> Result<usize, Refusal> {
        let Some(text) = self.value("maxResults") else { return Ok(PAGE) };
        let page = text.parse().ok().filter(|page| (1..=LONGEST_PAGE).contains(page));
        page.ok_or_else(|| {
            Refusal::invalid("maxResults", format!("maxResults is {text:?}; expected 1 to {LONGEST_PAGE}"))
        })
    }

    /// The first row of the page: the token is the id of its profile.
    fn start(&self, rows: &[Value]) -> Result<usize, Refusal> {
        let Some(token) = self.value("nextToken") else { return Ok(0) };
        let position = rows.iter().position(|row| row.get("inferenceProfileId").and_then(Value::as_str) == Some(token));
        position.ok_or_else(|| Refusal::invalid("nextToken", "the nextToken is none of this listing"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_and_pages_are_those_of_aws() {
        let row = json!({ "providerName": "Anthropic", "outputModalities": ["TEXT"], "inferenceTypesSupported": [] });
        for (query, meets) in [
            ("", true),
            ("byProvider=anthropic&byOutputModality=TEXT", true),
            ("byOutputModality=IMAGE", false),
            ("byInferenceType=ON_DEMAND", false),
            ("byCustomizationType=FINE_TUNING", false),
        ] {
            assert_eq!(Filters::read(query).meets(&row), meets, "{query}");
        }
        assert_eq!(Filters::read("").page(), Ok(PAGE));
        assert_eq!(Filters::read("maxResults=7").page(), Ok(7));
        for wrong in ["maxResults=0", "maxResults=1001", "maxResults=x"] {
            assert!(Filters::read(wrong).page().is_err(), "{wrong}");
        }
        let rows = [json!({ "inferenceProfileId": "a" }), json!({ "inferenceProfileId": "b c" })];
        assert_eq!(Filters::read("nextToken=b%20c").start(&rows), Ok(1));
        assert!(Filters::read("nextToken=d").start(&rows).is_err());
    }
}
