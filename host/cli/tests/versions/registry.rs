//! The registry of the distribution project, on loopback.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use quarry_config::Environment;
use quarry_provider_host::{Digest, Limits};
use quarry_versions::source::{
    FetchError, Fetched, Fetcher, Interfaces, Pushed, REGISTRY_TIME, Registries, RegistryCredentials, RegistryError,
    Source,
};
use tempfile::TempDir;

use crate::debian;

/// The user of a registry with a login, and its password.
pub(crate) const USER: &str = "alice";
pub(crate) const PASSWORD: &str = "open sesame";
/// bcrypt of the password, at its lowest cost.
const HTPASSWD: &str = "alice:$2b$04$VivpBb75fm3Yj/ysi3vkt.L9TNMjMXby5jzm8cH/LbBJwaRQtr17q\n";

/// How long a registry may take to start, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A registry that ends with the test.
pub(crate) struct Registry {
    child: Child,
    folder: TempDir,
    pub(crate) host: String,
}

impl Registry {
    /// Open to everybody.
    pub(crate) fn start() -> Self {
        Registry::start_with("")
    }

    /// With a login.
    pub(crate) fn with_login() -> Self {
        Registry::start_with("auth: {htpasswd: {realm: test, path: HTPASSWD}}\n")
    }

    fn start_with(login: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("htpasswd"), HTPASSWD).expect("it can be written");
        let config = format!(
            "version: 0.1\nlog: {{level: info, formatter: text, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '127.0.0.1:0'}}\n{}",
            path("storage"),
            login.replace("HTPASSWD", &path("htpasswd"))
        );
        fs::write(path("config.yml"), config).expect("it can be written");
        let log = fs::File::create(path("log")).expect("it can be written");
        let mut command = debian::program("docker-registry", &["docker-registry"]);
        command.arg("serve").arg(path("config.yml")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("the registry can be started");
        let mut registry = Registry { child, folder, host: String::new() };
        let until = Instant::now() + PATIENCE;
        while registry.host.is_empty() {
            let log = fs::read_to_string(registry.folder.path().join("log")).expect("it was made");
            let ended = registry.child.try_wait().expect("it is ours").is_some();
            assert!(!ended && Instant::now() < until, "the registry does not start: {log}");
            // The port that it got; a port that is chosen here could be another's by the time that it is used.
            let port = log.split("listening on 127.0.0.1:").nth(1).and_then(|rest| rest.split_once('"'));
            if let Some((port, _)) = port {
                registry.host = format!("127.0.0.1:{port}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        registry
    }

    /// A source in it.
    pub(crate) fn source(&self, rest: &str) -> Source {
        format!("oci://{}/{rest}", self.host).parse().expect("a source")
    }

    /// Where it keeps the bytes of a blob.
    pub(crate) fn blob(&self, digest: &Digest) -> PathBuf {
        let digest = digest.to_string();
        self.folder.path().join(format!("storage/docker/registry/v2/blobs/sha256/{}/{digest}/data", &digest[..2]))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It is gone already where a test ended it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Fetches without credentials, within a limit.
pub(crate) async fn fetch_within(source: &Source, limit: usize) -> Result<Fetched, FetchError> {
    fetch_as(&[], source, limit).await
}

/// Fetches with the variables of an environment, in which credentials are for the registry that is asked.
pub(crate) async fn fetch_as(variables: &[(&str, &str)], source: &Source, limit: usize) -> Result<Fetched, FetchError> {
    let limits = Limits { component: limit, ..Limits::default() };
    Fetcher::new(&limits, registries(variables, source)).fetch(source, &()).await
}

/// Fetches without credentials, within the product's limit.
pub(crate) async fn fetch(source: &Source) -> Result<Fetched, FetchError> {
    fetch_within(source, Limits::default().component).await
}

/// What a registry said.
pub(crate) fn registry_error(fetched: Result<Fetched, FetchError>) -> RegistryError {
    match fetched {
        Err(FetchError::Registry(error)) => error,
        other => panic!("no registry's error: {other:?}"),
    }
}

/// Pushes with the variables of an environment, in which credentials are for the registry that is asked.
pub(crate) async fn push_as(
    variables: &[(&str, &str)],
    to: &Source,
    component: &[u8],
    signature: Option<&str>,
) -> Result<Pushed, RegistryError> {
    let Source::Oci(reference) = to else { panic!("{to} is in no registry") };
    let interfaces = Interfaces { exports: vec!["quarry:provider/about@0.1.0".to_owned()], imports: Vec::new() };
    registries(variables, to).push(reference, component.to_vec(), &interfaces, signature).await
}

/// Pushes without credentials.
pub(crate) async fn push(to: &Source, component: &[u8], signature: Option<&str>) -> Pushed {
    push_as(&[], to, component, signature).await.expect("it is pushed")
}

fn registries(variables: &[(&str, &str)], source: &Source) -> Registries {
    let source = source.to_string();
    let host = source.trim_start_matches("oci://").split('/').next().unwrap_or_default();
    // What is set later takes its place.
    let environment = Environment::from_iter([("QUARRY_REGISTRY", host)].into_iter().chain(variables.iter().copied()));
    Registries::new(RegistryCredentials::of_environment(&environment), REGISTRY_TIME)
}
