//! The second floor: a hyper proxy that copies the body unread from the upstream to the client.

use http_body_util::BodyExt;
use http_body_util::combinators::BoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

use crate::protocol::serve_until_told;

type Upstream = Client<HttpConnector, Incoming>;

/// Serves what `origin` serves, until the bench is over.
pub(crate) fn main(origin: &str) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        serve_until_told(listener.local_addr().expect("a bound socket has an address"));
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let upstream: Upstream = Client::builder(TokioExecutor::new()).build(connector);
        loop {
            let (connection, _) = listener.accept().await.expect("a connection");
            connection.set_nodelay(true).expect("a TCP socket has the option");
            let (upstream, origin) = (upstream.clone(), origin.to_owned());
            tokio::spawn(async move {
                let service = service_fn(|request| forward(&upstream, &origin, request));
                // Who reads finds out that something is missing.
                let _ = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
            });
        }
    });
}

async fn forward(
    upstream: &Upstream,
    origin: &str,
    mut request: Request<Incoming>,
) -> Result<Response<BoxBody<Bytes, hyper::Error>>, hyper_util::client::legacy::Error> {
    let uri: Uri = format!("{origin}{}", request.uri().path()).parse().expect("a path that hyper has taken");
    *request.uri_mut() = uri;
    let answer = upstream.request(request).await?;
    Ok(answer.map(BodyExt::boxed))
}
