//! Who sent a request that came through proxies.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::{FORWARDED, HeaderName};
use ipnet::IpNet;

/// The header from before RFC 7239, which most proxies still write.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The nearest sender that is not one of the operator's proxies. Anybody can write these headers, so an address counts only if a
/// configured proxy added it.
pub(super) fn sender(peer: IpAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|proxies| proxies.contains(address));
    let mut sender = peer.to_canonical();
    if !is_proxy(&sender) {
        return sender;
    }
    // Each proxy adds the address that it was sent from at the end.
    let header = if headers.contains_key(FORWARDED) { FORWARDED } else { X_FORWARDED_FOR };
    let lines: Vec<&str> = headers.get_all(&header).iter().filter_map(|line| line.to_str().ok()).collect();
    for element in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let node = if header == FORWARDED { forwarded_for(element) } else { Some(element) };
        // An entry that cannot be parsed ends the search: nothing before it can be trusted.
        let Some(address) = node.and_then(address) else { break };
        sender = address;
        if !is_proxy(&sender) {
            break;
        }
    }
    sender
}

/// The `for` of an element of `Forwarded` (RFC 7239, 4).
fn forwarded_for(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })
}

/// An address, with or without a port, brackets and quotes.
fn address(node: &str) -> Option<IpAddr> {
    let node = node.trim().trim_matches('"');
    let bare = node.strip_prefix('[').and_then(|node| node.strip_suffix(']')).unwrap_or(node);
    let address = bare.parse().or_else(|_| node.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::{HeaderName, HeaderValue};

    use super::sender;

    fn sent(peer: &str, lines: &[(&'static str, &'static str)], proxies: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        let proxies: Vec<_> = proxies.iter().map(|proxy| proxy.parse().expect("a network")).collect();
        sender(peer.parse().expect("an address"), &headers, &proxies).to_string()
    }

    #[test]
    fn only_named_proxies_are_believed() {
        let forged = [("x-forwarded-for", "1.1.1.1, 203.0.113.9")];
        assert_eq!(sent("10.0.0.1", &forged, &[]), "10.0.0.1");
        assert_eq!(sent("192.0.2.7", &forged, &["10.0.0.0/8"]), "192.0.2.7");
        assert_eq!(
            sent("10.0.0.1", &forged, &["10.0.0.0/8"]),
            "203.0.113.9",
            "what came before was sent by the client"
        );
        assert_eq!(sent("::ffff:10.0.0.1", &forged, &["10.0.0.0/8"]), "203.0.113.9");
        let two = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "10.0.0.2")];
        assert_eq!(sent("10.0.0.1", &two, &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(sent("10.0.0.1", &[], &["10.0.0.0/8"]), "10.0.0.1");
        assert_eq!(sent("10.0.0.1", &[("x-forwarded-for", "no, address")], &["10.0.0.0/8"]), "10.0.0.1");
    }

    #[test]
    fn the_standard_header_goes_first() {
        let both =
            [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=192.0.2.43, for=\"[2001:db8::1]:4711\";proto=https")];
        assert_eq!(sent("10.0.0.1", &both, &["10.0.0.0/8"]), "2001:db8::1");
        assert_eq!(sent("10.0.0.1", &[("forwarded", "For=192.0.2.43:80;by=x")], &["10.0.0.0/8"]), "192.0.2.43");
        assert_eq!(sent("10.0.0.1", &[("forwarded", "for=unknown")], &["10.0.0.0/8"]), "10.0.0.1");
    }
}
