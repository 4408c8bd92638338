//! "Did you mean": the known word that a misspelt one is nearest to.

/// Words longer than this are no slip of anything: the time to compare grows with their length.
const LONGEST: usize = 64;

/// The known word nearest to `word`, if it is near enough to be a slip: at most a third of the letters differ. Capitals and the
/// signs `-` and `_` do not count. The provider judges the rest of the configuration by the same rule.
#[must_use]
pub fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > LONGEST {
        return None;
    }
    let simple = simplified(word);
    let distances = known.iter().filter_map(|candidate| {
        let other = simplified(candidate);
        let distance = strsim::osa_distance(&simple, &other);
        (distance <= other.chars().count().max(3) / 3).then_some((distance, *candidate))
    });
    distances.min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// What would be right where a name is none of the known ones.
#[must_use]
pub fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None => one_of(known),
    }
}

/// All the words there are.
#[must_use]
pub fn one_of(words: &[&str]) -> String {
    let listed = words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    if words.len() == 1 { listed } else { format!("one of {listed}") }
}

fn simplified(word: &str) -> String {
    word.chars().filter(|character| !matches!(character, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn slips_find_their_word_and_other_words_none() {
        let known = ["limits", "listen", "retry", "keepAliveSeconds"];
        assert_eq!(nearest("lisetn", &known), Some("listen"));
        assert_eq!(nearest("keep_alive_seconds", &known), Some("keepAliveSeconds"));
        assert_eq!(nearest("colour", &known), None);
        assert_eq!(nearest(&"l".repeat(10_000), &known), None);
        assert_eq!(did_you_mean("some", &["other"]), "`other`");
        assert_eq!(did_you_mean("some", &["other", "words"]), "one of `other`, `words`");
    }
}
