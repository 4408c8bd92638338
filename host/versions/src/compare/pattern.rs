//! Patterns of kinds.

/// Whether a pattern covers a kind: the kind itself, and what lies below the place that the pattern names. A `*` stands for any text,
/// none too. So `request` and `request/*` cover `request/inferenceConfig.maxTokens`, and `*` covers everything.
#[must_use]
pub fn covers(pattern: &str, kind: &str) -> bool {
    let above = kind.match_indices(['/', '.']).map(|(at, _)| &kind[..at]);
    above.chain([kind]).any(|place| matches(pattern, place))
}

fn matches(pattern: &str, kind: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = kind.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::covers;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, kind, expected) in [
            ("delta/done/reason", "delta/done/reason", true),
            ("delta/done/reason", "delta/done/reasons", false),
            ("delta/*", "delta/done/reason", true),
            ("*/reason", "delta/done/reason", true),
            ("delta/*/usage.*.total", "delta/done/usage.cost.total", true),
            ("delta/*/usage.*.total", "delta/done/usage.total", false),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            assert_eq!(covers(pattern, kind), expected, "{pattern} {kind}");
        }
    }

    #[test]
    fn a_place_covers_what_lies_below_it() {
        for (pattern, kind, expected) in [
            ("request", "request/inferenceConfig.maxTokens", true),
            ("request/*", "request/inferenceConfig.maxTokens", true),
            ("request/inferenceConfig", "request/inferenceConfig.maxTokens", true),
            ("request/inferenceConfig.max", "request/inferenceConfig.maxTokens", false),
            ("request", "requests", false),
            ("request", "wording/request/notices/message", false),
            ("wording", "wording/failure/hint", true),
            ("request/inferenceConfig.maxTokens", "request", false),
            ("", "request", false),
        ] {
            assert_eq!(covers(pattern, kind), expected, "{pattern} {kind}");
        }
    }
}
