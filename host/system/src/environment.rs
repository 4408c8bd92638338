//! The environment, as a value.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

/// Environment variables. Taken from the process once, at the start, and handed down from there, so that nothing deeper depends
/// on the process and tests can set what they need. Any value may be a secret, so all of them are zeroed when they go.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, SecretString>);

impl Environment {
    /// The variables of this process. One that is not Unicode is left out: no name or value that is looked for can be in it.
    #[must_use]
    pub fn of_process() -> Self {
        let unicode = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, SecretString::from(value.into_string().ok()?)))
        };
        Environment(std::env::vars_os().filter_map(unicode).collect())
    }

    /// A variable's value, with space at its ends removed. A blank variable counts as not set.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.expose_secret().trim()).filter(|value| !value.is_empty())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Environment(
            variables.into_iter().map(|(name, value)| (name.into(), SecretString::from(value.into()))).collect(),
        )
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn blank_variables_are_not_set_and_values_are_not_shown() {
        let environment = Environment::from_iter([("A", " x "), ("B", " \t"), ("C", "")]);
        assert_eq!((environment.get("A"), environment.get("B"), environment.get("C")), (Some("x"), None, None));
        assert_eq!(format!("{:?}", Environment::from_iter([("TOKEN", "hunter2")])), "{\"TOKEN\"}");
    }
}
