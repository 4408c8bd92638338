//! Over real sockets of this machine.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::{RemoteConfig, RemoteError, connection, fetch, fetch_trusting};

/// A server that gives each connection the same bytes, the pieces 40 ms apart, and then closes it.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: tokio::sync::mpsc::UnboundedReceiver<String>,
}

async fn server(pieces: Vec<String>, tls: Option<TlsAcceptor>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be bound");
    let address = listener.local_addr().expect("it is bound");
    let connections = Arc::new(AtomicUsize::new(0));
    let (tell, requests) = tokio::sync::mpsc::unbounded_channel();
    let counted = Arc::clone(&connections);
    let pieces = Arc::new(pieces);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::Relaxed);
            let (pieces, tell, tls) = (Arc::clone(&pieces), tell.clone(), tls.clone());
            tokio::spawn(async move {
                match tls {
                    None => answer(socket, &pieces, &tell).await,
                    Some(tls) => {
                        if let Ok(socket) = tls.accept(socket).await {
                            answer(socket, &pieces, &tell).await;
                        }
                    }
                }
            });
        }
    });
    Server { address, connections, requests }
}

async fn answer(
    mut socket: impl AsyncRead + AsyncWrite + Unpin,
    pieces: &[String],
    tell: &tokio::sync::mpsc::UnboundedSender<String>,
) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        match socket.read_u8().await {
            Ok(byte) => request.push(byte),
            Err(_) => return,
        }
    }
    let _ = tell.send(String::from_utf8_lossy(&request).to_ascii_lowercase());
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        if socket.write_all(piece.as_bytes()).await.is_err() {
            return;
        }
    }
    let _ = socket.shutdown().await;
}

/// A server without TLS whose answer is this head and body.
async fn plain(head: &str, body: &str) -> Server {
    server(vec![format!("HTTP/1.1 {head}\r\n\r\n{body}")], None).await
}

fn policy(hosts: &[&str]) -> RemoteConfig {
    let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    RemoteConfig { allowed: true, hosts, max_bytes: 1000, timeout: Duration::from_secs(5) }
}

async fn refused(policy: &RemoteConfig, url: &str) -> RemoteError {
    let error = fetch(policy, [url]).await.expect_err("must be refused");
    assert!(!error.to_string().contains("secret"), "{error}");
    error
}

#[tokio::test]
async fn an_attachment_comes_with_its_media_type() {
    let mut server = plain("200 OK\r\ncontent-type: Image/PNG; q=1\r\ncontent-length: 3", "abc").await;
    let url = format!("http://{}/cats/1.png?size=2#part", server.address);
    let again = format!("http://{}/other", server.address);
    let fetched = fetch(&policy(&["127.0.0.1"]), [&url, &again, &url]).await.expect("all is well");
    let attachment = fetched.get(&url).expect("it was fetched");
    assert_eq!((attachment.media_type.as_str(), &attachment.bytes[..]), ("image/png", &b"abc"[..]));
    assert!(fetched.get(&again).is_some() && fetched.get("http://elsewhere/").is_none());
    assert_eq!(server.connections.load(Ordering::Relaxed), 2, "the same address is fetched once");
    let mut requests = [server.requests.recv().await, server.requests.recv().await].map(Option::unwrap_or_default);
    requests.sort();
    assert!(requests[0].starts_with("get /cats/1.png?size=2 http/1.1\r\n"), "{requests:?}");
    assert!(requests[0].contains(&format!("\r\nhost: {}\r\n", server.address)), "{requests:?}");
    let fetched = fetch(&RemoteConfig::default(), Vec::<String>::new()).await.expect("nothing is asked for");
    assert_eq!(fetched, super::Fetched::default());
}

#[tokio::test]
async fn what_is_too_large_is_not_read() {
    let too_large = |error| matches!(error, RemoteError::TooLarge { limit: 1000, .. });
    let policy = policy(&["127.0.0.1"]);
    // Announced: the body is not waited for.
    let announced =
        server(vec!["HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 99999\r\n\r\n".to_owned(); 1], None)
            .await;
    assert!(too_large(refused(&policy, &format!("http://{}/secret", announced.address)).await));
    // Not announced: reading stops, though the server would go on for an hour.
    let head = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n".to_owned();
    let endless = server(std::iter::once(head).chain(vec!["x".repeat(400); 90_000]).collect(), None).await;
    assert!(too_large(refused(&policy, &format!("http://{}/", endless.address)).await));
    // Together: each would fit.
    let server = plain("200 OK\r\ncontent-type: image/png\r\ncontent-length: 600", &"x".repeat(600)).await;
    let urls = ["a", "b"].map(|name| format!("http://{}/{name}", server.address));
    assert!(fetch(&policy, &urls[..1]).await.is_ok());
    assert!(too_large(fetch(&policy, &urls).await.expect_err("both are too large together")));
    let many: Vec<String> = (0..101).map(|number| format!("http://{}/{number}", server.address)).collect();
    let before = server.connections.load(Ordering::Relaxed);
    assert_eq!(fetch(&policy, &many).await, Err(RemoteError::TooMany { count: 101, limit: 100 }));
    assert_eq!(server.connections.load(Ordering::Relaxed), before);
}

#[tokio::test]
async fn what_is_too_slow_is_given_up() {
    let policy = RemoteConfig { timeout: Duration::from_millis(200), ..policy(&["127.0.0.1"]) };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: image/png\r\n\r\n".to_owned();
    // One that drips, one that stops after the headers' first byte.
    for pieces in [std::iter::once(head).chain(vec!["x".to_owned(); 1000]).collect(), vec!["H".to_owned(); 1000]] {
        let server = server(pieces, None).await;
        // All that they send takes 40 s.
        let error = refused(&policy, &format!("http://{}/", server.address)).await;
        assert_eq!(error, RemoteError::Timeout { host: "127.0.0.1".to_owned(), limit: policy.timeout });
    }
}

#[tokio::test]
async fn a_redirect_to_the_metadata_service_is_not_followed() {
    let location = "302 Found\r\nlocation: http://169.254.169.254/latest/meta-data/secret\r\ncontent-length: 0";
    let server = plain(location, "").await;
    let error = refused(&policy(&["127.0.0.1"]), &format!("http://{}/", server.address)).await;
    assert_eq!(error, RemoteError::Redirect { host: "127.0.0.1".to_owned(), status: 302 });
}

#[tokio::test]
async fn hosts_that_are_not_public_are_not_connected_to() {
    let server = plain("200 OK\r\ncontent-type: image/png\r\ncontent-length: 0", "").await;
    let port = server.address.port();
    // A name that resolves to loopback is no better than loopback's address.
    for host in ["localhost", "127.0.0.1", "[::1]", "2130706433", "10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"] {
        let error = refused(&policy(&[]), &format!("https://{host}:{port}/secret")).await;
        assert!(matches!(error, RemoteError::AddressNotPublic { .. }), "{host}: {error}");
    }
    // A suffix is no exact name.
    let error = refused(&policy(&["*.localhost"]), &format!("https://a.localhost:{port}/")).await;
    assert!(matches!(error, RemoteError::AddressNotPublic { .. } | RemoteError::NotFound { .. }), "{error}");
    let error = refused(&RemoteConfig::default(), &format!("https://localhost:{port}/secret")).await;
    assert_eq!(error, RemoteError::NotAllowed { host: "localhost".to_owned() });
    assert_eq!(server.connections.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn an_answer_that_is_not_the_content_is_told() {
    let host = || "127.0.0.1".to_owned();
    for (head, body, expected) in [
        ("404 Not Found\r\ncontent-length: 0", "", RemoteError::Status { host: host(), status: 404 }),
        ("204 No Content", "", RemoteError::Status { host: host(), status: 204 }),
        ("200 OK\r\ncontent-length: 1", "x", RemoteError::NoMediaType { host: host() }),
        ("200 OK\r\ncontent-type: png\r\ncontent-length: 1", "x", RemoteError::NoMediaType { host: host() }),
        (
            "200 OK\r\ncontent-type: image/png\r\ncontent-encoding: gzip\r\ncontent-length: 1",
            "x",
            RemoteError::Encoded { host: host() },
        ),
    ] {
        let server = plain(head, body).await;
        assert_eq!(refused(&policy(&["127.0.0.1"]), &format!("http://{}/", server.address)).await, expected);
    }
    // Cut off, and not HTTP at all.
    for (head, body) in [("200 OK\r\ncontent-type: image/png\r\ncontent-length: 9", "x"), ("\r\nno", "")] {
        let server = plain(head, body).await;
        let error = refused(&policy(&["127.0.0.1"]), &format!("http://{}/", server.address)).await;
        assert!(matches!(error, RemoteError::Connection { .. }), "{error}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.expect("loopback can be bound").local_addr().expect("is bound");
    let error = refused(&policy(&["127.0.0.1"]), &format!("http://{nobody}/secret")).await;
    assert!(matches!(error, RemoteError::Connection { .. }), "{error}");
}

/// A server's side of TLS for `localhost` and 127.0.0.1, and a client's trust in whoever signed its certificate. They were made
/// for these tests, until 2126, and nobody else trusts them.
fn certificates() -> (TlsAcceptor, Arc<ClientConfig>) {
    let read = |pem| CertificateDer::from_pem_slice(pem).expect("is a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("test_certificates/localhost.key")).expect("is a key");
    let chain = vec![read(include_bytes!("test_certificates/localhost.pem"))];
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .expect("the key is the certificate's");
    let mut roots = RootCertStore::empty();
    roots.add(read(include_bytes!("test_certificates/authority.pem"))).expect("is an authority");
    (TlsAcceptor::from(Arc::new(server)), connection::trusting(roots).expect("ring has the protocols"))
}

#[tokio::test]
async fn over_tls_the_certificate_is_checked() {
    let (acceptor, trust) = certificates();
    let pieces = vec!["HTTP/1.1 200 OK\r\ncontent-type: application/pdf\r\ncontent-length: 3\r\n\r\npdf".to_owned()];
    let server = server(pieces, Some(acceptor)).await;
    let policy = policy(&["localhost", "127.0.0.1", "127.0.0.2"]);
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{}/x", server.address.port());
        let fetched = fetch_trusting(&policy, [&url], Some(Arc::clone(&trust))).await.expect("all is well");
        assert_eq!(fetched.get(&url).map(|attachment| attachment.media_type.as_str()), Some("application/pdf"));
        // The system does not know who signed it.
        let error = refused(&policy, &url).await;
        assert!(matches!(error, RemoteError::Connection { .. } | RemoteError::NoTrust { .. }), "{error}");
    }
    // It is trusted, and for another name.
    let (acceptor, _) = certificates();
    let listener = TcpListener::bind("127.0.0.2:0").await.expect("all of 127.0.0.0/8 is loopback");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let _ = acceptor.accept(socket).await;
        }
    });
    let error = fetch_trusting(&policy, [format!("https://{address}/")], Some(trust)).await.expect_err("not its name");
    assert!(matches!(&error, RemoteError::Connection { reason, .. } if reason.contains("certificate")), "{error}");
}
