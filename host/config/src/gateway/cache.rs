//! `quarry.cache`.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::super::reader::{Item, Reader};
use super::super::schema::names_below;
use super::settings::CacheConfig;
use crate::printable::without_user_info;

/// The address of a Redis or Valkey server. What is before the `@` is secret, and never shown.
#[derive(Clone)]
pub struct CacheUrl(SecretString);

impl CacheUrl {
    /// The address with what is secret in it, for whoever connects.
    #[must_use]
    pub fn secret(&self) -> &SecretString {
        &self.0
    }

    /// None for what is no `redis://` or `rediss://` address of a host, with at most a user, a password and the number of a
    /// database.
    fn new(text: &str) -> Option<Self> {
        let url = Url::parse(text.trim()).ok()?;
        let database = url.path().trim_start_matches('/');
        let usable = matches!(url.scheme(), "redis" | "rediss")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && (database.is_empty() || database.parse::<u16>().is_ok())
            && url.query().is_none()
            && url.fragment().is_none();
        usable.then(|| CacheUrl(SecretString::from(text.trim())))
    }
}

impl PartialEq for CacheUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for CacheUrl {}

/// Without user and password.
impl fmt::Display for CacheUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&without_user_info(self.0.expose_secret()))
    }
}

impl fmt::Debug for CacheUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CacheUrl({self})")
    }
}

/// Reads the section. An address that is wrong is not quoted.
pub(super) fn read(reader: &mut Reader, node: &Item<'_>, cache: &mut CacheConfig) {
    let members = reader.settings(node, &names_below("quarry.cache"));
    let expected = "an address such as `redis://127.0.0.1:6379`, or `rediss://:PASSWORD@HOST/0` for TLS";
    let Some(node) = members.get("url") else { return };
    let Some(text) = reader.text(node, expected) else { return };
    cache.url = CacheUrl::new(text);
    if cache.url.is_none() {
        reader.wrong(node, "this is not the address of a Redis or Valkey server", expected);
    }
}

#[cfg(test)]
mod tests {
    use super::CacheUrl;

    #[test]
    fn an_address_is_one_of_a_server_and_nothing_more() {
        for right in
            ["redis://127.0.0.1", "redis://[::1]:7000/", "rediss://me:hunter2@cache.example:6380/15", " redis://h/0 "]
        {
            assert!(CacheUrl::new(right).is_some(), "{right}");
        }
        let wrong = ["", "127.0.0.1:6379", "http://h", "redis://", "redis+unix:///run/redis.sock", "redis://h/x"];
        for wrong in wrong.into_iter().chain(["redis://h/0?protocol=resp3", "rediss://h#insecure", "redis://h/70000"]) {
            assert!(CacheUrl::new(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let url = CacheUrl::new("redis://me:hunter2@h:1/2").expect("an address");
        let shown = format!("{url} {url:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("me") && shown.contains("@h:1/2"), "{shown}");
    }
}
