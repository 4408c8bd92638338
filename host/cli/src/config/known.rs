//! Whether anybody reads what a path names.

use quarry_config::{ConfigText, PROVIDER_PATHS, Segment, Shown, nearest, parse_path};
use quarry_contract::config::Problem;

use super::super::keys;

/// Says why a path that is about to be set names nothing that is known, and what would be right; `None` where it does.
///
/// Beside the gateway's own part and the parts that the provider reads, nothing is known: OpenClaw's file has much more in it. Inside
/// those parts the provider knows best, and warns of a member that it does not know at the member's name.
pub(super) fn unknown(
    path: &[Segment],
    of_provider: &[String],
    changed: &ConfigText<'_>,
    new: &[Problem],
) -> Option<String> {
    let read: Vec<&str> =
        PROVIDER_PATHS.iter().copied().filter(|path| of_provider.iter().any(|wanted| wanted == path)).collect();
    outside(path, &read).or_else(|| of_a_model(path)).or_else(|| {
        let names = changed.places_of_names(path);
        let problem = new.iter().find(|problem| names.contains(&(problem.place.line, problem.place.column)))?;
        let expected = if problem.expected.is_empty() { String::new() } else { format!("; {}", problem.expected) };
        Some(format!("{}: {}{expected}", problem.path, problem.message))
    })
}

/// What is read of a model's entry in `agents.defaults.models`.
const OF_A_MODEL: &[&str] = &["alias", "params"];

/// Why nothing reads what a path names in a model's entry. The provider keeps quiet about it: OpenClaw has members of its own there.
fn of_a_model(path: &[Segment]) -> Option<String> {
    let models = Segment::members(["agents", "defaults", "models"]);
    let entry = path.strip_prefix(models.as_slice())?;
    let names: Option<Vec<&str>> = entry.iter().map(member).collect();
    let is_read = |segment: &Segment| member(segment).is_some_and(|name| OF_A_MODEL.contains(&name));
    let [model, wrong, ..] = entry else { return None };
    if is_read(wrong) {
        return None;
    }
    let nothing = format!("nothing reads {}", Shown(&path[..models.len() + 2]));
    let model = member(model)?;
    if let (false, Some(names)) = (model.contains('.'), names) {
        // Ids of models have dots in them, and a shell takes the quotes away that were to keep them together.
        let end = entry.iter().position(is_read).unwrap_or(entry.len());
        let whole = [models, vec![Segment::Member(names[..end].join("."))], entry[end..].to_vec()].concat();
        return Some(format!(
            "{nothing}; put a name with a dot in double quotes, and the whole path in single quotes for the shell: '{}'",
            Shown(&whole)
        ));
    }
    let meant = nearest(member(wrong)?, OF_A_MODEL).map(|name| format!("did you mean `{name}`?"));
    Some(format!("{nothing}; {}", meant.unwrap_or_else(|| format!("of a model {} are read", OF_A_MODEL.join(" and ")))))
}

fn member(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Member(name) => Some(name),
        Segment::Element(_) => None,
    }
}

/// Why a path lies outside all that is read.
fn outside(path: &[Segment], read: &[&str]) -> Option<String> {
    let own = [keys::SECTION];
    let read: Vec<Vec<Segment>> = read.iter().chain(&own).filter_map(|path| parse_path(path).ok()).collect();
    let common = |known: &[Segment]| known.iter().zip(path).take_while(|(known, given)| known == given).count();
    // On the way to a part that is read, or inside one.
    if read.iter().any(|known| common(known) == known.len().min(path.len())) {
        return None;
    }
    let depth = read.iter().map(|known| common(known)).max().unwrap_or(0);
    let there: Vec<&str> = read
        .iter()
        .filter(|known| common(known) == depth)
        .filter_map(|known| match known.get(depth) {
            Some(Segment::Member(name)) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    let wrong = Shown(&path[..=depth]);
    Some(match path.get(depth) {
        Some(Segment::Member(name)) if let Some(meant) = nearest(name, &there) => {
            let right: Vec<Segment> = path[..depth]
                .iter()
                .cloned()
                .chain([Segment::Member(meant.to_owned())])
                .chain(path[depth + 1..].iter().cloned())
                .collect();
            format!("nothing reads {wrong}; did you mean {}?", Shown(&right))
        }
        _ => {
            let mut parts: Vec<String> = read.iter().map(|known| Shown(known).to_string()).collect();
            parts.sort();
            format!("nothing reads {wrong}; the members that are read are {}", parts.join(", "))
        }
    })
}
