//! A registry that does what no good one does.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use quarry_provider_host::Digest;
use quarry_versions::source::Source;
use serde_json::json;

/// Listens on loopback for as long as the test program runs.
pub(crate) struct Fake {
    pub(crate) host: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    /// Answers each request, given by its head, with these bytes, and closes the connection.
    pub(crate) fn start(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be bound");
        let host = listener.local_addr().expect("it is bound").to_string();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let (asked, answer) = (Arc::clone(&heads), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (mut stream, asked, answer) = (stream, Arc::clone(&asked), Arc::clone(&answer));
                thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|read| read == 1) {
                        head.push(byte[0]);
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    asked.lock().expect("nothing panics with it").push(head.clone());
                    // The client may have had enough.
                    let _ = stream.write_all(&answer(&head));
                });
            }
        });
        Fake { host, heads }
    }

    /// Serves a manifest at every tag, and an answer to whatever else is asked.
    pub(crate) fn with_manifest(
        manifest: serde_json::Value,
        other: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Fake::start(
            move |head| {
                if head.contains("/manifests/") { ok(manifest.to_string().as_bytes()) } else { other(head) }
            },
        )
    }

    /// Something in it.
    pub(crate) fn source(&self) -> Source {
        format!("oci://{}/a:v1", self.host).parse().expect("a source")
    }

    /// The requests until now: their lines and headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().expect("nothing panics with it").clone()
    }
}

/// A manifest whose one layer has these bytes.
pub(crate) fn manifest_of(component: &[u8]) -> serde_json::Value {
    let digest = format!("{:?}", Digest::of(component));
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "layers": [{"mediaType": "application/wasm", "digest": digest, "size": component.len()}],
    })
}

/// An answer with a body.
pub(crate) fn ok(body: &[u8]) -> Vec<u8> {
    answer("200 OK", "", body)
}

/// An answer; each header ends with `\r\n`.
pub(crate) fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut answer =
        format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n").into_bytes();
    answer.extend_from_slice(body);
    answer
}
