//! The model that a person means by a name.

use quarry::config::nearest;
use quarry::contract::models::LeftOut;
use quarry::gateway::models;

use super::asked::Asked;
use super::known::{self, KnownModel};

/// How many models are offered in place of one that is not there.
const MOST_SUGGESTIONS: usize = 4;

/// Shorter fragments are in too many ids.
const LEAST_FRAGMENT: usize = 3;

/// What a name means.
#[derive(Debug)]
pub(super) enum Meant {
    /// A model.
    Known(Box<KnownModel>),
    /// A model that AWS has, and that cannot be used.
    LeftOut(LeftOut),
    /// None, and models that may have been meant.
    Unknown(Vec<String>),
    /// The default model, and none is configured.
    NoDefault,
}

/// The model that is meant by an id, an ARN, an alias or `default`, with or without the provider's prefix. Capitals count only
/// where two names differ in nothing else.
pub(super) fn look_up(asked: &Asked, name: &str) -> Meant {
    let Some(id) = models::id_of(&asked.settings, name) else { return Meant::NoDefault };
    let mut all = known::all(asked);
    let same = |known: &KnownModel| {
        known.model.id.eq_ignore_ascii_case(&id) || known.aliases.iter().any(|alias| alias.eq_ignore_ascii_case(&id))
    };
    let found = all.iter().position(|known| known.is_called(&id)).or_else(|| all.iter().position(same));
    if let Some(index) = found {
        return Meant::Known(Box::new(all.swap_remove(index)));
    }
    if let Some(left_out) = known::left_out(&asked.catalog, &id) {
        return Meant::LeftOut(left_out.clone());
    }
    let usable: Vec<&str> = all.iter().flat_map(names).collect();
    let left_out: Vec<&str> = asked.catalog.left_out.iter().map(|left_out| &*left_out.id).collect();
    let mut suggestions = similar(&id, &usable);
    if suggestions.is_empty() {
        suggestions = similar(&id, &left_out);
    }
    Meant::Unknown(suggestions)
}

fn names(known: &KnownModel) -> impl Iterator<Item = &str> {
    std::iter::once(&*known.model.id).chain(known.aliases.iter().map(String::as_str))
}

/// The name that a slip made another of, then those that have what was typed within them: all of it, or what is behind a geography.
fn similar(typed: &str, names: &[&str]) -> Vec<String> {
    let behind = typed.split_once('.').map(|(_, rest)| rest).filter(|rest| rest.contains('.'));
    let fragments: Vec<String> = std::iter::once(typed).chain(behind).map(letters).collect();
    let within = |name: &&&str| {
        let name = letters(name);
        fragments.iter().any(|fragment| fragment.len() >= LEAST_FRAGMENT && name.contains(fragment))
    };
    let mut similar: Vec<String> = Vec::new();
    for name in nearest(typed, names).iter().chain(names.iter().filter(within)) {
        if !similar.iter().any(|known| known == name) {
            similar.push((*name).to_owned());
        }
    }
    similar.truncate(MOST_SUGGESTIONS);
    similar
}

/// Letters and digits alone: people write `sonnet 4.6` for `sonnet-4-6`.
fn letters(text: &str) -> String {
    text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::similar;

    #[test]
    fn slips_fragments_and_other_geographies_find_what_was_meant() {
        let names = [
            "global.anthropic.claude-sonnet-4-6",
            "us.anthropic.claude-sonnet-4-6",
            "us.anthropic.claude-opus-4-8-v1",
            "amazon.nova-lite-v1:0",
            "fast",
        ];
        let [global, us, opus, nova, fast] = names;
        for (typed, meant) in [
            ("us.antropic.claude-sonnet-4-6", &[us][..]),
            ("eu.anthropic.claude-sonnet-4-6", &[us, global]),
            ("Sonnet 4.6", &[global, us]),
            ("claude-opus", &[opus]),
            ("amazon.nova-lite-v1", &[nova]),
            ("fsat", &[fast]),
            ("gpt", &[]),
            ("", &[]),
            ("us", &[]),
        ] {
            assert_eq!(similar(typed, &names), meant, "{typed:?}");
        }
    }
}
