//! How often the SDK tries a request, as the environment and the profile say.

use aws_smithy_types::retry::{RetryConfig, RetryMode, RetrySpec};

use super::credentials::profile_members;
use crate::environment::Environment;

/// Reads `AWS_MAX_ATTEMPTS` and `AWS_RETRY_MODE`, else the profile's `max_attempts` and `retry_mode`. The SDK reads the same, and
/// panics on all that it does not know, `legacy` among it, which the AWS CLI does know and many profiles have.
pub(super) fn retry_config(environment: &Environment) -> RetryConfig {
    let [max_attempts, retry_mode] = profile_members(environment, ["max_attempts", "retry_mode"]);
    let said = |variable: &'static str, member: &'static str, of_profile: Option<String>| {
        let of_environment = environment.get(variable).map(|value| (variable, value.to_owned()));
        of_environment.or_else(|| Some((member, of_profile?)))
    };
    let mut config = RetryConfig::standard();
    if let Some((name, attempts)) = said("AWS_MAX_ATTEMPTS", "max_attempts", max_attempts) {
        match attempts.parse() {
            Ok(attempts) if attempts > 0 => config = config.with_max_attempts(attempts),
            _ => tracing::warn!("{name} is ignored: it is not a whole number from 1"),
        }
    }
    if let Some((name, mode)) = said("AWS_RETRY_MODE", "retry_mode", retry_mode) {
        match mode.to_ascii_lowercase().as_str() {
            "standard" => {}
            "adaptive" => config = config.with_retry_mode(RetryMode::Adaptive),
            // The one from before there were others; SDKs that came later take it for this.
            "legacy" => {}
            _ => tracing::warn!("{name} is ignored: it is neither standard nor adaptive"),
        }
    }
    if environment.get("AWS_NEW_RETRIES_2026").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        config = config.with_retry_spec(RetrySpec::v2_1());
    }
    config
}

#[cfg(test)]
mod tests {
    use super::{RetryConfig, RetryMode, retry_config};

    fn with(variables: &[(&str, &str)]) -> (u32, RetryMode) {
        let read: RetryConfig = retry_config(&variables.iter().copied().collect());
        (read.max_attempts(), read.mode())
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let (attempts, mode) = ("AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE");
        assert_eq!(with(&[(attempts, "7"), (mode, "adaptive")]), (7, RetryMode::Adaptive));
        assert_eq!(with(&[(attempts, " 1\n"), (mode, "Standard")]), (1, RetryMode::Standard));
        for (wrong, unknown) in [("0", "legacy"), ("-1", "fast"), ("many", ""), ("99999999999", "1")] {
            assert_eq!(with(&[(attempts, wrong), (mode, unknown)]), (3, RetryMode::Standard), "{wrong} {unknown}");
        }
    }
}
