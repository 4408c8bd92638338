//! Who we are to a registry.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use crate::config::Environment;
use crate::files::{FileError, FlawKind, open_any_and_note};

/// A user and a password.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: SecretString,
}

/// Where credentials are looked for: `QUARRY_REGISTRY_USER` with `QUARRY_REGISTRY_PASSWORD` for the registry that `QUARRY_REGISTRY`
/// names; else the `auths` of `config.json` in `$DOCKER_CONFIG` or `~/.docker`, which `docker login` and others write. Credential
/// helpers are not run. Token servers of other hosts get them where `QUARRY_REGISTRY_REALMS` lists those, with commas between them.
#[derive(Debug, Clone, Default)]
pub struct RegistryCredentials {
    given: Option<(String, Login)>,
    missing: Option<&'static str>,
    docker: Option<PathBuf>,
    realms: Vec<String>,
}

/// The variables that belong together.
const VARIABLES: [&str; 3] = ["QUARRY_REGISTRY", "QUARRY_REGISTRY_USER", "QUARRY_REGISTRY_PASSWORD"];

/// Why credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// Not all of the variables.
    #[error(
        "{missing} is not set: QUARRY_REGISTRY (such as registry.example:5000), QUARRY_REGISTRY_USER and QUARRY_REGISTRY_PASSWORD require each other"
    )]
    Half {
        /// The one that is missing.
        missing: &'static str,
    },
    /// The file.
    #[error("cannot read credentials from {}: {reason}", path.display())]
    File {
        /// Docker's configuration.
        path: PathBuf,
        /// Why, without what is in it.
        reason: String,
    },
}

impl RegistryCredentials {
    /// Those that the environment gives or leads to. No file is read yet: passwords of registries change while a gateway runs.
    #[must_use]
    pub fn of_environment(environment: &Environment) -> Self {
        let values = VARIABLES.map(|name| environment.get(name));
        let (given, missing) = match values {
            [Some(registry), Some(user), Some(password)] => {
                (Some((host_of(registry).to_owned(), Login { user: user.to_owned(), password: password.into() })), None)
            }
            // The name of a registry alone gives nothing away.
            [_, None, None] => (None, None),
            _ => (None, VARIABLES.into_iter().zip(values).find(|(_, value)| value.is_none()).map(|(name, _)| name)),
        };
        let realms = environment.get("QUARRY_REGISTRY_REALMS").unwrap_or_default();
        let home = || Some(PathBuf::from(environment.get("HOME")?).join(".docker"));
        let folder = environment.get("DOCKER_CONFIG").map(PathBuf::from).or_else(home);
        RegistryCredentials {
            given,
            missing,
            realms: realms
                .split(',')
                .map(|realm| realm.trim().to_ascii_lowercase())
                .filter(|realm| !realm.is_empty())
                .collect(),
            docker: folder.map(|folder| folder.join("config.json")),
        }
    }

    /// Hosts of token servers that the operator allows, with their ports where those are not https's own.
    pub(super) fn realms(&self) -> &[String] {
        &self.realms
    }

    /// Docker's configuration, where it is looked at.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.docker.as_deref().filter(|_| self.given.is_none())
    }

    /// Those for a registry; `None` where it is asked without.
    pub(super) async fn of(&self, registry: &str) -> Result<Option<Login>, CredentialsError> {
        if let Some(missing) = self.missing {
            return Err(CredentialsError::Half { missing });
        }
        if let Some((_, login)) = self.given.as_ref().filter(|(of, _)| of == registry) {
            return Ok(Some(login.clone()));
        }
        let Some(path) = &self.docker else { return Ok(None) };
        let failed = |reason: String| CredentialsError::File { path: path.clone(), reason };
        let named = path.clone();
        let read = tokio::task::spawn_blocking(move || read(&named)).await;
        match read.map_err(|error| failed(error.to_string()))? {
            Ok(text) => login_of(&text, registry).map_err(failed),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
            Err(error) => Err(failed(error.to_string())),
        }
    }
}

/// Docker's configuration, unless everybody can change it: then anybody may have said who this is to the registry. Docker's own tools
/// leave it to its user's group, and a secret of Kubernetes is root's.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let (mut file, flaws) = open_any_and_note(path).map_err(io::Error::from)?;
    if let Some(flaw) = flaws.into_iter().find(|flaw| flaw.kind == FlawKind::WritableByAll) {
        return Err(FileError::Untrusted { flaw }.into());
    }
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(text)
}

/// What is read of Docker's configuration.
#[derive(Deserialize)]
struct DockerConfig {
    #[serde(default)]
    auths: BTreeMap<String, DockerAuth>,
}

#[derive(Deserialize)]
struct DockerAuth {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
}

/// The login for a registry in Docker's configuration. An error names places and never what stands there.
fn login_of(text: &[u8], registry: &str) -> Result<Option<Login>, String> {
    let config: DockerConfig = serde_json::from_slice(text).map_err(|error| {
        format!("it is not as `docker login` writes it, at line {} column {}", error.line(), error.column())
    })?;
    let entry = config.auths.into_iter().find(|(key, _)| host_of(key) == registry);
    let Some((key, DockerAuth { auth, username, password })) = entry else { return Ok(None) };
    if let Some((user, password)) = username.zip(password) {
        return Ok(Some(Login { user, password: password.into() }));
    }
    // Empty where a credential helper keeps it.
    let Some(auth) = auth.filter(|auth| !auth.is_empty()) else { return Ok(None) };
    let decoded = STANDARD.decode(auth.trim()).ok().and_then(|decoded| String::from_utf8(decoded).ok());
    let login = decoded.as_deref().and_then(|decoded| decoded.split_once(':'));
    let (user, password) = login.ok_or_else(|| format!("`auth` of `{key}` is not base64 of `user:password`"))?;
    Ok(Some(Login { user: user.to_owned(), password: password.into() }))
}

/// The registry that an entry is of: `registry`, `https://registry`, `https://registry/v1/`. Docker's own has a name of its own.
fn host_of(key: &str) -> &str {
    let rest = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let host = rest.split('/').next().unwrap_or(rest);
    if matches!(host, "index.docker.io" | "registry-1.docker.io") { "docker.io" } else { host }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::{CredentialsError, Login, RegistryCredentials, login_of};
    use crate::config::Environment;

    fn shown(login: Option<Login>) -> Option<String> {
        login.map(|Login { user, password }| format!("{user}:{}", password.expose_secret()))
    }

    #[test]
    fn docker_logins_are_found_by_registry() {
        // base64 of `alice:se:cret`.
        let text = br#"{"auths": {
            "localhost:5000": {"auth": "YWxpY2U6c2U6Y3JldA=="},
            "https://index.docker.io/v1/": {"username": "bob", "password": "x"},
            "helped.example": {}
        }, "credsStore": "pass"}"#;
        let of = |registry: &str| shown(login_of(text, registry).expect("it can be read"));
        assert_eq!(of("localhost:5000").as_deref(), Some("alice:se:cret"));
        assert_eq!(of("docker.io").as_deref(), Some("bob:x"));
        for other in ["localhost", "localhost:5001", "helped.example", "example"] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_quoted() {
        for text in [
            &br#"{"auths": {"r": {"auth": "hunter2"}}}"#[..],
            br#"{"auths": {"r": {"auth": 5}}, "hunter2"}"#,
            b"hunter2",
        ] {
            let told = login_of(text, "r").expect_err("it is wrong");
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[tokio::test]
    async fn variables_come_before_the_file() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let docker = folder.path().to_str().expect("it is text");
        let of = |variables: &[(&str, &str)]| {
            let variables = variables.iter().copied().chain([("DOCKER_CONFIG", docker)]);
            RegistryCredentials::of_environment(&Environment::from_iter(variables))
        };
        assert!(of(&[]).of("r").await.expect("there is none").is_none());
        std::fs::write(folder.path().join("config.json"), r#"{"auths": {"r": {"username": "u", "password": "p"}}}"#)
            .expect("it can be written");
        assert_eq!(shown(of(&[]).of("r").await.expect("it is there")).as_deref(), Some("u:p"));
        let (registry, user) = (("QUARRY_REGISTRY", "r"), ("QUARRY_REGISTRY_USER", "me"));
        let all = [registry, user, ("QUARRY_REGISTRY_PASSWORD", "hunter2")];
        let given = of(&all);
        assert_eq!(shown(given.of("r").await.expect("it is given")).as_deref(), Some("me:hunter2"));
        for other in ["s", "r:5000", "r.example", "R"] {
            assert!(given.of(other).await.expect("there is none").is_none(), "{other} gets what is another's");
        }
        assert!(!format!("{given:?}").contains("hunter2"));
        for (set, expected) in [
            (&all[..2], "QUARRY_REGISTRY_PASSWORD"),
            (&all[1..], "QUARRY_REGISTRY"),
            (&[all[0], all[2]], "QUARRY_REGISTRY_USER"),
        ] {
            let half = of(set).of("r").await.expect_err("one is missing");
            assert!(matches!(half, CredentialsError::Half { missing } if missing == expected), "{half}");
        }
        assert!(of(&all[..1]).of("s").await.expect("nothing is missing").is_none());
    }
}
