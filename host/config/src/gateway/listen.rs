//! Where the gateway may listen.

use std::net::SocketAddr;

use super::settings::GatewayConfig;

/// An address that everybody who reaches this machine could use, and no key that says who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "refusing to listen on {listen} without client keys: every client that reaches it could use this AWS account; create a key with `quarry keys add NAME`, or listen on 127.0.0.1"
)]
pub struct ListenRefused {
    /// The address.
    pub listen: SocketAddr,
}

impl GatewayConfig {
    /// Whether this address may be listened on: loopback always, any other only when there are keys. It is not [`Self::listen`]
    /// that is asked, because a flag may say otherwise.
    ///
    /// # Errors
    /// When the address is not loopback and there are no keys.
    pub fn check_listen(&self, listen: SocketAddr) -> Result<(), ListenRefused> {
        // `::ffff:127.0.0.1` is loopback too.
        if listen.ip().to_canonical().is_loopback() || !self.keys.is_empty() {
            Ok(())
        } else {
            Err(ListenRefused { listen })
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::super::{GatewayConfig, KeyConfig, KeyHash};

    #[test]
    fn only_loopback_needs_no_key() {
        let mut config = GatewayConfig::default();
        let allowed =
            |config: &GatewayConfig, address: &str| config.check_listen(address.parse().expect("an address")).is_ok();
        for address in ["127.0.0.1:8484", "127.9.9.9:1", "[::1]:8484", "[::ffff:127.0.0.1]:8484"] {
            assert!(allowed(&config, address), "{address}");
        }
        let elsewhere = ["0.0.0.0:8484", "[::]:8484", "10.0.0.1:80", "[::ffff:10.0.0.1]:80", "[fe80::1]:80"];
        for address in elsewhere {
            assert!(!allowed(&config, address), "{address}");
        }
        let refused = config.check_listen(([0, 0, 0, 0], 8484).into()).expect_err("no keys").to_string();
        assert!(refused.contains("0.0.0.0:8484") && refused.contains("quarry keys add NAME"), "{refused}");
        let hash = KeyHash::of(&SecretString::from("qk_x"));
        let name = "a".to_owned();
        config.keys.push(KeyConfig {
            name,
            hash,
            models: Vec::new(),
            concurrency: None,
            requests_per_minute: None,
            burst: None,
        });
        for address in elsewhere {
            assert!(allowed(&config, address), "{address}");
        }
    }
}
