//! Bodies, taken from under the SDK: requests are replaced before they are signed, responses are taken before they are parsed.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use bytes::Bytes;
use secrecy::SecretString;

use super::request::replace_body;

/// What was taken from a successful response.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) body: SdkBody,
    pub(super) status: u16,
    pub(super) content_type: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) server: Option<Server>,
}

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The host of the endpoint.
    pub host: String,
    /// The port, where the endpoint names one.
    pub port: Option<u16>,
}

/// Takes the body of a successful response before the SDK parses it, and leaves `replacement` in its place.
///
/// So an event, a member or a shape that the SDK does not know reaches the provider, and the SDK's own parser costs nothing.
/// The body of an error stays, bounded by [`super::bounded`], for the SDK to classify (retries) and for [`super::failure`] to read.
#[derive(Debug, Clone)]
pub(super) struct TakeBody {
    slot: Arc<Mutex<Option<Taken>>>,
    replacement: &'static str,
}

impl TakeBody {
    pub(super) fn leaving(replacement: &'static str) -> Self {
        TakeBody { slot: Arc::default(), replacement }
    }

    /// What was taken, once.
    pub(super) fn taken(&self) -> Option<Taken> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[dyn_dispatch_hint]
impl Intercept for TakeBody {
    fn name(&self) -> &'static str {
        "quarry::TakeBody"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let server = context.inner().request().and_then(|request| server(request.uri()));
        let response = context.response_mut();
        if !response.status().is_success() {
            return Ok(());
        }
        let taken = Taken {
            status: response.status().as_u16(),
            content_type: header(response, "content-type"),
            request_id: request_id(response),
            server,
            body: std::mem::replace(response.body_mut(), SdkBody::from(self.replacement)),
        };
        *self.slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
        Ok(())
    }
}

tokio::task_local! {
    /// The request that this task sends.
    static SENDING: Sending;
}

/// A request under way: the body to send in place of the SDK's, and who takes the answer's.
struct Sending {
    body: Bytes,
    take: TakeBody,
}

/// Sends a request of a client with [`ExchangeBodies`]: with this body, and with the answer's body taken.
pub(super) fn exchanging<F: Future>(body: Bytes, take: TakeBody, sending: F) -> impl Future<Output = F::Output> {
    SENDING.scope(Sending { body, take }, sending)
}

/// Exchanges the bodies of the requests that are sent by [`exchanging`], and of no others.
///
/// It belongs to the client and not to the operation: for an operation with interceptors of its own, the SDK puts the client's whole
/// configuration together again.
#[derive(Debug)]
pub(super) struct ExchangeBodies {
    /// What the configuration has requests carry.
    pub(super) headers: Arc<[(String, SecretString)]>,
}

#[dyn_dispatch_hint]
impl Intercept for ExchangeBodies {
    fn name(&self) -> &'static str {
        "quarry::ExchangeBodies"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let replaced = SENDING.try_with(|sending| replace_body(context.request_mut(), &sending.body, &self.headers));
        // Other operations of the client send what the SDK made.
        let _ = replaced;
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let take = SENDING.try_with(|sending| sending.take.clone());
        take.map_or(Ok(()), |take| take.modify_before_deserialization(context, components, config))
    }
}

/// The server that a request went to.
fn server(uri: &str) -> Option<Server> {
    let uri: hyper::Uri = uri.parse().ok()?;
    Some(Server { host: uri.host()?.to_owned(), port: uri.port_u16() })
}

/// A header's text.
pub(super) fn header(response: &HttpResponse, name: &str) -> Option<String> {
    response.headers().get(name).map(str::to_owned)
}

/// AWS's id of a request.
pub(super) fn request_id(response: &HttpResponse) -> Option<String> {
    header(response, "x-amzn-requestid").or_else(|| header(response, "x-amzn-request-id"))
}
