//! Compressed answers, for clients that accept them.

use axum::body::Body;
use axum::middleware::Next;
use hyper::header::{ACCEPT_ENCODING, HeaderValue};
use hyper::service::Service as _;
use hyper::{Request, Response};
use hyper_util::service::TowerToHyperService;
use tower_http::compression::Compression;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

/// The smallest answer that is compressed: a smaller one fits into one packet anyway.
const WORTH_IT: u64 = 1024;

/// The events of Bedrock's own API.
const AWS_EVENTS: NotForContentType = NotForContentType::const_new("application/vnd.amazon.eventstream");

/// Compresses an answer that is there as a whole, as the client's `accept-encoding` says. Events of a stream are not held back for it.
pub(crate) async fn compressed(mut request: Request<Body>, next: Next) -> Response<Body> {
    // A client that accepts nothing that the gateway can send gets the answer as it is, and not 406: it has been paid for.
    request.headers_mut().append(ACCEPT_ENCODING, HeaderValue::from_static("identity;q=0.001"));
    let worth_it = SizeAbove::new(WORTH_IT).and(NotForContentType::SSE).and(AWS_EVENTS);
    match TowerToHyperService::new(Compression::new(next).compress_when(worth_it)).call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => match never {},
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, VARY};
    use hyper::service::Service as _;
    use hyper::{Request, Response, StatusCode};
    use hyper_util::service::TowerToHyperService;

    use super::{WORTH_IT, compressed};

    const LONG: usize = WORTH_IT as usize;

    fn answer(kind: &'static str, bytes: usize) -> Response<Body> {
        let response = Response::builder().status(StatusCode::BAD_GATEWAY).header(CONTENT_TYPE, kind);
        response.body(Body::from("x".repeat(bytes))).expect("it is one")
    }

    async fn ask(path: &str, accepted: &[&str]) -> Response<Body> {
        let long = LONG;
        let routes = Router::new()
            .route("/document", get(async move || answer("application/json", long)))
            .route("/short", get(async move || answer("application/json", long - 1)))
            .route("/stream", get(async move || answer("text/event-stream; charset=utf-8", long)))
            .layer(from_fn(compressed));
        let mut request = Request::get(path);
        for value in accepted {
            request = request.header(ACCEPT_ENCODING, *value);
        }
        let request = request.body(Body::empty()).expect("it is one");
        TowerToHyperService::new(routes).call(request).await.expect("routes do not fail")
    }

    fn coding(response: &Response<Body>) -> &str {
        response.headers().get(CONTENT_ENCODING).map_or("identity", |value| value.to_str().expect("text"))
    }

    #[tokio::test]
    async fn the_client_chooses() {
        for (accepted, expected) in [
            (&[][..], "identity"),
            (&["gzip"], "gzip"),
            (&["GZIP, deflate"], "gzip"),
            (&["gzip;q=0.2, br;q=0.9"], "br"),
            (&["gzip;q=0", "deflate;q=0.1"], "deflate"),
            (&["gzip;q=0.5, identity"], "identity"),
            (&["gzip;q=0, identity;q=0"], "identity"),
            (&["zstd, snappy"], "identity"),
            (&["*;q=0"], "identity"),
            (&["identity;q=0, *;q=0.5"], "br"),
        ] {
            let response = ask("/document", accepted).await;
            assert_eq!(response.status(), StatusCode::BAD_GATEWAY, "{accepted:?}: the answer's own");
            assert_eq!(response.headers()[VARY], "accept-encoding", "{accepted:?}");
            assert_eq!(coding(&response), expected, "{accepted:?}");
        }
        let response = ask("/document", &["gzip"]).await;
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.expect("it comes");
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*body).read_to_string(&mut text).expect("it is gzip");
        assert_eq!(text, "x".repeat(LONG));
    }

    #[tokio::test]
    async fn streams_and_short_answers_stay_as_they_are() {
        for path in ["/stream", "/short"] {
            assert_eq!(coding(&ask(path, &["gzip, br"]).await), "identity", "{path}");
        }
    }
}
