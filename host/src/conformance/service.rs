//! Requests of a provider against the service's own model.

use serde_json::Value;

use crate::contract::conversation::{BodyPart, Options, Prepared};
use crate::service_model::{Request, ServiceModel};

/// What stands for the bytes of an attachment.
const ATTACHMENT: &[u8] = b"AAAA";

/// Holds a request that a provider prepared against the model: `options` say for which operation.
///
/// # Errors
/// With the first thing that does not fit, and how many more there are.
pub fn check(prepared: &Prepared, options: &Options) -> Result<(), String> {
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
    let is_counted =
        options.extras.iter().any(|extra| extra.name == "operation" && extra.value.contains("CountTokens"));
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
    use crate::contract::types::NamedJson;
    use crate::json::options::OptionsForm;

    fn prepared(parts: &[&str]) -> Prepared {
        let body = parts.iter().map(|part| BodyPart::Json(part.as_bytes().to_vec())).collect();
        Prepared { model_id: "a.b".to_owned(), body, carry: Vec::new(), notices: Vec::new() }
    }

    #[test]
    fn a_request_fits_the_operation_that_it_is_for() {
        let options = Options::from(OptionsForm::default());
        let image = r#"{"messages":[{"role":"user","content":[{"image":{"format":"png","source":{"bytes":""#;
        let mut whole = prepared(&[image, r#""}}}]}]}"#]);
        whole.body.insert(1, BodyPart::Blob(7));
        assert_eq!(check(&whole, &options), Ok(()));
        assert_eq!(
            check(&prepared(&[r#"{"a":1,"b":2,"c":3}"#]), &options),
            Err("a: there is no such member (and 2 more)".to_owned())
        );
        assert!(check(&prepared(&["{"]), &options).is_err_and(|told| told.starts_with("the body is not JSON: ")));
        let operation = NamedJson { name: "operation".to_owned(), value: "\"CountTokens\"".to_owned() };
        let counted = Options { extras: vec![operation], ..options };
        assert_eq!(check(&prepared(&[r#"{"input":{"converse":{}}}"#]), &counted), Ok(()));
        assert_eq!(check(&prepared(&["{}"]), &counted), Err("input: it is required".to_owned()));
    }
}
