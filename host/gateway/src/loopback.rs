//! Names of this machine's loopback.

/// Whether `host[:port]` names this machine's loopback: another name may have been pointed at it (DNS rebinding).
pub(crate) fn is_loopback_host(host: &str) -> bool {
    let Ok(authority) = host.parse::<hyper::http::uri::Authority>() else { return false };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}
