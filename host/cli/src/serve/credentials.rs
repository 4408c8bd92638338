//! Telling at the start that there are no credentials.

use std::sync::Arc;

use quarry_aws::Source;
use quarry_gateway::Gateway;

use crate::credentials::Unusable;

/// Tells where requests could not be signed. `named` is the source that the configuration or the environment names. Then waits
/// until AWS accepts the credentials, where readiness does.
pub(super) async fn check(gateway: Arc<Gateway>, named: Option<Source>) {
    if let Err(problem) = gateway.find_credentials().await {
        let Unusable { what, advice, .. } = Unusable::of(&problem, named);
        let advice = advice.unwrap_or_default();
        tracing::warn!("requests will fail: {what}; {advice}");
    }
    gateway.check_credentials().await;
}
