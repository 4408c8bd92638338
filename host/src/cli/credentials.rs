//! What to say where there are no credentials.

use quarry::aws::Source;
use quarry::config::Environment;

/// A clear message where one half of a key pair is set: the SDK would go on to other sources and say something else.
pub(crate) fn half_a_pair(source: Option<Source>, environment: &Environment) -> Option<String> {
    if source.is_some() {
        return None;
    }
    let set = |name: &str| environment.get(name).is_some();
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (true, false) => Some("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both".to_owned()),
        (false, true) => Some("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not: set both".to_owned()),
        _ => None,
    }
}

/// What to do about credentials that are missing or of no use.
pub(crate) fn advice(source: Option<Source>) -> &'static str {
    match source {
        Some(Source::Profile) => {
            "check that the profile is in ~/.aws/config or ~/.aws/credentials; for SSO run `aws sso login`"
        }
        Some(Source::WebIdentity) => "check the file in AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and the role's trust",
        Some(Source::Container) => "check the container's role and its credentials endpoint",
        _ => {
            "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (for SSO: \
             `aws sso login`), or run where a role is attached"
        }
    }
}
