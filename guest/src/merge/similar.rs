//! "Did you mean": the known word that a misspelt one is nearest to.

/// The known word nearest to `word`, if it is near enough to be a slip: at most a third of the letters differ, capitals
/// and the signs `-` and `_` do not count.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let simple = simplified(word);
    // A very long name is no slip of a short one, and the table of distances would grow with it.
    if simple.len() > 64 {
        return None;
    }
    known
        .iter()
        .filter_map(|candidate| {
            let other = simplified(candidate);
            let most = other.len().max(3) / 3;
            // Words whose lengths differ by more need not be compared.
            let distance = (simple.len().abs_diff(other.len()) <= most).then(|| distance(&simple, &other))?;
            (distance <= most).then_some((distance, *candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn simplified(word: &str) -> Vec<char> {
    word.chars().filter(|c| !matches!(c, '-' | '_')).flat_map(char::to_lowercase).collect()
}

/// Edits that make `b` of `a`: letters inserted, removed, changed, or two neighbours exchanged.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut before_last = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; width];
        for j in 1..width {
            let change = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = last;
        last = row;
    }
    last[width - 1]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn edits_are_counted() {
        let count = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("reigon", "region"), 1);
        assert_eq!(count("same", "same"), 0);
    }

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
