//! Credentials that are certainly missing, told before a request waits for a chain that will find nothing.

use quarry::aws::Aws;
use quarry::config::Environment;

/// A clear message where one half of a key pair is set: the SDK would go on to other sources and say something else.
pub(crate) fn certainly_missing(aws: &Aws, environment: &Environment) -> Option<String> {
    if aws.source().is_some() {
        return None;
    }
    let set = |name: &str| environment.get(name).is_some_and(|value| !value.trim().is_empty());
    match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
        (true, false) => Some("AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not: set both".to_owned()),
        (false, true) => Some("AWS_SECRET_ACCESS_KEY is set and AWS_ACCESS_KEY_ID is not: set both".to_owned()),
        _ => None,
    }
}
