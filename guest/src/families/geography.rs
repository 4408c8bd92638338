//! The geography at the front of the id of an inference profile that Bedrock defines.

/// Geographies that are not two letters.
const LONGER: &[&str] = &["apac", "global", "us-gov"];

/// An id without its geography: `us.anthropic.claude-opus-4-6-v1` is `anthropic.claude-opus-4-6-v1`. Ids without one, and
/// ARNs, stay as they are.
///
/// AWS adds geographies (`jp`, `au`, `ca`), so two letters are one: no provider's name is so short. Two dots tell nothing,
/// as the id of a foundation model may have them too (`deepseek.v3.2`).
#[must_use]
pub fn without_geography(id: &str) -> &str {
    let Some((first, rest)) = id.split_once('.') else { return id };
    let two_letters = first.len() == 2 && first.bytes().all(|byte| byte.is_ascii_lowercase());
    if (two_letters || LONGER.contains(&first)) && rest.contains('.') { rest } else { id }
}

#[cfg(test)]
mod tests {
    use super::without_geography;

    #[test]
    fn a_geography_goes_and_a_provider_stays() {
        for (id, base) in [
            ("us.anthropic.claude-opus-4-6-v1", "anthropic.claude-opus-4-6-v1"),
            ("global.amazon.nova-2-lite-v1:0", "amazon.nova-2-lite-v1:0"),
            ("us-gov.anthropic.claude-3-5-sonnet-20240620-v1:0", "anthropic.claude-3-5-sonnet-20240620-v1:0"),
            ("jp.anthropic.claude-sonnet-4-6", "anthropic.claude-sonnet-4-6"),
            ("apac.amazon.nova-lite-v1:0", "amazon.nova-lite-v1:0"),
            ("us.deepseek.v3.2", "deepseek.v3.2"),
        ] {
            assert_eq!(without_geography(id), base);
            assert_eq!(without_geography(base), base);
        }
        for id in [
            "zai.glm-4.7",
            "openai.gpt-5.6-sol",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0",
            "q7simteam0a1",
            "us.x",
            "",
        ] {
            assert_eq!(without_geography(id), id);
        }
    }
}
