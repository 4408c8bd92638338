//! One more try where AWS says that the credentials have expired: they may have been revoked, or the clock of whoever gave them
//! may be wrong.

use std::future::Future;

use super::client::Aws;
use super::credentials::CredentialProblem;
use super::failure::Asked;
use crate::contract::types::{ApiError, ApiStage};

/// The names of the error, in the spellings of AWS's services.
const EXPIRED: &[&str] = &["ExpiredToken", "ExpiredTokenException"];

impl Aws {
    /// Sends a request. Where AWS refuses its credentials as expired and there are others to be had, it is sent once more with
    /// those. `send` is to make the whole request each time.
    ///
    /// # Errors
    /// When there are no credentials, or when the request failed, the second time where there was one.
    pub(super) async fn renewing<T, S>(&self, asked: Asked<'_>, send: impl Fn() -> S) -> Result<T, ApiError>
    where
        S: Future<Output = Result<T, ApiError>>,
    {
        let Some(kept) = &self.credentials else { return send().await };
        let used = kept.get().await.map_err(|problem| no_credentials(asked, &problem))?;
        match send().await {
            Err(error) if is_expired(&error) && kept.renew_after(&used).await => send().await,
            sent => sent,
        }
    }
}

fn is_expired(error: &ApiError) -> bool {
    // An address may stand behind the name, and a namespace before it.
    let name = error.code.as_deref().and_then(|code| code.split(':').next()?.rsplit('#').next());
    name.is_some_and(|name| EXPIRED.contains(&name))
}

fn no_credentials(asked: Asked<'_>, problem: &CredentialProblem) -> ApiError {
    match problem {
        CredentialProblem::Missing { .. } => asked.error(ApiStage::CredentialsMissing, None),
        CredentialProblem::Failed { of, reason, .. } => {
            asked.error(ApiStage::CredentialsFailed, Some(format!("{}: {reason}", of.name())))
        }
        CredentialProblem::Expired { .. } => asked.error(ApiStage::CredentialsFailed, Some(problem.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiStage, Asked, is_expired};
    use crate::Operation;

    #[test]
    fn the_error_is_known_in_every_spelling() {
        let asked = Asked { operation: Operation::ConverseStream, model_id: None, region: "us-east-1" };
        let with = |code: &str| {
            let mut error = asked.error(ApiStage::Response, None);
            error.code = Some(code.to_owned());
            is_expired(&error)
        };
        for code in
            ["ExpiredTokenException", "ExpiredToken", "ExpiredTokenException:http://internal", "a.b#ExpiredToken"]
        {
            assert!(with(code), "{code}");
        }
        for code in ["AccessDeniedException", "", "NotExpiredTokenException"] {
            assert!(!with(code), "{code}");
        }
    }
}
