//! A bearer token is never sent over plain http, except to this machine.

use std::net::IpAddr;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

/// A bearer token would travel in the clear.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a bearer token is not sent to {host} over plain http: use https, or a loopback address")]
pub struct TokenInTheClear {
    /// The endpoint's host.
    pub host: String,
}

/// Checks that a token can be sent to a URL.
pub(super) fn check(url: &hyper::Uri) -> Result<(), TokenInTheClear> {
    match url.host() {
        Some(host) if url.scheme_str() == Some("http") && !is_loopback(host) => {
            Err(TokenInTheClear { host: host.to_owned() })
        }
        _ => Ok(()),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Looks at each request of a client with a token, before the token is put into it. Where a request goes is only known then:
/// the SDK takes endpoints from variables and profiles too.
#[derive(Debug)]
pub(super) struct KeepToken;

impl Intercept for KeepToken {
    fn name(&self) -> &'static str {
        "quarry::KeepToken"
    }

    fn read_before_signing(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let url: hyper::Uri = context.request().uri().parse()?;
        Ok(check(&url)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{TokenInTheClear, check};

    #[test]
    fn a_token_goes_over_plain_http_to_this_machine_only() {
        let checked = |url: &str| check(&url.parse().expect("a URL"));
        for fine in ["http://127.0.0.1:8080", "http://[::1]:8080/model", "http://localhost", "https://proxy.example"] {
            assert_eq!(checked(fine), Ok(()), "{fine}");
        }
        for host in ["proxy.example", "127.0.0.1.example", "192.0.2.1", "localhost.example"] {
            assert_eq!(checked(&format!("http://{host}/x")), Err(TokenInTheClear { host: host.to_owned() }), "{host}");
        }
    }
}
