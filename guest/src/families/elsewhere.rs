//! Models that the listing has and ConverseStream does not serve, where the listing does not say so itself.

/// Whether requests for a model have to go elsewhere than to ConverseStream. OpenClaw leaves the same one out: it is served
/// by the endpoint `bedrock-mantle`.
#[must_use]
pub fn is_served_elsewhere(id: &str) -> bool {
    let id = id.to_ascii_lowercase();
    let Some((_, after)) = id.split_once("anthropic.claude-mythos-preview") else { return false };
    after.is_empty() || after.starts_with(['-', '.', ':', '/'])
}

#[cfg(test)]
mod tests {
    use super::is_served_elsewhere;

    #[test]
    fn only_the_preview_is() {
        assert!(is_served_elsewhere("us.Anthropic.claude-mythos-preview-v1:0"));
        assert!(!is_served_elsewhere("anthropic.claude-mythos-previews"));
        assert!(!is_served_elsewhere("anthropic.claude-mythos-5-v1:0"));
    }
}
