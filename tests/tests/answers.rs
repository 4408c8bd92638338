//! `docs/answers.md` has every member of every record and every arm of every variant that a provider returns, with what the host
//! does with it. The contract is read here: a member that is added, renamed or removed fails until the page says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use wit_parser::{Function, Resolve, Type, TypeDefKind, TypeId, WorldItem};

/// What the host does with an answer.
const TREATMENTS: [&str; 3] = ["obeys within bounds", "checks", "ignores"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The members of all that the functions of the contract return, as `interface.type.member`.
fn returned() -> BTreeSet<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(root().join("wit")).expect("the contract is valid");
    let world = resolve.packages[package].worlds.values().next().copied().expect("there is a world");
    let mut members = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for item in resolve.worlds[world].exports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        for Function { result, .. } in resolve.interfaces[*id].functions.values() {
            if let Some(of) = result {
                walk(&resolve, of, &mut seen, &mut members);
            }
        }
    }
    members
}

fn walk(resolve: &Resolve, of: &Type, seen: &mut BTreeSet<TypeId>, members: &mut BTreeSet<String>) {
    let Type::Id(id) = of else { return };
    let definition = &resolve.types[*id];
    let owner = match definition.owner {
        wit_parser::TypeOwner::Interface(interface) => resolve.interfaces[interface].name.clone().unwrap_or_default(),
        _ => String::new(),
    };
    let mut all: Vec<(String, Type)> = Vec::new();
    match &definition.kind {
        TypeDefKind::Record(record) => all.extend(record.fields.iter().map(|field| (field.name.clone(), field.ty))),
        TypeDefKind::Variant(variant) => {
            all.extend(variant.cases.iter().map(|case| (case.name.clone(), case.ty.unwrap_or(Type::Bool))));
        }
        TypeDefKind::Enum(set) => all.extend(set.cases.iter().map(|case| (case.name.clone(), Type::Bool))),
        TypeDefKind::Type(inner) | TypeDefKind::List(inner) | TypeDefKind::Option(inner) => {
            return walk(resolve, inner, seen, members);
        }
        TypeDefKind::Tuple(tuple) => {
            return tuple.types.iter().for_each(|inner| walk(resolve, inner, seen, members));
        }
        TypeDefKind::Result(result) => {
            return [result.ok, result.err].iter().flatten().for_each(|inner| walk(resolve, inner, seen, members));
        }
        TypeDefKind::Handle(_) | TypeDefKind::Resource => return,
        other => panic!("this page does not know what {} holds", other.as_str()),
    }
    if !seen.insert(*id) {
        return;
    }
    let name = definition.name.clone().expect("a record or a variant has a name");
    for (member, inner) in all {
        members.insert(format!("{owner}.{name}.{member}"));
        walk(resolve, &inner, seen, members);
    }
}

/// The rows of the page: member, treatment, how and where.
fn listed() -> BTreeMap<String, (String, String)> {
    let page = std::fs::read_to_string(root().join("docs/answers.md")).expect("the page is there");
    let mut rows = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [members, treatment, how] = cells[..] else { panic!("a row has three cells: {line}") };
        for member in members.split(',').map(|member| member.trim().trim_matches('`').to_owned()) {
            let row = (treatment.to_owned(), how.to_owned());
            assert!(rows.insert(member, row).is_none(), "twice on the page: {line}");
        }
    }
    rows
}

#[test]
fn the_page_has_every_member_that_a_provider_returns() {
    let (returned, listed) = (returned(), listed());
    let known: BTreeSet<String> = listed.keys().cloned().collect();
    let missing: Vec<&String> = returned.difference(&known).collect();
    let gone: Vec<&String> = known.difference(&returned).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "docs/answers.md lacks {missing:#?} and has {gone:#?}, which no function returns"
    );
    assert!(returned.len() > 150, "{}", returned.len());
}

#[test]
fn every_row_says_what_the_host_does_and_names_a_place_that_exists() {
    for (member, (treatment, how)) in listed() {
        assert!(TREATMENTS.contains(&treatment.as_str()), "{member}: {treatment:?} is none of {TREATMENTS:?}");
        let places = how.split('`').skip(1).step_by(2).filter(|quoted| quoted.ends_with(".rs"));
        let mut count = 0;
        for place in places {
            assert!(root().join("host").join(place).is_file(), "{member}: there is no host/{place}");
            count += 1;
        }
        assert!(count > 0, "{member}: no file of host is named: {how}");
    }
}
