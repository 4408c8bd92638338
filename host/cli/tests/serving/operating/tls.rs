//! TLS of the gateway's own: curl is the client, and openssl the authority.

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread;
use std::time::{Duration, Instant};

use crate::debian;
use crate::gateway::{Gateway, fails_to_start};

fn openssl(folder: &Path, arguments: &str) {
    let mut command = debian::installed("openssl", "openssl");
    let output = command.args(arguments.split(' ')).current_dir(folder).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A key and a certificate for this machine that vouches for itself.
fn certify(folder: &Path, name: &str) {
    let subject = format!("-subj /CN={name} -addext subjectAltName=IP:127.0.0.1");
    openssl(
        folder,
        &format!("req -x509 -newkey rsa:2048 -nodes -days 30 {subject} -keyout {name}.key -out {name}.crt"),
    );
}

fn configuration(folder: &Path, more: &str) -> String {
    let file = |name: &str| folder.join(name).display().to_string();
    let (certificate, key) = (file("one.crt"), file("one.key"));
    format!("{{ quarry: {{ tls: {{ certificate: '{certificate}', key: '{key}'{more} }} }} }}")
}

/// What curl gets that trusts this certificate.
fn curl(gateway: &Gateway, folder: &Path, trusted: &str, arguments: &[&str]) -> Output {
    let mut command = debian::installed("curl", "curl");
    command.args(["-sS", "--cacert", trusted]).args(arguments).current_dir(folder);
    command.arg(format!("{}/healthz", gateway.base)).output().expect("curl runs")
}

#[test]
#[ignore = "peers: curl, OpenSSL"]
fn both_protocols_are_served_and_a_renewed_certificate_is_taken() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let folder = folder.path();
    certify(folder, "one");
    certify(folder, "two");
    let gateway = Gateway::start(&configuration(folder, ""));
    assert!(gateway.base.starts_with("https://"), "{}", gateway.base);
    for (protocol, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let output = curl(&gateway, folder, "one.crt", &[protocol, "-w", "%{http_version}"]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("ok\n{version}"), "{output:?}");
    }
    let plain = gateway.base.replace("https://", "http://");
    let output = debian::installed("curl", "curl").args(["-sS", &plain]).output().expect("curl runs");
    assert!(!output.status.success(), "it does not speak plainly: {output:?}");

    // One file after the other, as whoever renews them does.
    fs::rename(folder.join("two.crt"), folder.join("one.crt")).expect("it can be renamed");
    gateway.wait_for_log("the certificate could not be read again; the previous one stays in use", 1);
    fs::rename(folder.join("two.key"), folder.join("one.key")).expect("it can be renamed");
    let began = Instant::now();
    while !curl(&gateway, folder, "one.crt", &[]).status.success() {
        assert!(began.elapsed() < Duration::from_secs(60), "{}", gateway.log());
        thread::sleep(Duration::from_millis(100));
    }
    gateway.stop();
}

#[test]
#[ignore = "peers: curl, OpenSSL"]
fn clients_may_need_a_certificate() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let folder = folder.path();
    certify(folder, "one");
    openssl(
        folder,
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=authority -keyout authority.key -out authority.crt",
    );
    openssl(folder, "req -new -newkey rsa:2048 -nodes -subj /CN=client -keyout client.key -out client.csr");
    let signed =
        "x509 -req -days 30 -in client.csr -CA authority.crt -CAkey authority.key -CAcreateserial -out client.crt";
    fs::write(folder.join("v3"), "basicConstraints=CA:FALSE\n").expect("it can be written");
    openssl(folder, &format!("{signed} -extfile v3"));
    let authority = folder.join("authority.crt").display().to_string();
    let gateway = Gateway::start(&configuration(folder, &format!(", clientAuthorities: '{authority}'")));
    let output = curl(&gateway, folder, "one.crt", &["--cert", "client.crt", "--key", "client.key"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n", "{output:?}");
    for arguments in [&[][..], &["--cert", "one.crt", "--key", "one.key"]] {
        let output = curl(&gateway, folder, "one.crt", arguments);
        assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
    gateway.stop();
}

#[test]
#[ignore = "peers: curl, OpenSSL"]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let folder = folder.path();
    let told = |wanted: &str| {
        let output = fails_to_start(&configuration(folder, ""), &["--listen", "127.0.0.1:0"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains(wanted), "{wanted} is not in {told}");
    };
    told("quarry.tls.certificate: ");
    certify(folder, "one");
    certify(folder, "two");
    fs::write(folder.join("one.key"), "no key").expect("it can be written");
    told("quarry.tls.key: ");
    fs::copy(folder.join("two.key"), folder.join("one.key")).expect("it can be copied");
    told("its key cannot be used");
}
