//! `oci://registry[:port]/name:tag`, `…@sha256:…`.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::super::SourceError;
use crate::provider::Digest;

/// What an OCI reference begins with.
pub(in super::super) const OCI: &str = "oci://";

/// The longest name, by the distribution specification's advice for what must fit in a URL with its registry.
const LONGEST_NAME: usize = 255;

/// The longest tag, by the distribution specification.
const LONGEST_TAG: usize = 128;

/// A name in a registry, with a tag, the digest of a manifest, or both. Where both are there the digest counts, and the tag says
/// for people what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OciReference {
    registry: String,
    name: String,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl OciReference {
    /// Reads a text that begins with `oci://`.
    pub(in super::super) fn parse(text: &str) -> Result<Self, SourceError> {
        let rest = text.strip_prefix(OCI).unwrap_or(text);
        // Every part is a slice of the text, so its address tells its place.
        let wrong =
            |part: &str, message: String| SourceError::at(text, part.as_ptr().addr() - text.as_ptr().addr(), message);
        let (registry, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        check_registry(registry).map_err(|(part, message)| wrong(part, message))?;
        let path = path.strip_prefix('/').unwrap_or(path);
        let (path, digest) = match path.split_once('@') {
            Some((path, digest)) => {
                let expected = || {
                    wrong(digest, format!("`{digest}` is not a digest: expected `sha256:` and 64 hexadecimal digits"))
                };
                let parsed = digest.starts_with("sha256:").then(|| digest.parse().ok()).flatten();
                (path, Some(parsed.ok_or_else(expected)?))
            }
            None => (path, None),
        };
        let (name, tag) = path.split_once(':').map_or((path, None), |(name, tag)| (name, Some(tag)));
        check_name(name).map_err(|(part, message)| wrong(part, message))?;
        if let Some(tag) = tag
            && !is_tag(tag)
        {
            return Err(wrong(
                tag,
                format!("`{tag}` is not a tag: expected 1 to 128 letters, digits, `_`, `.` or `-`"),
            ));
        }
        if tag.is_none() && digest.is_none() {
            return Err(wrong(
                &text[text.len()..],
                "a tag or a digest is missing, such as `:v1` or `@sha256:…`".to_owned(),
            ));
        }
        let owned = |part: &str| part.to_owned();
        Ok(OciReference { registry: owned(registry), name: owned(name), tag: tag.map(owned), digest })
    }

    /// The registry's host, with its port where it is given.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// The repository in the registry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tag.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// The digest of the manifest that is asked for.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same, pinned.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        OciReference { digest: Some(digest), ..self.clone() }
    }

    /// Whether the registry is on this machine. Such a one is spoken to over plain http, and no other is.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let (host, _) = host_and_port(&self.registry);
        is_loopback(host)
    }

    /// Where the registry is asked: `https`, or `http` on this machine. The name `docker.io` stands for another host.
    pub(super) fn base(&self) -> String {
        let scheme = if self.is_loopback() { "http" } else { "https" };
        let registry = if self.registry == "docker.io" { "registry-1.docker.io" } else { &self.registry };
        format!("{scheme}://{registry}/v2/{}/", self.name)
    }
}

/// Whether a host, as a URL has it, is this machine for sure.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The host, and what stands behind the colon after it.
fn host_and_port(registry: &str) -> (&str, Option<&str>) {
    match registry.rsplit_once(':') {
        // A colon within brackets is the address's own.
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (registry, None),
    }
}

/// What is wrong with a registry, and where.
fn check_registry(registry: &str) -> Result<(), (&str, String)> {
    if registry.is_empty() {
        return Err((registry, "the registry is missing".to_owned()));
    }
    let (host, port) = host_and_port(registry);
    let is_name = |host: &str| {
        host.split('.').all(|label| {
            let inside = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            inside && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
        })
    };
    let in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_host = in_brackets.map_or_else(|| is_name(host), |address| address.parse::<Ipv6Addr>().is_ok());
    if !is_host {
        return Err((registry, format!("`{registry}` is not a host")));
    }
    match port {
        Some(port) if port.starts_with('+') || port.parse::<u16>().is_err() => {
            Err((port, format!("`{port}` is not a port")))
        }
        _ => Ok(()),
    }
}

/// What is wrong with a name, and where.
fn check_name(name: &str) -> Result<(), (&str, String)> {
    if name.is_empty() {
        return Err((name, "the name is missing: expected `oci://registry/name:tag`".to_owned()));
    }
    if name.len() > LONGEST_NAME {
        return Err((name, format!("the name has more than {LONGEST_NAME} characters")));
    }
    let wrong = name.split('/').find(|part| !is_name_part(part));
    wrong.map_or(Ok(()), |part| {
        let message =
            format!("`{part}` is not a part of a name: expected lower-case letters and digits, with `.`, `_`, `__` or `-` between them");
        Err((part, message))
    })
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` of the distribution specification.
fn is_name_part(part: &str) -> bool {
    let is_inner = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let ends_well = |byte: Option<&u8>| byte.is_some_and(is_inner);
    let bytes = part.as_bytes();
    ends_well(bytes.first())
        && ends_well(bytes.last())
        && bytes
            .split(is_inner)
            .all(|between| matches!(between, b"" | b"." | b"_" | b"__") || between.iter().all(|byte| *byte == b'-'))
}

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}` of the distribution specification.
fn is_tag(tag: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    (1..=LONGEST_TAG).contains(&tag.len()) && tag.bytes().all(allowed) && !tag.starts_with(['.', '-'])
}

impl fmt::Display for OciReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{OCI}{}/{}", self.registry, self.name)?;
        if let Some(tag) = &self.tag {
            write!(formatter, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(formatter, "@{digest:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{OciReference, is_name_part, is_tag};

    fn reference(text: &str) -> OciReference {
        OciReference::parse(text).expect("a reference")
    }

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for here in ["127.0.0.1:5000", "127.0.0.1", "[::1]:5000", "[::1]", "localhost:5000", "localhost"] {
            assert_eq!(reference(&format!("oci://{here}/a/b:v1")).base(), format!("http://{here}/v2/a/b/"));
        }
        for elsewhere in ["127.0.0.1.example", "localhost.example", "10.0.0.1:5000", "[2001:db8::1]:5000", "ghcr.io"] {
            assert_eq!(reference(&format!("oci://{elsewhere}/a:v1")).base(), format!("https://{elsewhere}/v2/a/"));
        }
        assert_eq!(reference("oci://docker.io/a/b:v1").base(), "https://registry-1.docker.io/v2/a/b/");
    }

    #[test]
    fn names_and_tags_are_those_of_the_specification() {
        for part in ["a", "0", "a.b", "a_b", "a__b", "a-b", "a---b", "a.b_c-d"] {
            assert!(is_name_part(part), "{part}");
        }
        for part in ["", "-a", "a-", "a..b", "a___b", "a._b", "A", "ä", "a b", "a%2fb"] {
            assert!(!is_name_part(part), "{part}");
        }
        let longest = "a".repeat(128);
        for tag in ["a", "_", "1.0.0-rc.1", "V1", &longest] {
            assert!(is_tag(tag), "{tag}");
        }
        let longer = "a".repeat(129);
        for tag in ["", ".a", "-a", "a+b", "ä", &longer] {
            assert!(!is_tag(tag), "{tag}");
        }
    }
}
