//! Settings that are addresses, origins, hosts or headers.

use std::net::{IpAddr, SocketAddr};

use hyper::Uri;
use hyper::header::{HeaderName, HeaderValue};
use ipnet::IpNet;
use secrecy::SecretString;

use super::super::reader::{Item, Reader};
use crate::aws::{Region, RegionPattern};

/// An address and a port.
pub(super) fn listen(reader: &mut Reader, node: &Item<'_>) -> Option<SocketAddr> {
    let expected = "an IP address and a port, such as `127.0.0.1:8484` or `[::]:8484`";
    let address = reader.text(node, expected)?.parse().ok();
    if address.is_none() {
        reader.wrong(node, "this is not an address to listen on", expected);
    }
    address
}

/// Networks, or single addresses.
pub(super) fn networks(reader: &mut Reader, node: &Item<'_>) -> Vec<IpNet> {
    let expected = "an IP address or a network, such as `10.0.0.7` or `10.0.0.0/8`";
    let mut networks = Vec::new();
    for element in reader.elements(node) {
        let Some(text) = reader.text(&element, expected) else { continue };
        match text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => networks.push(network),
            Err(_) => reader.wrong(&element, "this is not an address or a network", expected),
        }
    }
    networks
}

/// Origins as browsers send them; `*` stands alone.
pub(super) fn origins(reader: &mut Reader, node: &Item<'_>) -> Vec<String> {
    let expected = "an origin such as `https://example.com` or `http://localhost:3000`, or `*` alone";
    let elements = reader.elements(node);
    let mut origins: Vec<String> = Vec::new();
    for element in &elements {
        let Some(origin) = reader.text(element, expected) else { continue };
        if origin == "*" && elements.len() > 1 {
            reader.wrong(element, "`*` allows every origin, so remove the others", expected);
        } else if origin == "*" || is_origin(origin) {
            origins.push(origin.to_owned());
        } else {
            reader.wrong(element, "no browser sends such an origin", expected);
        }
    }
    origins
}

/// Whether a text is an origin exactly as a browser writes it: anything else would never match. That is scheme, host in lower
/// case, and the port unless it is the scheme's own.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let own_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let parsed = authority.parse::<hyper::http::uri::Authority>();
    let is_plain = !authority.contains('@') && !authority.ends_with(':') && !authority.ends_with(own_port);
    is_plain && text.to_lowercase() == text && parsed.is_ok_and(|parsed| !parsed.host().is_empty())
}

/// Regions, and beginnings of their names with `*` behind them.
pub(super) fn regions(reader: &mut Reader, node: &Item<'_>) -> Vec<RegionPattern> {
    let expected = "a region such as `us-west-2`, or a prefix such as `eu-*`";
    let mut regions = Vec::new();
    for element in reader.elements(node) {
        let Some(text) = reader.text(&element, expected) else { continue };
        match RegionPattern::new(text) {
            Some(region) => regions.push(region),
            None => {
                let meant = Region::nearest(text).map(|region| format!("did you mean `{region}`?"));
                reader.wrong(&element, "this is not an AWS region", meant.unwrap_or_else(|| expected.to_owned()));
            }
        }
    }
    regions
}

/// Names of hosts, in lower case.
pub(super) fn hosts(reader: &mut Reader, node: &Item<'_>) -> Vec<String> {
    let expected = "the name of a host, such as `images.example.com`, without scheme, port and path";
    let mut hosts = Vec::new();
    for element in reader.elements(node) {
        let Some(host) = reader.text(&element, expected) else { continue };
        let allowed = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '.');
        if host.is_empty() || host.len() > 253 || host.starts_with('.') || !host.chars().all(allowed) {
            reader.wrong(&element, "this is not the name of a host", expected);
        } else {
            hosts.push(host.to_ascii_lowercase());
        }
    }
    hosts
}

/// The base URL of a collector. It is not quoted: it may have a password in it.
pub(super) fn endpoint(reader: &mut Reader, node: &Item<'_>) -> Option<String> {
    let expected = "an http or https address without user and query, such as `http://127.0.0.1:4318`";
    let text = reader.text(node, expected)?.trim_end_matches('/');
    let usable = text.parse::<Uri>().is_ok_and(|uri| {
        let host = uri.host().is_some_and(|host| !host.is_empty());
        let user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
        matches!(uri.scheme_str(), Some("http" | "https")) && host && !user && uri.query().is_none()
    });
    if !usable {
        reader.wrong(node, "this is not the address of a collector", expected);
        return None;
    }
    Some(text.to_owned())
}

/// Headers. Values are secrets, and not quoted.
pub(super) fn headers(reader: &mut Reader, node: &Item<'_>) -> Vec<(String, SecretString)> {
    let mut headers: Vec<(String, SecretString)> = Vec::new();
    for member in reader.members(node, "an object of header names and values") {
        let (name, value) = (member.name.as_str(), node.of(member));
        let Some(text) = reader.text(&value, "the header's value as text") else { continue };
        if HeaderName::try_from(name).is_err() {
            reader.wrong(&value, "headers do not allow this name", "letters, digits and `-`");
        } else if headers.iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
            reader.wrong(&value, "this header is set a second time", "one header of this name");
        } else if HeaderValue::try_from(text).is_err() {
            reader.wrong(&value, "the value contains a character that headers do not allow", "printable ASCII");
        } else {
            headers.push((name.to_owned(), SecretString::from(text)));
        }
    }
    headers
}
