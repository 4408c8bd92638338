//! Requests of a provider against the service's own model.

use serde_json::Value;

use crate::contract::RequestKind;
use crate::contract::conversation::{BodyPart, Prepared};
use crate::service_model::{Request, ServiceModel};

/// What stands for the bytes of an attachment.
const ATTACHMENT: &[u8] = b"AAAA";

/// Checks a prepared request against the service's model of the operation that it names.
///
/// # Errors
/// With the first violation, and the number of further ones.
pub fn check(prepared: &Prepared) -> Result<(), String> {
    let body: Vec<u8> = prepared
        .body
        .iter()
        .flat_map(|part| match part {
            BodyPart::Json(json) => json.as_slice(),
            BodyPart::Blob(_) => ATTACHMENT,
        })
        .copied()
        .collect();
    let body: Value = serde_json::from_slice(&body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let is_counted = prepared.operation == RequestKind::TokenCount.operation();
    let request = if is_counted { Request::CountTokens } else { Request::ConverseStream };
    let violations = ServiceModel::get().violations(request, &body);
    match violations.as_slice() {
        [] => Ok(()),
        [one] => Err(one.to_string()),
        [first, more @ ..] => Err(format!("{first} (and {} more)", more.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(kind: RequestKind, parts: &[&str]) -> Prepared {
        let body = parts.iter().map(|part| BodyPart::Json(part.as_bytes().to_vec())).collect();
        let (operation, model_id) = (kind.operation().to_owned(), "a.b".to_owned());
        Prepared { operation, model_id, body, carry: Vec::new(), notices: Vec::new() }
    }

    #[test]
    fn a_request_fits_the_operation_that_it_is_for() {
        let answer = |parts: &[&str]| prepared(RequestKind::Answer, parts);
        let image = r#"{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":""#;
        let mut whole = answer(&[image, r#""}}}]}]}"#]);
        whole.body.insert(1, BodyPart::Blob(7));
        assert_eq!(check(&whole), Ok(()));
        assert_eq!(check(&answer(&[r#"{"a":1,"b":2,"c":3}"#])), Err("a: unknown member (and 2 more)".to_owned()));
        assert!(check(&answer(&["{"])).is_err_and(|told| told.starts_with("the body is not JSON: ")));
        let count = |part| prepared(RequestKind::TokenCount, &[part]);
        assert_eq!(check(&count(r#"{"input":{"converse":{}}}"#)), Ok(()));
        assert_eq!(check(&count("{}")), Err("input: it is required".to_owned()));
    }
}
