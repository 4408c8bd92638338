//! Registries that break, lie, or point where nothing of ours should go.

use std::time::Duration;

use quarry_provider_host::{Digest, Limits};
use quarry_versions::source::{Fetcher, Registries, RegistryCredentials, RegistryError, Source};
use serde_json::json;

use crate::fake::{Fake, answer, manifest_of, ok};
use crate::registry::{PASSWORD, USER, fetch, fetch_as, push_as, registry_error};

const COMPONENT: &[u8] = b"a component, as far as a registry can tell";

const ALICE: [(&str, &str); 2] = [("QUARRY_REGISTRY_USER", USER), ("QUARRY_REGISTRY_PASSWORD", PASSWORD)];

/// `alice:open sesame`, as Basic has it.
const BASIC: &str = "authorization: Basic YWxpY2U6b3BlbiBzZXNhbWU=";

#[tokio::test]
async fn a_blob_that_ends_early_is_no_component() {
    let fake = Fake::with_manifest(manifest_of(COMPONENT), |_| {
        let mut whole = ok(COMPONENT);
        whole.truncate(whole.len() - 5);
        whole
    });
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(&error, RegistryError::Connection { host, .. } if *host == fake.host), "{error}");
    // A shorter one that claims to be whole.
    let fake = Fake::with_manifest(manifest_of(COMPONENT), |_| ok(&COMPONENT[5..]));
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(error, RegistryError::Digest { what: "component", .. }), "{error}");
}

#[tokio::test]
async fn what_is_longer_than_it_may_be_is_not_read() {
    let fake = Fake::with_manifest(manifest_of(COMPONENT), |_| ok(&vec![0; 1 << 20]));
    let error = registry_error(fetch(&fake.source()).await).to_string();
    assert!(error.ends_with("is larger than the 42 bytes of its manifest"), "{error}");

    let mut lies = manifest_of(COMPONENT);
    lies["layers"][0]["size"] = json!(u64::MAX);
    let fake = Fake::with_manifest(lies, |_| ok(COMPONENT));
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(error, RegistryError::TooLarge { what: "component", .. }), "{error}");
    assert_eq!(fake.heads().len(), 1);

    // Without a length, and without an end that anybody would wait for.
    let fake = Fake::start(|_| {
        let mut endless = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        endless.resize(8 << 20, b' ');
        endless
    });
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(error, RegistryError::TooLarge { what: "manifest", limit: 4_194_304, .. }), "{error}");
}

#[tokio::test]
async fn a_manifest_is_held_against_the_digest_that_was_pinned_or_told() {
    let fake = Fake::with_manifest(manifest_of(COMPONENT), |_| ok(COMPONENT));
    let pinned: Source = format!("{}@{:?}", fake.source(), Digest::of(b"another")).parse().expect("a source");
    let error = registry_error(fetch(&pinned).await);
    assert!(matches!(error, RegistryError::Digest { what: "manifest", .. }), "{error}");
    let header = format!("Docker-Content-Digest: {:?}\r\n", Digest::of(b"another"));
    let fake = Fake::start(move |_| answer("200 OK", &header, manifest_of(COMPONENT).to_string().as_bytes()));
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(error, RegistryError::Digest { what: "manifest", .. }), "{error}");
}

#[tokio::test]
async fn an_image_is_no_provider() {
    let index = "application/vnd.oci.image.index.v1+json";
    let fake = Fake::with_manifest(json!({"schemaVersion": 2, "mediaType": index, "manifests": []}), |_| ok(b""));
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(error, RegistryError::MediaType { .. }) && error.to_string().contains(index), "{error}");
    // Where the manifest does not say what it is, the answer does.
    let fake =
        Fake::start(|_| answer("200 OK", "Content-Type: text/html; charset=utf-8\r\n", br#"{"schemaVersion": 2}"#));
    let error = registry_error(fetch(&fake.source()).await);
    assert!(matches!(error, RegistryError::MediaType { .. }) && error.to_string().contains("text/html"), "{error}");
}

#[tokio::test]
async fn a_token_is_got_with_the_password_and_sent_in_its_place() {
    let fake = Fake::start(|head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        if head.starts_with("GET /token?service=here&scope=repository%3Aa%3Apull HTTP") && head.contains(BASIC) {
            ok(br#"{"token": "sesame"}"#)
        } else if !head.contains("authorization: Bearer sesame\r\n") {
            answer(
                "401 Unauthorized",
                &format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"here\"\r\n"),
                b"",
            )
        } else if head.contains("/manifests/") {
            ok(manifest_of(COMPONENT).to_string().as_bytes())
        } else {
            ok(COMPONENT)
        }
    });
    let fetched = fetch_as(&ALICE, &fake.source(), COMPONENT.len()).await.expect("the token opens it");
    assert_eq!(fetched.bytes, COMPONENT);
    // The manifest without, the token, the manifest, the blob.
    assert_eq!(fake.heads().len(), 4, "{:?}", fake.heads());
    let anonymous = registry_error(fetch(&fake.source()).await);
    assert!(matches!(anonymous, RegistryError::Denied { status: 401, .. }), "{anonymous}");
}

#[tokio::test]
async fn a_password_goes_nowhere_in_the_clear() {
    for realm in ["http://registry.example/token?q=secret", "http://192.0.2.1/token", "ftp://registry.example/token"] {
        let fake = Fake::start(move |_| {
            answer("401 Unauthorized", &format!("WWW-Authenticate: Bearer realm=\"{realm}\"\r\n"), b"")
        });
        let error = registry_error(fetch_as(&ALICE, &fake.source(), 1000).await);
        assert!(matches!(&error, RegistryError::InTheClear { .. }), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn credentials_are_for_one_registry_and_no_other_gets_them() {
    let foreign = Fake::start(|_| answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", b""));
    let bound = [ALICE[0], ALICE[1], ("QUARRY_REGISTRY", "registry.example")];
    let error = registry_error(fetch_as(&bound, &foreign.source(), 1000).await);
    assert!(matches!(error, RegistryError::Denied { status: 401, .. }), "{error}");
    assert!(foreign.heads().iter().all(|head| !head.to_ascii_lowercase().contains("authorization")));
}

#[tokio::test]
async fn a_token_server_of_another_host_gets_no_password_unless_the_operator_allows_it() {
    let server = Fake::start(|_| ok(br#"{"token": "sesame"}"#));
    let there = server.host.clone();
    let fake = Fake::start(move |head| match head {
        _ if !head.contains("authorization: Bearer sesame\r\n") => answer(
            "401 Unauthorized",
            &format!("WWW-Authenticate: Bearer realm=\"http://{there}/token?q=secret\"\r\n"),
            b"",
        ),
        _ if head.contains("/manifests/") => ok(manifest_of(COMPONENT).to_string().as_bytes()),
        _ => ok(COMPONENT),
    });
    let error = registry_error(fetch_as(&ALICE, &fake.source(), 1000).await);
    assert!(matches!(&error, RegistryError::Realm { realm, .. } if *realm == server.host), "{error}");
    let told = error.to_string();
    assert!(told.contains(&format!("QUARRY_REGISTRY_REALMS={}", server.host)) && !told.contains("secret"), "{told}");
    assert!(server.heads().is_empty(), "{:?}", server.heads());
    let allowed = format!("auth.example, {}", server.host);
    let allowing = [ALICE[0], ALICE[1], ("QUARRY_REGISTRY_REALMS", &*allowed)];
    let fetched = fetch_as(&allowing, &fake.source(), COMPONENT.len()).await.expect("the token opens it");
    assert_eq!(fetched.bytes, COMPONENT);
    assert!(server.heads().iter().all(|head| head.contains(BASIC)));
    // Without credentials there is nothing to keep, and the token of the other host does.
    assert!(fetch(&fake.source()).await.is_ok());
}

#[tokio::test]
async fn where_a_registry_points_does_not_tell_what_is_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let refused = closed.local_addr().expect("it is bound");
    drop(closed);
    let open = Fake::start(|_| b"no HTTP at all".to_vec());
    let places = [
        format!("http://{refused}/blob"),
        format!("http://{}/blob", open.host),
        format!("https://{}/blob", open.host),
        "https://169.254.169.254/blob".to_owned(),
        "https://10.255.255.254/blob".to_owned(),
        format!("https://{}.example/blob", "a".repeat(64)),
    ];
    for place in places {
        let location = format!("Location: {place}\r\n");
        let fake = Fake::with_manifest(manifest_of(COMPONENT), move |_| answer("302 Found", &location, b""));
        let source = fake.source();
        let error = registry_error(fetch(&source).await).to_string();
        assert!(error.ends_with(&format!("it redirects to {place}, which cannot be used")), "{error}");
    }
}

#[tokio::test]
async fn a_blob_may_lie_elsewhere_and_what_proves_who_we_are_stays_here() {
    let storage = Fake::start(|_| ok(COMPONENT));
    let there = storage.host.clone();
    let fake = Fake::start(move |head| {
        if !head.contains(BASIC) {
            answer("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", b"")
        } else if head.contains("/manifests/") {
            ok(manifest_of(COMPONENT).to_string().as_bytes())
        } else {
            answer("307 Temporary Redirect", &format!("Location: http://{there}/blob?signature=x\r\n"), b"")
        }
    });
    let fetched = fetch_as(&ALICE, &fake.source(), COMPONENT.len()).await.expect("the storage has it");
    assert_eq!(fetched.bytes, COMPONENT);
    let [head] = storage.heads().try_into().expect("one request");
    assert!(
        head.starts_with("GET /blob?signature=x HTTP") && !head.to_ascii_lowercase().contains("authorization"),
        "{head}"
    );
}

#[tokio::test]
async fn a_storage_that_asks_for_a_login_gets_none() {
    let storage = Fake::start(|head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        answer("401 Unauthorized", &format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\"\r\n"), b"")
    });
    let there = storage.host.clone();
    let fake = Fake::with_manifest(manifest_of(COMPONENT), move |_| {
        answer("307 Temporary Redirect", &format!("Location: http://{there}/blob\r\n"), b"")
    });
    let error = registry_error(fetch_as(&ALICE, &fake.source(), COMPONENT.len()).await);
    assert!(matches!(error, RegistryError::Denied { status: 401, .. }), "{error}");
    assert_eq!(storage.heads().len(), 1, "{:?}", storage.heads());
}

#[tokio::test]
async fn where_a_registry_points_is_looked_at() {
    for (location, told) in [
        ("http://192.0.2.1/blob?token=secret", "it redirects to http://192.0.2.1/blob, and only https is allowed"),
        ("file:///etc/passwd", "it redirects to file:///etc/passwd, and only https is allowed"),
        ("/v2/a/blobs/again", "it redirects more than 5 times"),
        ("http://[", "it redirects without a location"),
    ] {
        let fake = Fake::with_manifest(manifest_of(COMPONENT), move |_| {
            answer("302 Found", &format!("Location: {location}\r\n"), b"")
        });
        let error = registry_error(fetch(&fake.source()).await).to_string();
        assert!(error.ends_with(told), "{error}");
    }
    // An upload, which is not followed, is not sent in the clear either.
    let fake = Fake::start(|head| match head.split(' ').next() {
        Some("POST") => answer("202 Accepted", "Location: http://192.0.2.1/upload\r\n", b""),
        _ => answer("404 Not Found", "", b""),
    });
    let error = push_as(&[], &fake.source(), COMPONENT, None).await.expect_err("it is not safe");
    assert!(error.to_string().contains("only https is allowed"), "{error}");
}

#[tokio::test]
async fn what_a_registry_says_is_told() {
    let words = br#"{"errors": [{"code": "DENIED", "message": "ask \u001b[2Jsomebody"}]}"#;
    for (status, told) in [
        ("403 Forbidden", "the registry denies access (403, DENIED ask [2Jsomebody): no credentials were found"),
        ("429 Too Many Requests", "the registry answered 429, DENIED ask [2Jsomebody"),
        ("500 Internal Server Error", "the registry answered 500, DENIED"),
        ("204 No Content", "the registry answered 204"),
    ] {
        let fake = Fake::start(move |_| answer(status, "", if status.starts_with("204") { b"" } else { words }));
        let error = registry_error(fetch(&fake.source()).await).to_string();
        assert!(error.starts_with(&fake.source().to_string()) && error.contains(told), "{error}");
        let error = push_as(&[], &fake.source(), COMPONENT, None).await.expect_err("it is refused").to_string();
        assert!(error.contains(told), "{error}");
    }
    for senseless in [&b"<html>"[..], b"", b"{}"] {
        let fake = Fake::start(move |_| ok(senseless));
        let error = registry_error(fetch(&fake.source()).await);
        assert!(matches!(error, RegistryError::Protocol { .. }), "{error}");
    }
}

#[tokio::test]
async fn who_is_not_there_or_says_nothing_is_named() {
    // A name that is too long to be asked for, so that nobody is.
    let host = format!("{}.example", "a".repeat(64));
    let source: Source = format!("oci://{host}/a:v1").parse().expect("a source");
    let error = registry_error(fetch(&source).await);
    assert!(matches!(&error, RegistryError::UnknownHost { host: told, .. } if *told == host), "{error:?}");

    // Bound, so that nobody else can listen there, and not listening.
    let nobody = tokio::net::TcpSocket::new_v4().expect("a socket can be made");
    nobody.bind(([127, 0, 0, 1], 0).into()).expect("loopback can be bound");
    let address = nobody.local_addr().expect("it is bound");
    let source: Source = format!("oci://{address}/a:v1").parse().expect("a source");
    let error = registry_error(fetch(&source).await).to_string();
    assert!(error.contains(&address.to_string()) && error.contains("refused"), "{error}");

    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
    let source: Source = format!("oci://{}/a:v1", silent.local_addr().expect("it is bound")).parse().expect("a source");
    let registries = Registries::new(RegistryCredentials::default(), Duration::from_millis(300));
    let error = registry_error(Fetcher::new(&Limits::default(), registries).fetch(&source, &()).await);
    assert!(
        matches!(error, RegistryError::Timeout { .. }) && error.to_string().ends_with("took longer than 0.3 s"),
        "{error}"
    );
}
