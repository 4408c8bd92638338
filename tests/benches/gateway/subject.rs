//! What is measured: the real `quarry serve`, and the gateways of others that are installed.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;

/// A gateway that serves, with the folder that it lives in.
pub(crate) struct Subject {
    /// The process.
    pub(crate) process: Process,
    /// `http://127.0.0.1:port`.
    pub(crate) origin: String,
    /// Headers that requests need.
    pub(crate) headers: Vec<(String, String)>,
    _folder: TempDir,
}

/// The gateways of others that are installed, by name.
pub(crate) fn peers(upstream: &str, models: &[&str]) -> Vec<(&'static str, Subject)> {
    let litellm = litellm(upstream, models).map(|peer| ("litellm", peer));
    let portkey = portkey(upstream).map(|peer| ("portkey", peer));
    litellm.into_iter().chain(portkey).collect()
}

/// Starts `quarry serve` in front of the upstream. The binary is built first, with the profile of the benches, so that what is
/// measured is what is in the tree; or it is the one that `QUARRY_BENCH_BINARY` names, to compare two versions.
pub(crate) fn quarry(upstream: &str, models: &[&str]) -> Subject {
    let built = std::env::var_os("QUARRY_BENCH_BINARY").filter(|path| !path.is_empty());
    let binary = built.map_or_else(build, PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let models: Vec<_> = models.iter().map(|id| serde_json::json!({ "id": id, "name": id })).collect();
    let config = serde_json::json!({ "models": {
        "providers": { "amazon-bedrock": { "baseUrl": upstream, "models": models } },
        "bedrockDiscovery": { "enabled": false, "region": "us-east-1" },
    } });
    let path = folder.path().join("config.json5");
    std::fs::write(&path, config.to_string()).expect("the folder can be written to");
    let mut command = bare(binary.as_os_str(), &folder);
    command.args(["serve", "--listen", "127.0.0.1:0", "--config"]).arg(path);
    let process = Process::program("quarry serve", command);
    let origin = process.origin();
    Subject { process, origin, headers: Vec::new(), _folder: folder }
}

/// The binary beside this bench: cargo puts benches into `deps`, binaries into the folder above.
fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    for (name, _) in std::env::vars_os() {
        // What cargo tells a bench about its package: build scripts that look at it would run again.
        let text = name.to_string_lossy();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_CRATE_", "CARGO_BIN_"].iter().any(|prefix| text.starts_with(prefix))
        {
            build.env_remove(&name);
        }
    }
    let built = build
        .args(["build", "--profile", "bench", "-p", "quarry", "--bin", "quarry"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(built.is_ok_and(|status| status.success()), "quarry cannot be built");
    let bench = std::env::current_exe().expect("a running program has a path");
    let folder = bench.parent().and_then(|deps| deps.parent()).expect("benches are in target/PROFILE/deps");
    folder.join("quarry")
}

/// Starts LiteLLM's proxy in front of the upstream, from the virtual environment that `QUARRY_BENCH_LITELLM` names and
/// `tests/benches/litellm.sh` makes; nothing when it names none.
fn litellm(upstream: &str, models: &[&str]) -> Option<Subject> {
    let environment = PathBuf::from(std::env::var_os("QUARRY_BENCH_LITELLM").filter(|path| !path.is_empty())?);
    let folder = tempfile::tempdir().expect("a folder");
    let models: Vec<_> = models
        .iter()
        .map(|id| {
            serde_json::json!({ "model_name": id, "litellm_params": {
                "model": format!("bedrock/converse/{id}"),
                "aws_bedrock_runtime_endpoint": upstream,
                "aws_region_name": "us-east-1",
                "aws_access_key_id": "bench",
                "aws_secret_access_key": "bench",
            } })
        })
        .collect();
    // YAML is a superset of JSON.
    let config = serde_json::json!({ "model_list": models, "litellm_settings": { "telemetry": false } });
    let path = folder.path().join("config.yaml");
    std::fs::write(&path, config.to_string()).expect("the folder can be written to");
    let mut command = bare(environment.join("bin/litellm").as_os_str(), &folder);
    command.args(["--host", "127.0.0.1", "--port", &free_port().to_string(), "--config"]).arg(path);
    // The prices come with the package; without this they are fetched at the start.
    command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env("PYTHONUNBUFFERED", "1");
    let process = Process::program("litellm", command);
    let origin = process.origin();
    Some(Subject { process, origin, headers: Vec::new(), _folder: folder })
}

/// Starts Portkey's gateway, from the folder that `QUARRY_BENCH_PORTKEY` names and `tests/benches/portkey.sh` makes; nothing when it
/// names none. Each request tells it where to go.
fn portkey(upstream: &str) -> Option<Subject> {
    let installed = PathBuf::from(std::env::var_os("QUARRY_BENCH_PORTKEY").filter(|path| !path.is_empty())?);
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let mut command = bare(OsStr::new("node"), &folder);
    command.arg(installed.join("node_modules/@portkey-ai/gateway/build/start-server.js"));
    command.args([&format!("--port={port}"), "--headless"]);
    let process = Process::listening("portkey", command, port);
    let headers = [
        ("x-portkey-provider", "bedrock"),
        ("x-portkey-custom-host", upstream),
        ("x-portkey-aws-access-key-id", "bench"),
        ("x-portkey-aws-secret-access-key", "bench"),
        ("x-portkey-aws-region", "us-east-1"),
    ];
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Some(Subject { process, origin: format!("http://127.0.0.1:{port}"), headers, _folder: folder })
}

/// A port that nobody listens on just now.
fn free_port() -> u16 {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    address.expect("loopback").port()
}

/// A program that finds no configuration and no credentials but those of the bench.
fn bare(program: &OsStr, home: &TempDir) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home.path()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench").env("AWS_REGION", "us-east-1");
    command.env("AWS_EC2_METADATA_DISABLED", "true");
    command
}
