//! Bodies, taken from under the SDK: requests are replaced before they are signed, responses are taken before they are parsed.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;

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
