//! Bedrock's control plane, as far as discovery needs it.

use std::future::Future;
use std::time::Duration;

use crate::aws::{AccountIdentity, Answer, Aws, ControlCall, Region};
use crate::contract::types::{ApiError, ApiStage};

/// How long one call may take, with all its pages and retries (OpenClaw allows each call 30 seconds).
pub const CALL_DEADLINE: Duration = Duration::from_secs(30);

/// The calls. Bodies are the verbatim JSON of the answers; what fails is reported in [`Answer::failed`], with the pages that
/// came before it.
pub trait ControlPlane: Sync {
    /// Which account the answers are of. None if that is unknown: then nothing is cached.
    fn account(&self) -> impl Future<Output = Option<AccountIdentity>> + Send;

    /// Whether there are credentials to list with.
    fn has_credentials(&self) -> impl Future<Output = bool> + Send;

    /// The region that is listed.
    fn region(&self) -> &Region;

    /// Makes a call.
    fn call(&self, call: &ControlCall) -> impl Future<Output = Answer> + Send;
}

impl ControlPlane for Aws {
    async fn account(&self) -> Option<AccountIdentity> {
        Aws::account(self).await
    }

    async fn has_credentials(&self) -> bool {
        Aws::has_credential_source(self).await
    }

    fn region(&self) -> &Region {
        Aws::region(self)
    }

    async fn call(&self, call: &ControlCall) -> Answer {
        Aws::control(self, call).await
    }
}

/// The answer, or none and a failure once the deadline has passed. The call is dropped then.
pub(super) async fn within_deadline<C: ControlPlane>(control_plane: &C, call: &ControlCall) -> Answer {
    tokio::time::timeout(CALL_DEADLINE, control_plane.call(call)).await.unwrap_or_else(|_elapsed| Answer {
        bodies: Vec::new(),
        failed: Some(ApiError {
            operation: call.operation().name().to_owned(),
            model_id: None,
            region: Some(control_plane.region().to_string()),
            stage: ApiStage::Timeout,
            status: None,
            code: None,
            message: Some(format!("no answer within {} seconds", CALL_DEADLINE.as_secs())),
            request_id: None,
            retry_after: None,
        }),
    })
}
