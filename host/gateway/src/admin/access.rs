//! Who may use the admin listener.

use std::io::{self, Read as _};
use std::path::Path;

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HOST, HeaderName, ORIGIN};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::config::Environment;
use crate::files::{TrustedFolder, open_trusted};
use crate::is_loopback_host;

/// The variable that names the token.
pub const TOKEN_VARIABLE: &str = "QUARRY_ADMIN_TOKEN";

/// The random bytes of a generated token.
const RANDOM: usize = 32;

/// The token of an admin listener on a port. It cannot be printed.
#[derive(Debug, Clone)]
pub struct AdminToken(SecretString);

impl AdminToken {
    /// The token of the environment, if it is set.
    #[must_use]
    pub fn of(environment: &Environment) -> Option<Self> {
        let token = environment.get(TOKEN_VARIABLE)?.trim();
        (!token.is_empty()).then(|| AdminToken(token.into()))
    }

    /// Generates a token and writes it to a file that only this user can read, for the commands of this user. Creates
    /// the folder if it is missing.
    ///
    /// # Errors
    /// When there is no randomness, the file cannot be written, or other users can write to its folder or replace it.
    pub fn make(file: &Path) -> io::Result<Self> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let (Some(folder), Some(name)) = (file.parent(), file.file_name().and_then(|name| name.to_str())) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it names no file"));
        };
        TrustedFolder::make(folder)?.write(name, token.as_bytes(), 0o600)?;
        Ok(AdminToken(token.into()))
    }

    /// Reads the token of this user's gateway.
    ///
    /// # Errors
    /// When the file cannot be read, or users other than this one and root can change or replace it.
    pub fn read(file: &Path) -> io::Result<Self> {
        let mut text = String::new();
        open_trusted(file)?.read_to_string(&mut text)?;
        Ok(AdminToken(text.trim().into()))
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
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, chown, lchown, symlink};

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
    fn a_token_that_somebody_else_can_change_or_made_is_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = folder.path().join("runtime");
        let file = runtime.join("admin.token");
        AdminToken::make(&file).expect("the folder is made");
        assert_eq!(fs::metadata(&runtime).expect("it is there").permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::metadata(&file).expect("it is there").permissions().mode() & 0o777, 0o600);
        let refused = |told: &str| {
            let error = AdminToken::read(&file).expect_err("it is not trusted").to_string();
            assert!(error.contains(told), "{error}");
        };
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).expect("the owner may");
        refused("chmod go-w");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("the owner may");
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o777)).expect("the owner may");
        refused("other users can write to");
        assert!(AdminToken::make(&file).is_err(), "nor is one made there");
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o700)).expect("the owner may");
        AdminToken::read(&file).expect("it is mended");
        if rustix::process::geteuid().is_root() {
            chown(&file, Some(65534), None).expect("root may");
            refused("belongs to another user (65534)");
            chown(&file, Some(0), None).expect("root may");
            // The folder is somebody else's link, as in the temporary folder.
            let link = folder.path().join("link");
            symlink(&runtime, &link).expect("a link can be made");
            AdminToken::read(&link.join("admin.token")).expect("a link of this user's own is safe");
            lchown(&link, Some(65534), None).expect("root may");
            assert!(AdminToken::make(&link.join("admin.token")).is_err());
            assert!(AdminToken::read(&link.join("admin.token")).is_err());
        }
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
