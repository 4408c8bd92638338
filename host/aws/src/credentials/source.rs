//! The sources of credentials, and which of them the environment names.

/// A source of credentials, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// `AWS_BEDROCK_SKIP_AUTH=1`: requests are signed with dummy credentials, for a proxy that has the real ones.
    SkipAuth,
    /// `apiKey` of the configuration.
    ConfiguredToken,
    /// `AWS_BEARER_TOKEN_BEDROCK`.
    BearerToken,
    /// `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
    AccessKeys,
    /// A profile of the shared configuration that `AWS_PROFILE` names.
    Profile,
    /// The profile `default` of the shared configuration, which nobody has to name.
    SharedConfig,
    /// `AWS_WEB_IDENTITY_TOKEN_FILE` (IAM roles for service accounts).
    WebIdentity,
    /// The endpoint of a container: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` (ECS) or `…_FULL_URI` (EKS Pod Identity and others).
    Container,
    /// The role of the EC2 instance, by IMDSv2.
    InstanceRole,
    /// The simulator takes anything.
    Simulator,
}

impl Source {
    /// A stable word for it.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Source::SkipAuth => "skip-auth",
            Source::ConfiguredToken | Source::BearerToken => "bearer-token",
            Source::AccessKeys => "access-keys",
            Source::Profile => "profile",
            Source::SharedConfig => "shared-config",
            Source::WebIdentity => "web-identity",
            Source::Container => "container",
            Source::InstanceRole => "instance-role",
            Source::Simulator => "simulator",
        }
    }

    /// How to show it (OpenClaw's words where it has them).
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Source::SkipAuth => "env: AWS_BEDROCK_SKIP_AUTH",
            Source::ConfiguredToken => "config: apiKey",
            Source::BearerToken => "env: AWS_BEARER_TOKEN_BEDROCK",
            Source::AccessKeys => "env: AWS_ACCESS_KEY_ID + AWS_SECRET_ACCESS_KEY",
            Source::Profile => "env: AWS_PROFILE",
            Source::SharedConfig => "aws-sdk default chain: shared config",
            Source::WebIdentity => "aws-sdk default chain: web identity token",
            Source::Container => "aws-sdk default chain: container",
            Source::InstanceRole => "aws-sdk default chain: instance role (IMDSv2)",
            Source::Simulator => "simulator (no credentials needed)",
        }
    }

    /// Its name in a list of the sources that were asked.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Source::Profile | Source::SharedConfig => "shared config",
            Source::WebIdentity => "web identity",
            Source::Container => "container",
            Source::InstanceRole => "instance role",
            other => other.label(),
        }
    }
}

/// Finds the source that the environment names. `variable` looks a variable up; a blank one counts as unset.
///
/// `None` where nothing is named: then the rest of the chain must be asked, which can take a request or two. A variable for a
/// container or a web identity names nothing here: a profile `default` in the shared configuration comes before them.
#[must_use]
pub fn detect(variable: impl Fn(&str) -> Option<String>) -> Option<Source> {
    let set = |name: &str| variable(name).is_some_and(|value| !value.trim().is_empty());
    if variable("AWS_BEDROCK_SKIP_AUTH").is_some_and(|value| value.trim() == "1") {
        Some(Source::SkipAuth)
    } else if set("AWS_BEARER_TOKEN_BEDROCK") {
        Some(Source::BearerToken)
    } else if set("AWS_ACCESS_KEY_ID") && set("AWS_SECRET_ACCESS_KEY") {
        Some(Source::AccessKeys)
    } else if set("AWS_PROFILE") {
        Some(Source::Profile)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::{Source, detect};

    fn with(variables: &[(&str, &str)]) -> Option<Source> {
        detect(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_order_is_bedrocks() {
        let all = [
            ("AWS_BEDROCK_SKIP_AUTH", "1"),
            ("AWS_BEARER_TOKEN_BEDROCK", "t"),
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
            ("AWS_PROFILE", "p"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "f"),
        ];
        assert_eq!(with(&all), Some(Source::SkipAuth));
        assert_eq!(with(&all[1..]), Some(Source::BearerToken));
        assert_eq!(with(&all[2..]), Some(Source::AccessKeys));
        assert_eq!(with(&all[3..]), Some(Source::Profile), "half a pair is none");
        assert_eq!(with(&all[5..]), None, "the chain is asked");
        assert_eq!(with(&[("AWS_PROFILE", "  "), ("AWS_BEDROCK_SKIP_AUTH", "true")]), None);
    }
}
