//! Where a registry may lead: to token servers with credentials, and to hosts of storage services without.

use std::net::IpAddr;

use tokio::net::lookup_host;
use url::{Host, Url};

use super::OciReference;
use crate::reach::{Reach, reach};

/// Token servers of registries that have them under another name: what their `WWW-Authenticate` said on 2026-11-30.
const TOKEN_SERVERS: [(&str, &str); 2] = [("docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

/// Whether a token server may be told who we are: the registry itself, a host below its name, its known one, or one that the operator
/// allows (`allowed`).
pub(super) fn may_be_told(reference: &OciReference, base: &Url, realm: &Url, allowed: &[String]) -> bool {
    if realm.origin() == base.origin() {
        return true;
    }
    let (registry, host) = (reference.registry(), authority(realm));
    let is_below = host.strip_suffix(registry).is_some_and(|below| below.ends_with('.'));
    realm.scheme() == "https" && (is_below || TOKEN_SERVERS.contains(&(registry, &host))) || allowed.contains(&host)
}

/// The host, with its port where that is not the scheme's own.
pub(super) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Whether what a registry names may be connected to: any host of the internet, and where the registry itself is of this machine or
/// of a private network, hosts of the same. Who has a host in the internet look into this network through us would learn what is there.
///
/// A name that cannot be looked up here is left to the proxy. One that means another address by the time of the connection gets no
/// more than the beginning of a TLS handshake, for which it has no certificate.
pub(super) async fn may_be_reached(base: &Url, url: &Url) -> bool {
    let reaches = reaches(url).await;
    if reaches.iter().all(|reach| *reach == Reach::Public) {
        return true;
    }
    let own = self::reaches(base).await;
    reaches.iter().all(|reach| *reach == Reach::Public || *reach != Reach::Never && own.contains(reach))
}

async fn reaches(url: &Url) -> Vec<Reach> {
    let name = match url.host() {
        Some(Host::Ipv4(address)) => return vec![reach(IpAddr::V4(address))],
        Some(Host::Ipv6(address)) => return vec![reach(IpAddr::V6(address))],
        Some(Host::Domain(name)) => name,
        None => return vec![Reach::Never],
    };
    let found = lookup_host((name, url.port_or_known_default().unwrap_or_default())).await;
    found.map(|found| found.map(|address| reach(address.ip())).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{may_be_reached, may_be_told};
    use crate::source::Source;

    fn url(text: &str) -> Url {
        text.parse().expect("a URL")
    }

    #[test]
    fn who_we_are_is_for_the_registry_and_whom_the_operator_allows() {
        let told = |registry: &str, realm: &str, allowed: &[&str]| {
            let Ok(Source::Oci(reference)) = format!("oci://{registry}/a:v1").parse() else { panic!("{registry}") };
            let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
            may_be_told(&reference, &url(&reference.base()), &url(realm), &allowed)
        };
        for (registry, realm) in [
            ("ghcr.io", "https://ghcr.io/token"),
            ("r.example:5000", "https://r.example:5000/token"),
            ("r.example", "https://auth.r.example/token"),
            ("docker.io", "https://auth.docker.io/token"),
            ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
            ("127.0.0.1:5000", "http://127.0.0.1:5000/token"),
        ] {
            assert!(told(registry, realm, &[]), "{registry} {realm}");
        }
        for (registry, realm) in [
            ("ghcr.io", "https://evil.example/token"),
            ("ghcr.io", "https://evilghcr.io/token"),
            ("ghcr.io", "https://ghcr.io.evil.example/token"),
            ("ghcr.io", "https://ghcr.io:8443/token"),
            ("r.example:5000", "https://r.example/token"),
            ("ghcr.io", "https://auth.docker.io/token"),
            ("a.co.uk", "https://b.co.uk/token"),
            ("127.0.0.1:5000", "http://127.0.0.1:5001/token"),
        ] {
            assert!(!told(registry, realm, &[]), "{registry} {realm}");
            let host = url(realm).authority().to_owned();
            assert!(told(registry, realm, &[&host]), "{registry} {realm}, which is allowed");
            assert!(!told(registry, realm, &["evil"]), "{registry} {realm}");
        }
    }

    #[tokio::test]
    async fn a_registry_leads_to_the_internet_and_to_its_own_kind_of_network() {
        let reached = async |registry: &str, to: &str| may_be_reached(&url(registry), &url(to)).await;
        let (public, private, here) = ("https://8.8.8.8/v2/", "https://10.0.0.1/v2/", "http://127.0.0.1:5000/v2/");
        for registry in [public, private, here] {
            assert!(reached(registry, "https://93.184.216.34/blob").await);
            for never in [
                "https://169.254.169.254/",
                "https://[fe80::1]/",
                "https://[::ffff:169.254.169.254]/",
                "https://0.0.0.0/",
            ] {
                assert!(!reached(registry, never).await, "{registry} {never}");
            }
        }
        for (to, from) in [
            ("https://127.0.0.1:6443/", here),
            ("https://localhost:6443/", here),
            ("https://[::1]:6443/", here),
            ("https://10.1.2.3/", private),
            ("https://[fd12::1]/", private),
        ] {
            for registry in [public, private, here] {
                assert_eq!(reached(registry, to).await, registry == from, "{registry} {to}");
            }
        }
    }
}
