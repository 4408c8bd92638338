//! What is a secret.

/// Whether a member with this name has a secret for a value, or secrets in it. Capitals, hyphens and underscores do not count.
///
/// Every value inside `headers` is one: a proxy's key may have any name.
pub(super) fn is_secret_name(name: &str) -> bool {
    let name = simplified(name);
    // Not what merely has `token` in it: `maxTokens` is a number that the provider needs.
    const ENDINGS: [&str; 7] = ["key", "token", "authorization", "credential", "credentials", "keyid", "cookie"];
    const PARTS: [&str; 5] = ["secret", "password", "passphrase", "apikey", "bearer"];
    name == "headers"
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || PARTS.iter().any(|part| name.contains(part))
}

/// The same of a member whose meaning nobody knows: names that a secret may have, and that other things have too.
pub(super) fn may_name_a_secret(name: &str) -> bool {
    let simplified = simplified(name);
    // Tokens are counted under many names (`budget_tokens`), and handed out under few.
    const ENDINGS: [&str; 6] = ["keys", "pwd", "authtokens", "accesstokens", "refreshtokens", "bottokens"];
    const PARTS: [&str; 9] = ["auth", "cookie", "cred", "header", "jwt", "pass", "session", "signature", "webhook"];
    is_secret_name(name)
        || matches!(simplified.as_str(), "env" | "environment" | "tokens" | "pin" | "otp" | "dsn" | "pem" | "cert")
        || ENDINGS.iter().any(|ending| simplified.ends_with(ending))
        || PARTS.iter().any(|part| simplified.contains(part))
}

fn simplified(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, '-' | '_' | ' ' | '.')).flat_map(char::to_lowercase).collect()
}

/// Whether a text is a secret by its own look, wherever it stands: a key in a member whose name is misspelt.
pub(super) fn is_secret_value(text: &str) -> bool {
    // Bedrock's long-term and short-term API keys, AWS key ids, JSON web tokens, values of `Authorization`, PEM, keys of other
    // providers and of GitHub, GitLab, Slack, Google, Hugging Face, Groq, npm, Docker and Stripe.
    const BEGINNINGS: [&str; 35] = [
        "ABSK",
        "bedrock-api-key-",
        "AKIA",
        "ASIA",
        "eyJ",
        "sk-",
        "Bearer ",
        "bearer ",
        "Basic ",
        "basic ",
        "-----BEGIN",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "glrt-",
        "gldt-",
        "xox",
        "xapp-",
        "xai-",
        "AIza",
        "ya29.",
        "GOCSPX-",
        "hf_",
        "gsk_",
        "npm_",
        "pypi-",
        "dckr_pat_",
        "sk_",
        "rk_",
        "whsec_",
        "SG.",
    ];
    let text = text.trim();
    text.len() >= 16 && (BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) || has_secret_path(text))
}

/// Whether an address has a secret behind its host, as those of webhooks and signed ones have: a query, or a segment that nobody
/// would choose for a name.
fn has_secret_path(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let behind = rest.split_once(['/', '?', '#']).map_or("", |(_, behind)| behind);
    let is_opaque = |segment: &str| {
        segment.len() >= 16
            && segment.bytes().any(|byte| byte.is_ascii_digit())
            && segment.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    rest.contains(['?', '#']) || behind.split('/').any(is_opaque)
}

#[cfg(test)]
mod tests {
    use super::{is_secret_name, is_secret_value};

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            "apiKey",
            "api_key",
            "API-KEY",
            "token",
            "sessionToken",
            "AWS_BEARER_TOKEN_BEDROCK",
            "bearer",
            "bearerAuth",
            "clientSecret",
            "password",
            "Authorization",
            "headers",
            "accessKeyId",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["maxTokens", "defaultMaxTokens", "budget_tokens", "region", "baseUrl", "alias", "keep"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn keys_are_known_by_their_look() {
        assert!(is_secret_value("ABSKQmVkcm9ja0FQSUtleS1hYmNk"));
        assert!(is_secret_value(" bedrock-api-key-YmVkcm9jay5hbWF6b24"));
        for text in ["us-east-1", "anthropic.claude-opus-4-6-v1", "sk-", "amazon-bedrock/x", ""] {
            assert!(!is_secret_value(text), "{text}");
        }
    }
}
