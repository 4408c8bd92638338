//! The address of the admin listener.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use crate::config::Environment;

/// The longest path of a Unix socket, in bytes: `sun_path` without its end.
const LONGEST_PATH: usize = 107;

/// The address of the admin listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AdminAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A port of loopback.
    Tcp(SocketAddr),
    /// No admin listener.
    Off,
}

/// The text is not the address of an admin listener.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdminAddressError {
    /// The text has none of the forms.
    #[error("{text:?} is not an admin address; use unix:PATH, http://127.0.0.1:PORT or off")]
    Form {
        /// The text.
        text: String,
    },
    /// The path does not fit into a socket's address.
    #[error(
        "the path of the admin socket has {length} bytes, and a socket path can have at most {LONGEST_PATH}: choose a shorter one with --admin unix:PATH"
    )]
    TooLong {
        /// Its length.
        length: usize,
    },
    /// The address is not one of loopback.
    #[error(
        "the admin listener accepts loopback addresses only, and {address} is not one: forward a port, or use a Unix socket"
    )]
    NotLoopback {
        /// The address.
        address: SocketAddr,
    },
}

impl FromStr for AdminAddress {
    type Err = AdminAddressError;

    fn from_str(text: &str) -> Result<Self, AdminAddressError> {
        let form = || AdminAddressError::Form { text: text.to_owned() };
        if text == "off" {
            return Ok(AdminAddress::Off);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.len() {
                0 => Err(form()),
                length if length > LONGEST_PATH => Err(AdminAddressError::TooLong { length }),
                _ => Ok(AdminAddress::Unix(path.into())),
            };
        }
        let address = text.strip_prefix("http://").map_or(text, |rest| rest.strip_suffix('/').unwrap_or(rest));
        let address = address.replace("localhost:", "127.0.0.1:");
        let address: SocketAddr = address.parse().map_err(|_| form())?;
        if !address.ip().is_loopback() {
            return Err(AdminAddressError::NotLoopback { address });
        }
        Ok(AdminAddress::Tcp(address))
    }
}

impl fmt::Display for AdminAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AdminAddress::Unix(path) => write!(formatter, "unix:{}", path.display()),
            AdminAddress::Tcp(address) => write!(formatter, "http://{address}"),
            AdminAddress::Off => formatter.write_str("off"),
        }
    }
}

/// The folder for files of a running gateway: systemd's `RUNTIME_DIRECTORY`, `$XDG_RUNTIME_DIR/quarry`, else a folder
/// of this user in the temporary folder.
#[must_use]
pub fn runtime_folder(environment: &Environment) -> PathBuf {
    let set = |name| environment.get(name).filter(|value| !value.trim().is_empty()).map(PathBuf::from);
    set("RUNTIME_DIRECTORY")
        .or_else(|| Some(set("XDG_RUNTIME_DIR")?.join("quarry")))
        .unwrap_or_else(|| std::env::temp_dir().join(format!("quarry-{}", rustix::process::geteuid().as_raw())))
}

/// The default socket.
#[must_use]
pub fn default_socket(environment: &Environment) -> AdminAddress {
    AdminAddress::Unix(runtime_folder(environment).join("admin.sock"))
}

#[cfg(test)]
mod tests {
    use super::{AdminAddress, AdminAddressError};

    #[test]
    fn its_forms_are_read_and_others_are_refused() {
        for text in ["unix:/run/quarry/admin.sock", "http://127.0.0.1:8485", "http://[::1]:8485", "off"] {
            assert_eq!(text.parse::<AdminAddress>().map(|address| address.to_string()).as_deref(), Ok(text));
        }
        assert_eq!("localhost:1".parse(), Ok(AdminAddress::Tcp(([127, 0, 0, 1], 1).into())));
        for text in ["", "unix:", "/run/admin.sock", "https://127.0.0.1:1", "http://host:1"] {
            assert!(matches!(text.parse::<AdminAddress>(), Err(AdminAddressError::Form { .. })), "{text}");
        }
        assert!(matches!("0.0.0.0:1".parse::<AdminAddress>(), Err(AdminAddressError::NotLoopback { .. })));
        let long = format!("unix:/{}", "x".repeat(200));
        assert!(matches!(long.parse::<AdminAddress>(), Err(AdminAddressError::TooLong { .. })));
    }
}
