//! Bedrock's control plane, as far as discovery needs it.

use std::future::Future;
use std::time::Duration;

use crate::aws::{AccountIdentity, Aws, Operation, Region};
use crate::contract::models::Pages;
use crate::contract::types::{ApiError, ApiStage};

/// How long one need may take, with all its pages and retries (OpenClaw allows each call 30 seconds).
pub const NEED_DEADLINE: Duration = Duration::from_secs(30);

/// The list operations. Bodies are the verbatim JSON of the answers; what fails is reported in [`Pages::failed`], with the
/// pages that came before it.
pub trait ControlPlane: Sync {
    /// Which account the answers are of. None if that is unknown: then nothing is cached.
    fn account(&self) -> impl Future<Output = Option<AccountIdentity>> + Send;

    /// The region that is listed.
    fn region(&self) -> &Region;

    /// `ListFoundationModels`, without filters: one page.
    fn foundation_models(&self) -> impl Future<Output = Pages> + Send;

    /// `ListInferenceProfiles`, every type and every page.
    fn inference_profiles(&self) -> impl Future<Output = Pages> + Send;
}

impl ControlPlane for Aws {
    async fn account(&self) -> Option<AccountIdentity> {
        Aws::account(self).await
    }

    fn region(&self) -> &Region {
        Aws::region(self)
    }

    async fn foundation_models(&self) -> Pages {
        Aws::foundation_models(self).await
    }

    async fn inference_profiles(&self) -> Pages {
        Aws::inference_profiles(self).await
    }
}

/// The pages, or none and a failure once the deadline has passed. The call is dropped then.
pub(super) async fn within_deadline(
    operation: Operation,
    region: &Region,
    pages: impl Future<Output = Pages>,
) -> Pages {
    tokio::time::timeout(NEED_DEADLINE, pages).await.unwrap_or_else(|_elapsed| Pages {
        bodies: Vec::new(),
        failed: Some(ApiError {
            operation: operation.name().to_owned(),
            model_id: None,
            region: Some(region.to_string()),
            stage: ApiStage::Timeout,
            status: None,
            code: None,
            message: Some(format!("no answer within {} seconds", NEED_DEADLINE.as_secs())),
            request_id: None,
            retry_after: None,
        }),
    })
}
