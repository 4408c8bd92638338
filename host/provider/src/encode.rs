//! Makes a component of a core module.

use super::contract::Contracts;
use super::error::LoadError;
use super::scan;

/// Why a module did not become a provider.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// The module does not describe a component: the bindings of the contract write that description into it.
    #[error("{name} cannot be made a component: {reason}")]
    Module {
        /// The module.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The resulting component is not accepted by a host.
    #[error(transparent)]
    Component(#[from] LoadError),
}

/// Makes a component of a core module that was compiled with bindings of the contract. Checks what can be checked
/// without running it: that it imports nothing, and exports a version of the contract that this host supports.
///
/// # Errors
/// When the module does not describe a component, or the component would be refused.
pub fn encode(name: &str, module: &[u8]) -> Result<Vec<u8>, EncodeError> {
    let refused = |reason: String| EncodeError::Module { name: name.to_owned(), reason };
    let component = wit_component::ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|mut encoder| encoder.encode())
        .map_err(|error| refused(format!("{error:#}")))?;
    let face = scan(name, &component)?;
    if !face.imports.is_empty() {
        return Err(LoadError::Imports { name: name.to_owned(), imports: face.imports }.into());
    }
    Contracts::of_this_host().of_component(name, &face.contracts)?;
    Ok(component)
}

#[cfg(test)]
mod tests {
    use super::{EncodeError, encode};
    use crate::LoadError;

    fn refused(text: &str) -> EncodeError {
        encode("it", &wat::parse_str(text).expect("it is right")).expect_err("it is no provider")
    }

    #[test]
    fn what_is_no_module_of_a_provider_is_refused() {
        assert!(matches!(encode("it", b"\x7fELF"), Err(EncodeError::Module { .. })));
        // Nothing in it says which component it wants to be: the one that comes of it has no exports.
        assert!(matches!(refused("(module)"), EncodeError::Component(LoadError::NotAProvider { .. })));
        let imports = refused(r#"(module (import "env" "now" (func)))"#);
        assert!(matches!(&imports, EncodeError::Module { reason, .. } if reason.contains("now")), "{imports}");
    }
}
