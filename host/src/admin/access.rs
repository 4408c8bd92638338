//! Who may use the admin listener.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::config::Environment;
use crate::gateway::is_loopback_host;

/// The variable that names the token.
pub const TOKEN_VARIABLE: &str = "QUARRY_ADMIN_TOKEN";

/// Bytes of randomness in a token that is made here.
const RANDOM: usize = 32;

/// What opens an admin listener on a port. It cannot be printed.
#[derive(Debug, Clone)]
pub struct AdminToken(SecretString);

impl AdminToken {
    /// The token of the environment, where it names one.
    #[must_use]
    pub fn of(environment: &Environment) -> Option<Self> {
        let token = environment.get(TOKEN_VARIABLE)?.trim();
        (!token.is_empty()).then(|| AdminToken(token.into()))
    }

    /// Makes a token and keeps it in a file that this user alone can read, for the commands of this user.
    ///
    /// # Errors
    /// When there is no randomness, or the file cannot be written.
    pub fn make(file: &Path) -> io::Result<Self> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        if let Err(error) = fs::remove_file(file)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?;
        written.write_all(token.as_bytes())?;
        Ok(AdminToken(token.into()))
    }

    /// Reads the token that a gateway of this user keeps.
    ///
    /// # Errors
    /// When the file cannot be read, or others can write to it.
    pub fn read(file: &Path) -> io::Result<Self> {
        if fs::metadata(file)?.permissions().mode() & 0o022 != 0 {
            return Err(io::Error::other("others can write to it"));
        }
        Ok(AdminToken(fs::read_to_string(file)?.trim().into()))
    }

    /// The token, for the header of a request.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0.expose_secret())
    }

    /// Whether a request carries it.
    pub(super) fn opens(&self, headers: &HeaderMap) -> bool {
        let presented = headers.get(AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        self.bearer().as_bytes().ct_eq(presented).into()
    }
}

/// Whether a request may have been sent by a page of another origin that a browser shows: such a page can reach loopback. A
/// browser says where a page is from, in `Sec-Fetch-Site` and `Origin`; a name of another host in `Host` was pointed at
/// loopback (DNS rebinding).
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let host = text(HOST);
    if let Some(host) = host
        && !is_loopback_host(host)
    {
        return true;
    }
    if let Some(origin) = text(ORIGIN)
        && Some(origin.strip_prefix("http://").unwrap_or(origin)) != host
    {
        return true;
    }
    matches!(text(HeaderName::from_static("sec-fetch-site")), Some("cross-site" | "same-site"))
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::HeaderName;

    use super::{AdminToken, is_foreign};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a value"))).collect()
    }

    #[test]
    fn a_token_that_was_made_opens_and_is_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        let token = AdminToken::make(&file).expect("it can be made");
        let read = AdminToken::read(&file).expect("it can be read");
        assert!(token.opens(&headers(&[("authorization", &read.bearer())])));
        assert!(!token.opens(&headers(&[("authorization", "Bearer x")])));
        assert!(!token.opens(&headers(&[])));
        assert!(!format!("{token:?}").contains(&read.bearer()[7..]));
    }

    #[test]
    fn pages_of_other_origins_are_foreign() {
        assert!(!is_foreign(&headers(&[("host", "127.0.0.1:8485")])));
        assert!(!is_foreign(&headers(&[("host", "127.0.0.1:8485"), ("origin", "http://127.0.0.1:8485")])));
        assert!(!is_foreign(&headers(&[("host", "localhost:1"), ("sec-fetch-site", "same-origin")])));
        assert!(is_foreign(&headers(&[("host", "rebound.example")])));
        assert!(is_foreign(&headers(&[("host", "127.0.0.1:8485"), ("origin", "http://127.0.0.1:3000")])));
        assert!(is_foreign(&headers(&[("host", "127.0.0.1:8485"), ("origin", "null")])));
        assert!(is_foreign(&headers(&[("host", "127.0.0.1:8485"), ("sec-fetch-site", "cross-site")])));
    }
}
