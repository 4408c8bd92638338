//! The provider component that this program was built with.

use std::sync::OnceLock;

use quarry_system::digest::Digest;

/// The component.
pub const EMBEDDED: &[u8] = include_bytes!(env!("QUARRY_GUEST_COMPONENT"));

/// What the embedded component is called where a file's path would stand.
pub const EMBEDDED_NAME: &str = "(embedded)";

/// The digest of [`EMBEDDED`], reckoned once: it is a megabyte.
#[must_use]
pub fn embedded_digest() -> Digest {
    static DIGEST: OnceLock<Digest> = OnceLock::new();
    *DIGEST.get_or_init(|| Digest::of(EMBEDDED))
}
