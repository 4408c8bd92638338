//! "Did you mean": the known word that a misspelt one is nearest to.

/// Words longer than this are no slip of anything: the time to compare grows with their length.
const LONGEST: usize = 64;

/// The known word nearest to `word`, if it is near enough to be a slip: at most a third of the letters differ, capitals
/// and the signs `-` and `_` do not count. The host judges its own settings by the same rule.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > LONGEST {
        return None;
    }
    let simple = simplified(word);
    let distances = known.iter().filter_map(|candidate| {
        let other = simplified(candidate);
        let most = other.chars().count().max(3) / 3;
        // Words whose lengths differ by more need not be compared.
        let is_near = simple.len().abs_diff(other.len()) <= 4 * most;
        let distance = is_near.then(|| strsim::osa_distance(&simple, &other)).filter(|distance| *distance <= most)?;
        Some((distance, *candidate))
    });
    distances.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

fn simplified(word: &str) -> String {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_find_their_word_and_other_words_none() {
        let known = ["enabled", "region", "providerFilter", "refreshInterval"];
        assert_eq!(nearest("regoin", &known), Some("region"));
        assert_eq!(nearest("provider_filter", &known), Some("providerFilter"));
        assert_eq!(nearest("RefreshIntervall", &known), Some("refreshInterval"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"r".repeat(10_000), &known), None);
    }
}
