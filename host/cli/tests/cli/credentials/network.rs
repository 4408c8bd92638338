//! The way to AWS: proxies, endpoints of every kind, and certificates. A proxy that goes nowhere shows which host was wanted, so no
//! name of AWS is ever resolved.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::json;

use super::peer::Peer;
use super::{bedrock, signed_by};
use crate::support::{Answer, Quarry, Responder, SONNET};

/// A proxy that refuses every request.
struct Proxy {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let address = listener.local_addr().expect("it is bound").to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let of_thread = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let reader = BufReader::new(stream.try_clone().expect("a second handle"));
                let lines = reader.lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                of_thread.lock().expect("nobody panicked").push(lines.collect::<Vec<_>>().join("\n"));
                // A client that went away is no error here.
                let _ = stream.write_all(b"HTTP/1.1 403 no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            }
        });
        Proxy { address, heads }
    }

    /// What was asked, and forgets it.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.heads.lock().expect("nobody panicked"))
    }
}

#[test]
fn every_partition_and_kind_of_endpoint_is_reached_through_the_proxy() {
    let proxy = Proxy::start();
    let ask = |variables: &[(&str, &str)]| {
        let quarry = Quarry::with_keys()
            .set("HTTPS_PROXY", &format!("http://me:proxy-password@{}", proxy.address))
            .set("AWS_MAX_ATTEMPTS", "1");
        let quarry = variables.iter().fold(quarry, |quarry, (name, value)| quarry.set(name, value));
        let mut wanted = Vec::new();
        for command in [&["auth", "status", "--check"][..], &["chat", "--model", "amazon.nova-lite-v1:0", "hello"]] {
            let outcome = quarry.run(command);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(!format!("{outcome:?}").contains("proxy-password"), "{outcome:?}");
            let heads = proxy.asked();
            assert!(heads.iter().all(|head| head.to_lowercase().contains("proxy-authorization: basic ")), "{heads:?}");
            wanted.extend(heads.first().and_then(|head| head.split(' ').nth(1)).map(str::to_owned));
        }
        wanted
    };
    let hosts = |control: &str, runtime: &str| vec![format!("{control}:443"), format!("{runtime}:443")];
    let fips = ("AWS_USE_FIPS_ENDPOINT", "true");
    let dual_stack = ("AWS_USE_DUALSTACK_ENDPOINT", "true");
    let region = |region| ("AWS_REGION", region);
    for (variables, control, runtime) in [
        (vec![], "bedrock.us-east-1.amazonaws.com", "bedrock-runtime.us-east-1.amazonaws.com"),
        (vec![fips], "bedrock-fips.us-east-1.amazonaws.com", "bedrock-runtime-fips.us-east-1.amazonaws.com"),
        (vec![dual_stack], "bedrock.us-east-1.api.aws", "bedrock-runtime.us-east-1.api.aws"),
        (
            vec![region("cn-north-1")],
            "bedrock.cn-north-1.amazonaws.com.cn",
            "bedrock-runtime.cn-north-1.amazonaws.com.cn",
        ),
        (
            vec![region("us-gov-west-1"), fips],
            "bedrock-fips.us-gov-west-1.amazonaws.com",
            "bedrock-runtime-fips.us-gov-west-1.amazonaws.com",
        ),
    ] {
        assert_eq!(ask(&variables), hosts(control, runtime), "{variables:?}");
    }
    // A VPC endpoint, as the configuration has it, and the region beside it.
    let vpc = "https://vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com";
    let wanted = ask(&[("QUARRY_BASE_URL", vpc), region("eu-west-1")]);
    assert_eq!(wanted, hosts("bedrock.eu-west-1.amazonaws.com", "vpce-1.bedrock-runtime.eu-west-1.vpce.amazonaws.com"));
}

#[test]
fn a_host_of_no_proxy_is_reached_directly() {
    let (proxy, bedrock) = (Proxy::start(), bedrock());
    let quarry = || {
        Quarry::with_keys()
            .set("AWS_ENDPOINT_URL_BEDROCK", &bedrock.endpoint)
            .set("HTTP_PROXY", &format!("http://{}", proxy.address))
            .set("AWS_MAX_ATTEMPTS", "1")
    };
    let through = quarry().run(&["auth", "status", "--check"]);
    assert_eq!((through.code, proxy.asked().len(), bedrock.asked().len()), (Some(1), 1, 0), "{through:?}");
    let direct = quarry().set("NO_PROXY", "127.0.0.1").run(&["auth", "status", "--check"]);
    assert_eq!((direct.code, proxy.asked().len(), bedrock.asked().len()), (Some(0), 0, 1), "{direct:?}");
    assert_eq!(signed_by(&bedrock), "AKIDTEST");
    // What runs in this process, and what is on its link, is reached without it.
    let simulated = quarry().run(&["chat", "--simulate", "--model", SONNET, "hello"]);
    assert_eq!((simulated.code, proxy.asked().len()), (Some(0), 0), "{simulated:?}");
    let container = Responder::start(|_| {
        let expires = "2999-01-01T00:00:00Z";
        Answer::json(&json!({ "AccessKeyId": "AKIDBOX", "SecretAccessKey": "s", "Token": "t", "Expiration": expires }))
    });
    let on_its_link = Quarry::new()
        .set("HTTP_PROXY", &format!("http://{}", proxy.address))
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container.endpoint);
    on_its_link.run(&["auth", "status"]).succeeded();
    assert_eq!((proxy.asked().len(), container.asked().len()), (0, 1));
}

#[test]
#[ignore = "peers: Python"]
fn the_certificates_of_the_bundle_are_the_ones_that_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let bundle = folder.path().join("authority.pem").display().to_string();
    let server = Peer::start("tls_on_loopback.py", &[&bundle]);
    let quarry = || Quarry::with_keys().set("AWS_ENDPOINT_URL_BEDROCK", &server.endpoint).set("AWS_MAX_ATTEMPTS", "1");
    let trusted = quarry().set("AWS_CA_BUNDLE", &bundle).run(&["auth", "status", "--check"]);
    assert_eq!(trusted.code, Some(0), "{trusted:?}");
    let unknown = quarry().run(&["auth", "status", "--check"]);
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
    assert!(unknown.stdout.to_lowercase().contains("certificate"), "{unknown:?}");
    let missing = quarry().set("AWS_CA_BUNDLE", "nowhere.pem").run(&["auth", "status", "--check"]);
    assert_eq!(missing.code, Some(2), "{missing:?}");
    assert!(missing.stderr.contains("AWS_CA_BUNDLE: the certificates in nowhere.pem cannot be used"), "{missing:?}");
}
