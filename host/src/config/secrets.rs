//! What only the host reads of the configuration.

use std::collections::BTreeMap;

use hyper::header::HeaderValue;
use jsonc_parser::ast::{Object, Value};
use secrecy::{ExposeSecret as _, SecretString};

use super::error::ConfigError;
use super::file::ConfigFile;
use super::json5::{self, BYTE_ORDER_MARK};
use super::overrides::{self, Override};

/// Names of the provider in `models.providers`, the one that counts most last.
pub const PROVIDER_NAMES: [&str; 3] = ["aws-bedrock", "bedrock", "amazon-bedrock"];

/// What OpenClaw writes in place of a key that is not one: the name of the variable that made the provider usable, or a word
/// for "there are credentials". None of them is a bearer token.
const MARKERS: [&str; 5] =
    ["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "<authenticated>", "aws-sdk"];

/// Secrets of the configuration.
#[derive(Debug, Default)]
pub struct ConfigSecrets {
    /// Values of `models.providers.amazon-bedrock.headers`, with their names as they are written.
    pub headers: Vec<(String, SecretString)>,
    /// `models.providers.amazon-bedrock.apiKey`: a bearer token for Bedrock.
    pub bearer_token: Option<SecretString>,
}

impl ConfigSecrets {
    /// Reads the secrets of the file and of the flags over it. What is no text is left out: the provider, which sees where a
    /// value is and of which kind, reports it. So is a text with a syntax error.
    ///
    /// # Errors
    /// When the path of an override cannot be read, or the value of a header cannot be sent.
    pub fn read(file: Option<&ConfigFile>, overrides: &[Override]) -> Result<Self, ConfigError> {
        let flags = overrides::document(overrides)?;
        let secrets = Self::of_texts(file.map(ConfigFile::text).into_iter().chain([flags.as_str()]));
        match secrets.headers.iter().find(|(_, value)| HeaderValue::from_str(value.expose_secret()).is_err()) {
            Some((name, _)) => Err(ConfigError::HeaderValue { name: name.clone() }),
            None => Ok(secrets),
        }
    }

    fn of_texts<'t>(texts: impl Iterator<Item = &'t str>) -> Self {
        let mut bearer_token = None;
        // Names of headers do not differ by case.
        let mut headers: BTreeMap<String, (String, SecretString)> = BTreeMap::new();
        for text in texts {
            let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
            let Ok(Some(Value::Object(root))) = json5::parse(text) else { continue };
            let providers = object(&root, "models").and_then(|models| object(models, "providers"));
            for provider in PROVIDER_NAMES.iter().filter_map(|name| object(providers?, name)) {
                if let Some(key) = text_of(provider, "apiKey").filter(|key| !MARKERS.contains(key)) {
                    bearer_token = Some(SecretString::from(key));
                }
                for property in object(provider, "headers").iter().flat_map(|headers| &headers.properties) {
                    let name = property.name.as_str();
                    if let Some(value) = shown_text(&property.value) {
                        headers.insert(name.to_ascii_lowercase(), (name.to_owned(), SecretString::from(value)));
                    }
                }
            }
        }
        ConfigSecrets { headers: headers.into_values().collect(), bearer_token }
    }
}

/// Of members with the same name the last counts, as for the provider.
fn member<'v, 't>(object: &'v Object<'t>, name: &str) -> Option<&'v Value<'t>> {
    object.properties.iter().rev().find(|property| property.name.as_str() == name).map(|property| &property.value)
}

fn object<'v, 't>(parent: &'v Object<'t>, name: &str) -> Option<&'v Object<'t>> {
    member(parent, name)?.as_object()
}

fn text_of<'v>(object: &'v Object<'_>, name: &str) -> Option<&'v str> {
    shown_text(member(object, name)?)
}

/// A text that is not blank, without space at its ends.
fn shown_text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    let text = value.as_string_lit()?.value.trim();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::ConfigSecrets;

    fn read(texts: &[&str]) -> (Vec<(String, String)>, Option<String>) {
        let secrets = ConfigSecrets::of_texts(texts.iter().copied());
        let headers = secrets.headers.iter().map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        (headers.collect(), secrets.bearer_token.as_ref().map(|token| token.expose_secret().to_owned()))
    }

    #[test]
    fn headers_and_key_are_read_and_higher_layers_win() {
        let file =
            "\u{feff}{models: {providers: {bedrock: {apiKey: 'alias', headers: {'X-A': '1', 'X-B': '2', 'X-C': 3}},
            'amazon-bedrock': {apiKey: ' key ', headers: {'x-b': 'two'}}}}}";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(read(&[file]), (vec![pair("X-A", "1"), pair("x-b", "two")], Some("key".to_owned())));
        let flags = r#"{"models":{"providers":{"amazon-bedrock":{"apiKey":"other"}}}}"#;
        assert_eq!(read(&[file, flags]).1.as_deref(), Some("other"));
        assert_eq!(read(&[file, "{models: "]).1.as_deref(), Some("key"));
    }

    #[test]
    fn a_marker_is_no_key() {
        let file = |key: &str| format!("{{models: {{providers: {{'amazon-bedrock': {{apiKey: '{key}'}}}}}}}}");
        for marker in ["AWS_PROFILE", "<authenticated>", "", " "] {
            assert_eq!(read(&[&file(marker)]).1, None, "{marker}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let file = "{models: {providers: {'amazon-bedrock': {apiKey: 'hunter2', headers: {a: 'hunter3'}}}}}";
        let shown = format!("{:?}", ConfigSecrets::of_texts([file].into_iter()));
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
