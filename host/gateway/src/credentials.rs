//! Whether the gateway has credentials for AWS, and whether AWS accepts them.

use std::time::Duration;

use super::state::Gateway;
use crate::aws::CredentialProblem;
use crate::capacity::Purpose;
use crate::contract::types::{ApiStage, FailureKind};

/// How long after a check of the credentials the next one is made, until AWS accepts them. Twice as long after each.
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two checks.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

impl Gateway {
    /// Looks for the credentials that requests are signed with. No request is sent to Bedrock.
    ///
    /// # Errors
    /// When there are none, or they cannot be used.
    pub async fn find_credentials(&self) -> Result<(), CredentialProblem> {
        self.effective().aws.identity().await.map(drop)
    }

    /// Whether readiness waits for credentials that AWS accepts (`quarry.readiness.credentials`).
    pub(super) fn awaits_credentials(&self) -> bool {
        self.effective().configuration.gateway.readiness.credentials && !self.accepted.is_cancelled()
    }

    /// Sends AWS a cheap signed call (`ListFoundationModels`), again and again, until it accepts the credentials; only while readiness
    /// waits for that. From then on the gateway is ready: credentials that end later fail requests, and do not take all gateways away at once.
    pub async fn check_credentials(&self) {
        let mut wait = FIRST_WAIT;
        let mut told = false;
        while !self.accepted.is_cancelled() {
            if self.awaits_credentials() {
                match self.refused_credentials().await {
                    None => {
                        self.accepted.cancel();
                        tracing::info!("AWS accepts the credentials: ready");
                        return;
                    }
                    Some(why) if !told => {
                        told = true;
                        tracing::warn!(%why, "not ready: AWS does not accept the credentials yet");
                    }
                    Some(_) => {}
                }
                wait = (wait * 2).min(LONGEST_WAIT);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Why the credentials are not accepted, if they are not. An answer that AWS gives for any other reason, such as a permission that is
    /// missing for this one call, shows that they are.
    async fn refused_credentials(&self) -> Option<String> {
        let error = self.effective().aws.probe().await.outcome.err()?;
        let generation = self.lineup.load().primary.version.generation.clone();
        let explained = generation.session_for(Purpose::Control).and_then(|mut session| session.explain(&error));
        match explained {
            Ok(failure) => {
                let is_refused =
                    matches!(failure.kind, FailureKind::CredentialsMissing | FailureKind::CredentialsInvalid);
                (is_refused || error.stage != ApiStage::Response).then_some(failure.message)
            }
            Err(error) => Some(error.to_string()),
        }
    }
}
