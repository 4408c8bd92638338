//! What a registry asks for when it answers 401, by the distribution project's token specification and by RFC 7617.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_auth::{ChallengeRef, parse_challenges};
use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::credentials::Login;

/// How to get in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A token from here.
    Token(Box<Url>),
    /// The password itself.
    Password,
}

impl Challenge {
    /// What the headers of an answer ask for; `None` where it is nothing that is known here. `scope` is what a token is wanted for.
    pub(super) fn read(headers: &HeaderMap, scope: &str) -> Option<Self> {
        let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
        let challenges: Vec<ChallengeRef<'_>> =
            values.filter_map(|value| parse_challenges(value).ok()).flatten().collect();
        let of = |scheme: &str| challenges.iter().find(|challenge| challenge.scheme.eq_ignore_ascii_case(scheme));
        // Where both are offered the password goes to one place less often.
        of("Bearer").and_then(|bearer| token_url(bearer, scope)).or_else(|| of("Basic").map(|_| Challenge::Password))
    }
}

fn token_url(bearer: &ChallengeRef<'_>, scope: &str) -> Option<Challenge> {
    let parameter = |wanted: &str| {
        let (_, value) = bearer.params.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
        Some(value.to_unescaped())
    };
    let mut url = Url::parse(&parameter("realm")?).ok()?;
    if let Some(service) = parameter("service") {
        url.query_pairs_mut().append_pair("service", &service);
    }
    url.query_pairs_mut().append_pair("scope", scope);
    Some(Challenge::Token(Box::new(url)))
}

/// The header that gives user and password.
pub(super) fn basic(login: &Login) -> Option<HeaderValue> {
    let pair = SecretString::from(format!("{}:{}", login.user, login.password.expose_secret()));
    sensitive(&SecretString::from(format!("Basic {}", STANDARD.encode(pair.expose_secret()))))
}

/// The header that gives the token of a token server's answer.
pub(super) fn bearer(answer: &[u8]) -> Option<HeaderValue> {
    /// Older servers have the one name, newer the other or both.
    #[derive(Deserialize)]
    struct Answer {
        token: Option<String>,
        access_token: Option<String>,
    }
    let Answer { token, access_token } = serde_json::from_slice(answer).ok()?;
    let token = token.or(access_token).filter(|token| !token.is_empty())?;
    sensitive(&SecretString::from(format!("Bearer {token}")))
}

fn sensitive(text: &SecretString) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text.expose_secret()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use hyper::header::{HeaderMap, HeaderValue, WWW_AUTHENTICATE};

    use super::{Challenge, basic, bearer};
    use crate::source::oci::credentials::Login;

    fn read(values: &[&'static str]) -> Option<Challenge> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        Challenge::read(&headers, "repository:a/b:pull")
    }

    #[test]
    fn the_token_server_is_read_from_any_of_the_challenges() {
        let url = "https://auth.example/token?service=registry.example&scope=repository%3Aa%2Fb%3Apull";
        let token = Some(Challenge::Token(Box::new(url.parse().expect("a URL"))));
        let bearer = r#"Bearer realm="https://auth.example/token",service="registry.example",scope="x""#;
        assert_eq!(read(&[bearer]), token);
        assert_eq!(
            read(&[r#"Basic realm="x", Bearer realm="https://auth.example/token", service="registry.example""#]),
            token
        );
        assert_eq!(read(&[r#"Basic realm="x""#, bearer]), token);
        assert_eq!(read(&[r#"basic realm="Registry Realm""#]), Some(Challenge::Password));
        assert_eq!(read(&[r#"Bearer realm="nowhere", Basic realm="x""#]), Some(Challenge::Password));
        for unknown in [r#"Negotiate"#, r#"Bearer service="x""#, r#"Bearer realm="nowhere""#, r#"Bearer realm=""#] {
            assert_eq!(read(&[unknown]), None, "{unknown}");
        }
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn headers_do_not_show_what_they_hold() {
        let login = Login { user: "alice".to_owned(), password: "hunter2".into() };
        let header = basic(&login).expect("a header");
        assert_eq!(header.as_bytes(), b"Basic YWxpY2U6aHVudGVyMg==");
        assert_eq!(format!("{header:?}"), "Sensitive");
        let header = bearer(br#"{"access_token": "abc", "expires_in": 300}"#).expect("a header");
        assert_eq!((header.as_bytes(), header.is_sensitive()), (&b"Bearer abc"[..], true));
        assert_eq!(bearer(br#"{"token": "t", "access_token": "abc"}"#).expect("a header").as_bytes(), b"Bearer t");
        for wrong in [&b"{}"[..], b"abc", br#"{"token": ""}"#, br#"{"token": "a\nb"}"#] {
            assert!(bearer(wrong).is_none());
        }
    }
}
