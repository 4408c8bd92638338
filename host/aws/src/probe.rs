//! One cheap signed call, to see whether AWS takes the credentials, and what its clock says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::DateTime;
use aws_smithy_types::config_bag::ConfigBag;
use aws_smithy_types::date_time::Format;

use super::answer;
use super::body::{self, TakeBody};
use super::client::Aws;
use super::failure::Asked;
use super::operation::Operation;
use crate::contract::types::{ApiError, ApiStage};

/// How long the call may take, with the SDK's retries.
const PROBE: Duration = Duration::from_secs(20);

/// The vendor whose models are asked for: a short answer, and there in every region.
const ONE_VENDOR: &str = "amazon";

/// What a probe found.
#[derive(Debug)]
pub struct Probe {
    /// Whether the call succeeded.
    pub outcome: Result<(), ApiError>,
    /// The address that was asked, as `https://host`.
    pub address: Option<String>,
    /// How far this machine's clock is ahead of the service's, in seconds; less than 0 where it is behind.
    pub clock_ahead: Option<i64>,
}

impl Aws {
    /// `ListFoundationModels` of one vendor: signed, and billed to nobody.
    pub async fn probe(&self) -> Probe {
        let asked = Asked { operation: Operation::ListFoundationModels, model_id: None, region: self.region.as_str() };
        let seen = See::default();
        let sent = self.renewing(asked, || async {
            let take = TakeBody::leaving("{}");
            let sending = self
                .control
                .list_foundation_models()
                .by_provider(ONE_VENDOR)
                .customize()
                .interceptor(take.clone())
                .interceptor(seen.clone())
                .send();
            answer::taken(asked, sending, &take).await
        });
        let outcome = match tokio::time::timeout(PROBE, sent).await {
            Ok(sent) => sent.map(drop),
            Err(_elapsed) => Err(asked.error(ApiStage::Timeout, None)),
        };
        let Seen { address, clock_ahead } = std::mem::take(&mut *seen.lock());
        Probe { outcome, address, clock_ahead }
    }
}

#[derive(Debug, Default)]
struct Seen {
    address: Option<String>,
    clock_ahead: Option<i64>,
}

/// Looks at where a request goes, and at the clock of its answer, whether that is an error or not.
#[derive(Debug, Clone, Default)]
struct See(Arc<Mutex<Seen>>);

impl See {
    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Intercept for See {
    fn name(&self) -> &'static str {
        "quarry::See"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri: hyper::Uri = context.request().uri().parse()?;
        if let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) {
            let port = uri.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
            self.lock().address = Some(format!("{scheme}://{host}{port}"));
        }
        Ok(())
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = body::header(context.response(), "date");
        self.lock().clock_ahead = date.and_then(|date| ahead_of(&date, SystemTime::now()));
        Ok(())
    }
}

/// How far a clock is ahead of an HTTP date, in seconds.
fn ahead_of(date: &str, clock: SystemTime) -> Option<i64> {
    let theirs = DateTime::from_str(date, Format::HttpDate).ok()?;
    Some(DateTime::from(clock).secs() - theirs.secs())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::ahead_of;

    #[test]
    fn a_clock_is_held_against_the_date_of_an_answer() {
        let clock = UNIX_EPOCH + Duration::from_secs(784_111_777);
        assert_eq!(ahead_of("Sun, 06 Nov 1994 08:49:37 GMT", clock), Some(0));
        assert_eq!(ahead_of("Sun, 06 Nov 1994 08:59:37 GMT", clock), Some(-600));
        assert_eq!(ahead_of("today", clock), None);
    }
}
