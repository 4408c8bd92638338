//! Credentials do not outlive their time, and a gateway needs no restart when they change.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use quarry_aws::Expiry;
use serde_json::{Value, json};

use super::signed_by;
use crate::support::{Answer, Quarry, Responder, Running, SONNET};

/// A container's endpoint that gives another key pair each time, numbered from 0; none after `last`.
fn container(valid: Duration, last: usize) -> Responder {
    let given = AtomicUsize::new(0);
    Responder::start(move |_| {
        let number = given.fetch_add(1, Ordering::Relaxed);
        if number > last {
            return Answer::error(404, &[], "no more");
        }
        Answer::json(&json!({
            "AccessKeyId": format!("AKIDCONTAINER{number:04}"), "SecretAccessKey": "s", "Token": "t",
            "Expiration": Expiry(SystemTime::now() + valid).to_string(),
        }))
    })
}

/// Which of the numbered key pairs signed last.
fn number(bedrock: &Responder) -> usize {
    let signer = signed_by(bedrock);
    signer.strip_prefix("AKIDCONTAINER").and_then(|digits| digits.parse().ok()).expect("a numbered key")
}

/// Bedrock that refuses every request for a reason of its own, so that nothing is cached and nothing tried again.
fn refusing() -> Responder {
    Responder::start(|_| Answer::error(400, &[("x-amzn-errortype", "ValidationException")], "no"))
}

/// A gateway in front of it.
struct Gateway {
    address: SocketAddr,
    _running: Running,
}

impl Gateway {
    fn start(quarry: &Quarry) -> Self {
        // The port is free, and nobody else asks for this one.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("loopback can be bound");
        let running = quarry.start(&["serve", "--listen", &free.to_string()]);
        let began = Instant::now();
        while TcpStream::connect(free).is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "the gateway does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Gateway { address: free, _running: running }
    }

    /// Asks for the models, which the gateway has to ask Bedrock for, and waits for the answer.
    fn ask(&self) -> String {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        stream.write_all(b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        answer
    }
}

fn behind(container: &Responder, bedrock: &Responder) -> Quarry {
    Quarry::new()
        .set("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/credentials", container.endpoint))
        .set("AWS_ENDPOINT_URL", &bedrock.endpoint)
        .set("AWS_MAX_ATTEMPTS", "1")
}

#[test]
fn a_box_without_a_role_is_asked_once_and_not_for_every_request() {
    let metadata = Responder::start(|path| match path {
        "/latest/api/token" => {
            Answer { headers: &[("x-aws-ec2-metadata-token-ttl-seconds", "21600")], ..Answer::json("imds-token") }
        }
        _ => Answer::error(404, &[], "no role"),
    });
    let quarry = Quarry::new()
        .set("AWS_EC2_METADATA_DISABLED", "false")
        .set("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.endpoint);
    let gateway = Gateway::start(&quarry);
    gateway.ask();
    let paths = || metadata.asked().into_iter().map(|asked| asked.path).collect::<Vec<_>>();
    let once = paths();
    assert!(once.iter().any(|path| path.ends_with("/iam/security-credentials/")), "{once:?}");
    for _ in 0..5 {
        gateway.ask();
    }
    assert_eq!(paths(), once);
}

#[test]
fn credentials_are_renewed_before_they_expire() {
    let valid = Duration::from_secs(6);
    let (container, bedrock) = (container(valid, usize::MAX), refusing());
    let gateway = Gateway::start(&behind(&container, &bedrock));
    let began = Instant::now();
    let mut signers = Vec::new();
    while signers.last().is_none_or(|last| *last < 2) {
        assert!(began.elapsed() < Duration::from_secs(60), "signed by {signers:?}");
        gateway.ask();
        signers.push(number(&bedrock));
        thread::sleep(Duration::from_millis(100));
    }
    assert!(signers.is_sorted(), "an old key was used again: {signers:?}");
    // Each pair signs until it is due, not one request.
    assert!(container.asked().len() < signers.len(), "{signers:?}");
}

#[test]
fn credentials_are_used_until_they_expire_where_there_are_no_others() {
    let valid = Duration::from_secs(4);
    let (container, bedrock) = (container(valid, 0), refusing());
    let gateway = Gateway::start(&behind(&container, &bedrock));
    // They were given between these two moments.
    let earliest = Instant::now();
    gateway.ask();
    let latest = Instant::now();
    while earliest.elapsed() < valid {
        let before = bedrock.asked().len();
        gateway.ask();
        assert!(bedrock.asked().len() > before || earliest.elapsed() >= valid, "they are good still");
        thread::sleep(Duration::from_millis(200));
    }
    assert!(container.asked().len() > 1, "others were asked for");
    thread::sleep(valid.saturating_sub(latest.elapsed()) + Duration::from_millis(200));
    let before = bedrock.asked().len();
    gateway.ask();
    assert_eq!(bedrock.asked().len(), before, "nothing is signed with what has expired");
}

#[test]
fn a_changed_file_is_seen_without_a_restart() {
    for (file, section) in [(".aws/credentials", "[work]"), (".aws/config", "[profile work]")] {
        let bedrock = refusing();
        let keys = |id: &str| format!("{section}\naws_access_key_id = {id}\naws_secret_access_key = s\n");
        let quarry = Quarry::new()
            .file(file, keys("AKIDBEFORE"))
            .set("AWS_PROFILE", "work")
            .set("AWS_ENDPOINT_URL", &bedrock.endpoint);
        let gateway = Gateway::start(&quarry);
        gateway.ask();
        assert_eq!(signed_by(&bedrock), "AKIDBEFORE");
        let quarry = quarry.file(file, keys("AKIDAFTER"));
        let began = Instant::now();
        while signed_by(&bedrock) == "AKIDBEFORE" {
            assert!(began.elapsed() < Duration::from_secs(60), "the change of {file} is not seen");
            thread::sleep(Duration::from_millis(100));
            gateway.ask();
        }
        assert_eq!(signed_by(&bedrock), "AKIDAFTER");
        drop(quarry);
    }
}

#[test]
fn what_was_listed_is_given_while_a_source_that_had_credentials_fails() {
    const NOVA: &str = "amazon.nova-lite-v1:0";
    let bedrock = Responder::start(|_| {
        Answer::json(&json!({
            "modelSummaries": [{
                "modelId": NOVA, "modelName": "Nova Lite", "providerName": "Amazon", "inputModalities": ["TEXT"],
                "outputModalities": ["TEXT"], "responseStreamingSupported": true, "inferenceTypesSupported": ["ON_DEMAND"],
                "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{NOVA}"), "modelLifecycle": { "status": "ACTIVE" },
            }],
            "inferenceProfileSummaries": [],
        }))
    });
    let quarry = Quarry::new()
        .file(".config/quarry/config.json5", "{ models: { bedrockDiscovery: { refreshInterval: 1 } } }")
        .file(".aws/credentials", "[default]\naws_access_key_id = AKIDDEFAULT0004\naws_secret_access_key = s\n")
        .set("AWS_ENDPOINT_URL", &bedrock.endpoint);
    let gateway = Gateway::start(&quarry);
    assert!(gateway.ask().contains(NOVA));
    let _broken = quarry.file(".aws/credentials", "[default]\ncredential_process = exit 3\n");
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < Duration::from_secs(60), "the change is not seen");
        let before = bedrock.asked().len();
        // Longer than a listing is fresh, and than a file is not looked at.
        thread::sleep(Duration::from_millis(1200));
        let answer = gateway.ask();
        assert!(answer.contains(NOVA), "{answer}");
        if bedrock.asked().len() == before {
            break;
        }
    }
}

/// Bedrock that says to the first request of each operation that its token has expired.
fn expiring(name: &'static str) -> Responder {
    let seen = std::sync::Mutex::new(BTreeSet::new());
    Responder::start(move |path| {
        let operation = path.split('?').next().unwrap_or(path).to_owned();
        if seen.lock().expect("nobody panicked").insert(operation) {
            let headers: &'static [(&str, &str)] =
                if name == "ExpiredToken" { &[("x-amzn-errortype", "ExpiredToken")] } else { EXPIRED };
            return Answer::error(403, headers, "The security token included in the request is expired");
        }
        match path.starts_with("/model/") {
            true => Answer::error(400, &[("x-amzn-errortype", "ValidationException")], "the second one"),
            false => Answer::json(r#"{"modelSummaries":[],"inferenceProfileSummaries":[]}"#),
        }
    })
}

const EXPIRED: &[(&str, &str)] = &[("x-amzn-errortype", "ExpiredTokenException:http://internal")];

#[test]
fn a_token_that_aws_calls_expired_is_renewed_once() {
    for name in ["ExpiredToken", "ExpiredTokenException"] {
        let (container, bedrock) = (container(Duration::from_secs(3600), usize::MAX), expiring(name));
        let chat = behind(&container, &bedrock).run(&["chat", "--model", SONNET, "hello"]);
        assert!(chat.stderr.contains("the second one"), "{chat:?}");
        let signers: Vec<Value> = bedrock.asked().iter().map(|asked| json!(asked.headers["authorization"])).collect();
        assert_eq!((signers.len(), container.asked().len()), (2, 2), "{signers:?}");
        assert!(signers[0].to_string().contains("AKIDCONTAINER0000"), "{signers:?}");
        assert!(signers[1].to_string().contains("AKIDCONTAINER0001"), "{signers:?}");
    }
    let (container, bedrock) = (container(Duration::from_secs(3600), usize::MAX), expiring("ExpiredTokenException"));
    let list = behind(&container, &bedrock).run(&["models", "list"]);
    assert_eq!(list.code, Some(0), "{list:?}");
    // Three lists, of which at least one is refused once; one renewal did for all, or each had its own.
    assert!((4..=6).contains(&bedrock.asked().len()), "{list:?}");
    assert!((2..=4).contains(&container.asked().len()), "{}", container.asked().len());
    assert!(number(&bedrock) >= 1);
}

#[test]
fn a_gateway_renews_what_aws_calls_expired_and_its_clients_see_nothing_of_it() {
    let (container, bedrock) = (container(Duration::from_secs(3600), usize::MAX), expiring("ExpiredTokenException"));
    let gateway = Gateway::start(&behind(&container, &bedrock));
    assert!(gateway.ask().starts_with("HTTP/1.1 200 "));
    let asked = bedrock.asked();
    assert!((4..=6).contains(&asked.len()), "three lists, at least one of them refused once: {asked:?}");
    assert!(asked[0].headers["authorization"].contains("AKIDCONTAINER0000"), "{asked:?}");
    assert!(number(&bedrock) >= 1, "the last one is signed with others");
}

#[test]
fn credentials_that_stay_the_same_are_not_tried_again() {
    let bedrock = expiring("ExpiredTokenException");
    let chat = Quarry::asking(&bedrock.endpoint).run(&["chat", "--model", SONNET, "hello"]);
    assert_eq!(chat.code, Some(1), "{chat:?}");
    assert!(chat.stderr.contains("expired"), "{chat:?}");
    assert_eq!(bedrock.asked().len(), 1);
}
