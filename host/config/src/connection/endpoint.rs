//! Endpoints and regions: which text can be one.

use super::super::reader::shown;
use crate::aws::Region;
use crate::contract::config::Severity;

/// What `models.providers.amazon-bedrock.baseUrl` and `QUARRY_BASE_URL` must be.
pub(super) const A_BASE_URL: &str =
    "an http or https address, such as `https://bedrock-runtime.eu-west-1.amazonaws.com`, without user name and query";

/// What a region must be.
pub(super) const A_REGION: &str = "an AWS region, such as `us-east-1`";

/// What is wrong with a region, if something is: how bad it is, the message, and what would be right. `name` is the member or the
/// variable that it stands in.
pub(super) fn fault_of_region(name: &str, text: &str) -> Option<(Severity, String, String)> {
    let did_you_mean = |region: &str| format!("did you mean `{region}`?");
    let message = format!("{name} is {}, which is not an AWS region", shown(text));
    let Some(region) = Region::new(text) else {
        let expected = Region::nearest(text).map_or_else(|| A_REGION.to_owned(), did_you_mean);
        return Some((Severity::Error, message, expected));
    };
    // It may be newer than what is known here.
    let meant = region.slip_of()?;
    Some((Severity::Warning, format!("{message} that is known here"), did_you_mean(meant)))
}

/// What is wrong with an endpoint, if something is.
pub(super) fn fault_of_base_url(url: &str) -> Option<&'static str> {
    let Some((_, rest)) = scheme_and_rest(url) else { return Some("is not an http or https address") };
    if url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Some("contains white space or control characters");
    }
    if rest.contains(['?', '#']) {
        return Some("has a query or a fragment");
    }
    let authority = authority_of(rest);
    if authority.contains('@') {
        return Some("contains a user name");
    }
    host_of(authority).is_empty().then_some("has no host")
}

/// An endpoint that AWS itself has for a region.
#[derive(Debug, PartialEq)]
pub(super) struct StandardEndpoint {
    /// The region in the host's name.
    pub(super) region: Region,
    /// Whether the address says no more than the SDK knows from the region: https, no port, no path, not FIPS.
    pub(super) is_plain: bool,
}

/// Reads an address of AWS's own: `bedrock-runtime[-fips].REGION.amazonaws.com[.cn]` (pi does), that of a dual-stack endpoint, and
/// that of a VPC endpoint. Signatures for another region than the address's are refused.
pub(super) fn standard_endpoint(url: &str) -> Option<StandardEndpoint> {
    let (scheme, rest) = scheme_and_rest(url)?;
    let authority = authority_of(rest);
    let host = host_of(authority).to_ascii_lowercase();
    let region = region_of(&host)?;
    let path = &rest[authority.len()..];
    let is_plain =
        ["amazonaws.com", "amazonaws.com.cn"].iter().any(|of| host == format!("bedrock-runtime.{region}.{of}"))
            && scheme == Scheme::Https
            && matches!(path, "" | "/")
            && (authority.len() == host.len() || authority.ends_with(":443"));
    Some(StandardEndpoint { region, is_plain })
}

/// What stands behind the region: in the public names, in dual-stack ones, and in those of VPC endpoints
/// (`vpce-ID.bedrock-runtime.REGION.vpce.amazonaws.com`, by AWS's guide to PrivateLink).
const PUBLIC: &[&str] = &["amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn"];
const OF_A_VPC: &[&str] = &["vpce.amazonaws.com", "vpce.amazonaws.com.cn"];

fn region_of(host: &str) -> Option<Region> {
    let (name, domains) = match host.split_once('.')? {
        (endpoint, name) if endpoint.starts_with("vpce-") => (name, OF_A_VPC),
        _ => (host, PUBLIC),
    };
    let (service, region_and_domain) = name.split_once('.')?;
    let (region, domain) = region_and_domain.split_once('.')?;
    let is_ours = matches!(service, "bedrock-runtime" | "bedrock-runtime-fips") && domains.contains(&domain);
    if is_ours { Region::new(region) } else { None }
}

#[derive(PartialEq)]
enum Scheme {
    Http,
    Https,
}

fn scheme_and_rest(url: &str) -> Option<(Scheme, &str)> {
    let (scheme, rest) = url.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "http" => Some((Scheme::Http, rest)),
        "https" => Some((Scheme::Https, rest)),
        _ => None,
    }
}

fn authority_of(rest: &str) -> &str {
    rest.split(['/', '?', '#', '\\']).next().unwrap_or_default()
}

/// The host without its port; an IPv6 address with its brackets.
fn host_of(authority: &str) -> &str {
    if let Some(end) = authority.find(']') {
        return &authority[..=end];
    }
    authority.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{fault_of_base_url, standard_endpoint};

    #[test]
    fn standard_hosts_give_their_region() {
        let read = |url: &str| standard_endpoint(url).map(|endpoint| (endpoint.region.to_string(), endpoint.is_plain));
        let plain = |region: &str| Some((region.to_owned(), true));
        let special = |region: &str| Some((region.to_owned(), false));
        assert_eq!(read("https://bedrock-runtime.us-east-1.amazonaws.com"), plain("us-east-1"));
        assert_eq!(read("https://Bedrock-Runtime.EU-central-1.amazonaws.com:443/"), plain("eu-central-1"));
        assert_eq!(read("https://bedrock-runtime.cn-north-1.amazonaws.com.cn"), plain("cn-north-1"));
        assert_eq!(read("https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com"), special("us-gov-west-1"));
        assert_eq!(read("http://bedrock-runtime.us-east-1.amazonaws.com"), special("us-east-1"));
        assert_eq!(read("https://bedrock-runtime.us-east-1.amazonaws.com/proxy"), special("us-east-1"));
        assert_eq!(read("https://bedrock-runtime.eu-west-1.api.aws"), special("eu-west-1"));
        let vpc = "https://vpce-0a1b-2c3d-eu-west-3a.bedrock-runtime.eu-west-3.vpce.amazonaws.com";
        assert_eq!(read(vpc), special("eu-west-3"));
        assert_eq!(read("https://vpce-0a1b.bedrock-runtime.cn-north-1.vpce.amazonaws.com.cn"), special("cn-north-1"));
        assert_eq!(read("https://vpce-0a1b.bedrock.eu-west-3.vpce.amazonaws.com"), None, "the control plane's");
        assert_eq!(read("https://vpce-0a1b.bedrock-runtime.eu-west-3.amazonaws.com"), None);
        assert_eq!(read("https://bedrock-runtime.us-east-1.vpce.amazonaws.com"), None);
        assert_eq!(read("https://bedrock.us-east-1.amazonaws.com"), None);
        assert_eq!(read("https://bedrock-runtime.us-east-1.amazonaws.com.evil.example"), None);
        assert_eq!(read("http://127.0.0.1:8080"), None);
    }

    #[test]
    fn addresses_that_cannot_be_endpoints_are_told_apart() {
        for good in ["https://a", "HTTP://localhost:8080/x", "http://[::1]:80"] {
            assert_eq!(fault_of_base_url(good), None, "{good}");
        }
        let table = [
            ("bedrock.example", "is not an http or https address"),
            ("ftp://a", "is not an http or https address"),
            ("https://", "has no host"),
            ("https://:80", "has no host"),
            ("https://me:secret@a/", "contains a user name"),
            ("https://a b", "contains white space or control characters"),
            ("https://a/?x=1", "has a query or a fragment"),
        ];
        for (url, fault) in table {
            assert_eq!(fault_of_base_url(url), Some(fault), "{url}");
        }
    }
}
