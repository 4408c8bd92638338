//! What the operator allows, and what an address asks for.

use std::net::IpAddr;

use url::{Host, Url};

use super::error::RemoteError;
use crate::config::gateway::RemoteConfig;
use crate::reach::{Reach, reach};

/// Where to go for one attachment. Its host is one that the policy allows.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The host as people write it, for errors and `SNI`: in lower case, an IPv6 address without brackets.
    pub(super) host: String,
    /// The value of the `host` header.
    pub(super) authority: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
    /// `https`, not `http`.
    pub(super) tls: bool,
    /// The policy names exactly this host.
    listed: bool,
}

impl Target {
    /// Reads an address and checks what its text tells.
    ///
    /// # Errors
    /// When it is no address, or the policy does not allow its scheme or its host.
    pub(super) fn within(policy: &RemoteConfig, address: &str) -> Result<Target, RemoteError> {
        let url = Url::parse(address).map_err(|_| RemoteError::NotAnAddress)?;
        let host = match url.host() {
            // A dot at the end names the same host.
            Some(Host::Domain(name)) => name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        };
        if host.is_empty() || !url.username().is_empty() || url.password().is_some() {
            return Err(RemoteError::NotAnAddress);
        }
        if !policy.allowed {
            return Err(RemoteError::NotAllowed { host });
        }
        let (tls, port) = match url.scheme() {
            "https" => (true, 443),
            "http" => (false, 80),
            other => return Err(RemoteError::Scheme { host, scheme: other.to_owned() }),
        };
        let listed = policy.hosts.iter().any(|entry| names(entry, &host));
        if !tls && !listed {
            return Err(RemoteError::Scheme { host, scheme: "http".to_owned() });
        }
        if !listed && !policy.hosts.is_empty() && !policy.hosts.iter().any(|entry| covers(entry, &host)) {
            return Err(RemoteError::HostNotAllowed { host });
        }
        let authority = url.authority().to_owned();
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        Ok(Target { authority, port: url.port().unwrap_or(port), path: path.to_owned(), tls, listed, host })
    }
}

/// Whether an entry of the list is this host.
fn names(entry: &str, host: &str) -> bool {
    let entry = entry.trim().trim_start_matches('[').trim_end_matches(']');
    entry.eq_ignore_ascii_case(host)
}

/// Whether an entry of the list is a suffix that this host is below.
fn covers(entry: &str, host: &str) -> bool {
    let Some(suffix) = entry.trim().strip_prefix("*.") else { return false };
    let suffix = suffix.to_ascii_lowercase();
    host.strip_suffix(&suffix).is_some_and(|below| below.len() > 1 && below.ends_with('.'))
}

impl Target {
    /// Checks one of the host's addresses.
    ///
    /// # Errors
    /// When it may not be connected to.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), RemoteError> {
        let host = || self.host.clone();
        match reach(address) {
            Reach::Never => Err(RemoteError::AddressNotPublic { host: host() }),
            Reach::Loopback if self.listed => Ok(()),
            // Plain http is for loopback alone.
            _ if !self.tls => Err(RemoteError::Scheme { host: host(), scheme: "http".to_owned() }),
            Reach::Public => Ok(()),
            Reach::Private if self.listed => Ok(()),
            Reach::Private | Reach::Loopback => Err(RemoteError::AddressNotPublic { host: host() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(hosts: &[&str]) -> RemoteConfig {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        RemoteConfig { allowed: true, hosts, ..RemoteConfig::default() }
    }

    fn host(hosts: &[&str], address: &str) -> Result<String, RemoteError> {
        Target::within(&policy(hosts), address).map(|target| target.host)
    }

    #[test]
    fn nothing_is_allowed_unless_it_is() {
        let refused = Target::within(&RemoteConfig::default(), "https://images.example/cat.png?secret=1")
            .expect_err("not allowed");
        assert_eq!(refused, RemoteError::NotAllowed { host: "images.example".to_owned() });
        assert!(!refused.to_string().contains("secret"));
    }

    #[test]
    fn names_cover_themselves_and_suffixes_what_is_below() {
        let list = &["cdn.example", "*.images.example", "10.0.0.7", "[fd12::1]"];
        for address in [
            "https://CDN.example./x",
            "https://a.images.example/x",
            "https://a.b.images.example:8443/x",
            "https://10.0.0.7/x",
            "https://[fd12::1]/x",
            "http://cdn.example/x",
        ] {
            assert!(host(list, address).is_ok(), "{address}: {:?}", host(list, address));
        }
        for address in ["https://images.example/", "https://badimages.example/", "https://a.cdn.example/"] {
            assert!(matches!(host(list, address), Err(RemoteError::HostNotAllowed { .. })), "{address}");
        }
        assert!(matches!(host(list, "http://a.images.example/"), Err(RemoteError::Scheme { .. })));
        assert_eq!(host(&[], "https://anything.example/x"), Ok("anything.example".to_owned()));
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for address in [
            "",
            "cat.png",
            "/etc/passwd",
            "https://",
            "https://user:secret@a.example/",
            "https://u@a.example/",
            "file:///x",
            "data:,x",
        ] {
            assert_eq!(host(&[], address), Err(RemoteError::NotAnAddress), "{address}");
        }
        for address in ["ftp://a.example/x", "gopher://a.example/", "http://a.example/"] {
            assert!(matches!(host(&[], address), Err(RemoteError::Scheme { .. })), "{address}");
        }
    }

    #[test]
    fn an_address_is_checked_in_whatever_form_it_is_written() {
        let check = |hosts: &[&str], url: &str| {
            let target = Target::within(&policy(hosts), url)?;
            target.check(target.host.parse().expect("the test's hosts are addresses"))
        };
        let hidden = [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.1.2.3/",
            "https://100.64.0.1/",
            "https://[fd12::1]/",
        ];
        for url in hidden {
            assert!(matches!(check(&[], url), Err(RemoteError::AddressNotPublic { .. })), "{url}");
        }
        assert_eq!(check(&["10.1.2.3"], "https://10.1.2.3/"), Ok(()));
        assert_eq!(check(&["127.0.0.1"], "http://127.0.0.1/"), Ok(()));
        assert!(matches!(check(&["10.1.2.3"], "http://10.1.2.3/"), Err(RemoteError::Scheme { .. })));
        // The metadata service is refused even where somebody listed it.
        let metadata = check(&["169.254.169.254"], "https://169.254.169.254/");
        assert!(matches!(metadata, Err(RemoteError::AddressNotPublic { .. })));
        assert_eq!(check(&[], "https://8.8.8.8/"), Ok(()));
    }
}
