//! What to say where there are no credentials.

use quarry_aws::{CredentialProblem, ProfileMeans, Source};
use quarry_config::Environment;

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

/// What to do about credentials that are missing or of no use. `source` is the one that is to blame or that was named.
pub(crate) fn advice(source: Option<Source>) -> &'static str {
    match source {
        Some(Source::Profile | Source::SharedConfig) => {
            "check that the profile is in ~/.aws/config or ~/.aws/credentials; for SSO run `aws sso login`"
        }
        Some(Source::WebIdentity) => "check the file in AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN and the role's trust",
        Some(Source::Container) => "check the container's role and its credentials endpoint",
        Some(Source::InstanceRole) => {
            "check the instance's role and its metadata options; in a container the hop limit must be 2: `aws ec2 modify-instance-metadata-options --http-put-response-hop-limit 2 --instance-id …`"
        }
        Some(Source::AccessKeys) => "create a new key pair; for temporary keys, set AWS_SESSION_TOKEN too",
        _ => {
            "set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (for SSO: \
             `aws sso login`), or run where a role is attached; `quarry chat --simulate` needs no account"
        }
    }
}

/// What to do about a profile that is there and gives no credentials.
fn advice_for_profile(means: ProfileMeans) -> &'static str {
    match means {
        ProfileMeans::AssumeRole => {
            "check the profile's role_arn and source_profile or credential_source in ~/.aws/config, and that the role's trust policy names the identity that assumes the role"
        }
        ProfileMeans::WebIdentity => {
            "check the profile's web_identity_token_file and role_arn, and the role's trust policy"
        }
        ProfileMeans::Sso => "run `aws sso login`",
        ProfileMeans::LoginSession => "run `aws login`",
        ProfileMeans::Process => {
            "run the command of the profile's credential_process yourself: it must exit with 0 and print JSON with Version, AccessKeyId and SecretAccessKey"
        }
        ProfileMeans::Static => {
            "set both aws_access_key_id and aws_secret_access_key in the profile; for temporary keys, set aws_session_token too"
        }
    }
}

/// Why the credentials are of no use, for a person.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unusable {
    pub(crate) what: String,
    /// The sources that were asked in vain.
    pub(crate) asked: Vec<String>,
    pub(crate) advice: Option<&'static str>,
    /// The source that is to blame.
    pub(crate) source: Option<Source>,
}

impl Unusable {
    /// Half a key pair, which no advice is needed for.
    pub(crate) fn half(what: String) -> Self {
        Unusable { what, asked: Vec::new(), advice: None, source: None }
    }

    pub(crate) fn of(problem: &CredentialProblem, named: Option<Source>) -> Self {
        let asked = match problem {
            CredentialProblem::Missing { asked } => asked.clone(),
            _ => Vec::new(),
        };
        let source = problem.source_to_blame().or(named);
        let advice = match problem {
            CredentialProblem::Failed { means: Some(means), .. } => advice_for_profile(*means),
            _ => advice(source),
        };
        let what = match problem {
            CredentialProblem::Failed { complaint: Some(complaint), .. } => {
                format!("{problem}; its message: {complaint}")
            }
            _ => problem.to_string(),
        };
        Unusable { what, asked, advice: Some(advice), source }
    }
}
