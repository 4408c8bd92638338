//! `deploy/kubernetes.yaml`.

use std::fs;

use quarry_versions::source::Source;

use super::gateway::{AFTER_DRAIN, accepts, settings};
use super::manifest::{Manifest, list, seconds, text};
use super::tools::{self, program, run};
use super::{changed, read};

/// The oldest Kubernetes that the manifest is for, as it says, and the newest whose schemas are at hand.
pub(super) const VERSIONS: &[&str] = &["1.30.0", "1.37.0"];

/// Whether every document of a manifest was compared with a schema and is as it says; else what is wrong.
pub(super) fn validate(manifest: &str, version: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let file = folder.path().join("kubernetes.yaml");
    fs::write(&file, manifest).expect("it can be written");
    let output = run(program("kubernetes-validate").args(["--strict", "--kubernetes-version", version]).arg(&file));
    let said = tools::text(&output);
    // A kind that it has no schema of is a warning to the validator.
    let passed = said.matches(" passed for resource ").count();
    let all = manifest.lines().filter(|line| line.starts_with("kind: ")).count();
    if output.status.success() && passed == all && all > 0 { Ok(()) } else { Err(said) }
}

#[test]
#[ignore = "peers: Python"]
fn the_schemas_of_kubernetes_have_nothing_against_it() {
    assert_eq!(Manifest::read().kinds().len(), 6);
    for version in VERSIONS {
        assert_eq!(validate(&read("kubernetes.yaml"), version), Ok(()), "{version}");
    }
}

#[test]
#[ignore = "peers: Python"]
fn a_manifest_that_is_wrong_does_not_pass() {
    let manifest = read("kubernetes.yaml");
    for (right, wrong, told) in [
        ("replicas: 3", "replicas: \"3\"", "'3' is not of type 'integer'"),
        ("readinessProbe:", "readynessProbe:", "'readynessProbe' was unexpected"),
        ("maxUnavailable: 1\n  selector:", "maxUnavailable: 1\n  selektor:", "'selektor' was unexpected"),
        ("medium: Memory", "medium: [Memory]", "is not of type 'string'"),
        ("apiVersion: policy/v1\n", "apiVersion: policy/v0\n", "Couldn't find schema"),
    ] {
        let refused = validate(&changed(&manifest, right, wrong), VERSIONS[1]).expect_err(wrong);
        assert!(refused.contains(told), "{wrong}: {refused}");
    }
    // The action of preStop that needs no shell is newer than this version.
    let refused = validate(&manifest, "1.28.0").expect_err("1.28");
    assert!(refused.contains("'sleep' was unexpected"), "{refused}");
}

#[test]
#[ignore = "peers: Python"]
fn its_parts_fit_together() {
    let manifest = Manifest::read();
    let container = manifest.container();
    let labels = &manifest.of_kind("Deployment")["spec"]["template"]["metadata"]["labels"];
    assert!(labels.is_object());
    for selector in [
        &manifest.of_kind("Deployment")["spec"]["selector"]["matchLabels"],
        &manifest.of_kind("Service")["spec"]["selector"],
        &manifest.of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        &manifest.of_kind("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    let spread = list(&manifest.pod()["topologySpreadConstraints"]);
    assert!(spread.len() == 2 && spread.iter().all(|one| one["labelSelector"]["matchLabels"] == *labels));
    let account = &manifest.of_kind("ServiceAccount")["metadata"]["name"];
    assert_eq!(&manifest.pod()["serviceAccountName"], account);

    let gateway = settings(&manifest.deployed().configuration);
    let port = &list(&container["ports"])[0];
    assert_eq!(port["containerPort"], gateway.listen.port());
    assert!(gateway.listen.ip().is_unspecified() && !gateway.keys.is_empty());
    // Prometheus reads at a port of its own, without a client key, from where the policy lets it in.
    let metrics = gateway.metrics.listen.expect("the metrics have a listener");
    let of_metrics = &list(&container["ports"])[1];
    assert_eq!((&of_metrics["name"], &of_metrics["containerPort"]), (&"metrics".into(), &metrics.port().into()));
    let scraped = &manifest.of_kind("Deployment")["spec"]["template"]["metadata"]["annotations"];
    assert_eq!(
        (&scraped["prometheus.io/port"], &scraped["prometheus.io/path"]),
        (&metrics.port().to_string().into(), &"/metrics".into())
    );
    let policy = list(&manifest.of_kind("NetworkPolicy")["spec"]["ingress"]);
    assert!(policy.len() == 2 && list(&policy[1]["ports"])[0]["port"] == of_metrics["name"]);
    gateway.check_listen(gateway.listen).expect("a pod may listen there");
    assert_eq!(list(&manifest.of_kind("Service")["spec"]["ports"])[0]["targetPort"], port["name"]);
    assert_eq!(list(&list(&manifest.of_kind("NetworkPolicy")["spec"]["ingress"])[0]["ports"])[0]["port"], port["name"]);
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(container[probe]["httpGet"]["port"], port["name"], "{probe}");
    }
    let config = manifest.of_kind("ConfigMap");
    assert_eq!(manifest.config_volume()["name"], config["metadata"]["name"]);
    assert_eq!(config["immutable"], true);
}

#[test]
#[ignore = "peers: Python"]
fn at_least_two_replicas_serve_while_it_changes() {
    let manifest = Manifest::read();
    let deployment = &manifest.of_kind("Deployment")["spec"];
    assert!(deployment["replicas"].as_u64() >= Some(2));
    assert_eq!(deployment["strategy"]["rollingUpdate"]["maxUnavailable"], 0);
    assert!(
        manifest.of_kind("PodDisruptionBudget")["spec"]["maxUnavailable"].as_u64() < deployment["replicas"].as_u64()
    );
    let started = &manifest.container()["startupProbe"];
    let start = seconds(&started["periodSeconds"]) * seconds(&started["failureThreshold"]);
    assert!(seconds(&deployment["progressDeadlineSeconds"]) > start);
}

#[test]
#[ignore = "peers: Python"]
fn a_pod_has_time_to_drain() {
    let manifest = Manifest::read();
    let grace = seconds(&manifest.pod()["terminationGracePeriodSeconds"]);
    let wait = seconds(&manifest.container()["lifecycle"]["preStop"]["sleep"]["seconds"]);
    let drain = settings(&manifest.deployed().configuration).drain.as_secs();
    assert!(grace >= wait + drain + AFTER_DRAIN, "{grace} s for {wait} s, {drain} s and {AFTER_DRAIN} s");
    // Requests are sent here until readiness has failed.
    let ready = &manifest.container()["readinessProbe"];
    assert!(wait >= seconds(&ready["periodSeconds"]) * seconds(&ready["failureThreshold"]));
}

#[test]
#[ignore = "peers: Python"]
fn it_pins_the_provider_by_digest() {
    let manifest = Manifest::read();
    let pinned = manifest.pinned();
    let source: Source = pinned.parse().unwrap_or_else(|error| panic!("{error}"));
    assert!(matches!(source, Source::Oci(_)), "{pinned}");
    assert!(pinned.contains("@sha256:"), "{pinned}");
}

#[test]
#[ignore = "peers: Python"]
fn a_pod_can_do_no_more_than_it_has_to() {
    let manifest = Manifest::read();
    let (pod, container) = (&manifest.pod()["securityContext"], &manifest.container()["securityContext"]);
    assert_eq!(pod["runAsNonRoot"], true);
    assert_eq!(pod["runAsUser"], pod["fsGroup"]);
    assert_eq!(pod["seccompProfile"]["type"], "RuntimeDefault");
    assert_eq!(container["readOnlyRootFilesystem"], true);
    assert_eq!(container["allowPrivilegeEscalation"], false);
    assert_eq!(list(&container["capabilities"]["drop"]), ["ALL"]);
    assert_eq!(manifest.pod()["automountServiceAccountToken"], false);
    // Each path that the gateway is told lies in a volume: a folder that it writes to in one that it can write to. The admin
    // socket has a folder of its own below one: the volume's is everybody's, and the gateway listens in no such folder.
    for (name, value) in manifest.environment().iter().filter(|(_, value)| value.starts_with('/')) {
        let folder = match name.as_str() {
            "QUARRY_CONFIG" | "RUNTIME_DIRECTORY" => value.rsplit_once('/').expect("it lies in a folder").0,
            _ => value.as_str(),
        };
        let writes = matches!(name.as_str(), "QUARRY_STATE_DIR" | "QUARRY_CACHE_DIR" | "RUNTIME_DIRECTORY");
        assert!(manifest.mounts(!writes).iter().any(|mount| mount == folder), "{name}={value}");
        assert_eq!(manifest.volume_at(folder)["emptyDir"].is_object(), writes, "{name}={value}");
    }
}

#[test]
#[ignore = "peers: Python"]
fn a_pod_serves() {
    let manifest = Manifest::read();
    let deployed = manifest.deployed();
    assert_eq!(accepts(&deployed.arguments), Ok(()));
    let gateway = deployed.start();
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        assert_eq!(gateway.status(text(&manifest.container()[probe]["httpGet"]["path"])), 200, "{probe}");
    }
    assert_eq!(gateway.status("/v1/models"), 401, "the keys of the ConfigMap are not in force");
    let (done, said) = gateway.execute(&["provider".to_owned(), "status".to_owned()]);
    assert!(done && said.contains("  active  "), "{said}");
    let said = gateway.stop();
    assert!(said.lines().any(|line| line.starts_with('{') && line.contains("draining")), "not told as JSON: {said}");
}
