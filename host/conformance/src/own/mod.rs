//! The cases that a provider brings along: in a section of its component, so its digest and its signature cover them.
//!
//! A component is foreign input, so the section is bounded and everything wrong with it is an error that says where.

mod section;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::value::RawValue;
use wasmparser::{Parser, Payload};

use super::cases::{self, Case, CaseError};
use crate::json::Members;

/// The most bytes that the section may have.
pub const MOST_BYTES: usize = 16 << 20;

/// The most cases that a component may have.
pub const MOST_CASES: usize = 10_000;

/// The longest name of a case, with its verb.
const LONGEST_NAME: usize = 120;

/// Why a component's cases are not run.
#[derive(Debug, thiserror::Error)]
pub enum OwnCasesError {
    /// The component is none, or its section cannot be what it must be.
    #[error("the section `{}` of {component} cannot be read: {reason}", section::NAME)]
    Section {
        /// The component.
        component: String,
        /// What is wrong.
        reason: String,
    },
    /// A case is none.
    #[error("in the section `{}` of {component}: {source}", section::NAME)]
    Case {
        /// The component.
        component: String,
        /// Which case, and what is wrong with it.
        source: CaseError,
    },
}

/// The cases of a component, in the order in which they stand there. `None` where it has no section of them.
///
/// # Errors
/// When there is more than one section of them, the section is too large or no JSON object, or a case is none.
pub fn of_component(component: &str, bytes: &[u8]) -> Result<Vec<Case>, OwnCasesError> {
    let refused = |reason: String| OwnCasesError::Section { component: component.to_owned(), reason };
    let Some(document) = section_of(bytes).map_err(refused)? else { return Ok(Vec::new()) };
    if document.len() > MOST_BYTES {
        return Err(refused(format!("it has {} bytes; at most {MOST_BYTES} are allowed", document.len())));
    }
    let members: Members<Box<RawValue>> =
        serde_json::from_slice(document).map_err(|error| refused(format!("it is not an object of cases: {error}")))?;
    if members.0.len() > MOST_CASES {
        return Err(refused(format!("it has {} cases; at most {MOST_CASES} are allowed", members.0.len())));
    }
    let case = |(name, text): (String, Box<RawValue>)| {
        if !is_name(&name) {
            return Err(refused(format!(
                "{name:?} cannot be the name of a case: expected VERB/NAME of lower-case letters, digits and hyphens, at most {LONGEST_NAME} characters"
            )));
        }
        let read = Case::read(Path::new(&format!("{name}.json")), String::from(Box::<str>::from(text)));
        read.map_err(|source| OwnCasesError::Case { component: component.to_owned(), source })
    };
    members.0.into_iter().map(case).collect()
}

/// How many cases of each verb a component has.
///
/// # Errors
/// As [`of_component`].
pub fn count(component: &str, bytes: &[u8]) -> Result<BTreeMap<String, usize>, OwnCasesError> {
    let mut counts = BTreeMap::new();
    for case in of_component(component, bytes)? {
        *counts.entry(case.verb().to_owned()).or_default() += 1;
    }
    Ok(counts)
}

/// Puts the cases of a folder into a component.
///
/// # Errors
/// When anything in the folder is no case, nothing is there, or the component could not be read again.
pub fn put_into(name: &str, component: &mut Vec<u8>, folder: &Path) -> Result<usize, PutError> {
    let cases = cases::find(folder)?;
    let files: Vec<(String, String)> = cases.into_iter().map(|case| (case.name, case.text)).collect();
    section::append(component, &files);
    of_component(name, component)?;
    Ok(files.len())
}

/// Why a folder's cases are not in a component.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum PutError {
    /// The folder is none of cases.
    Folder(#[from] CaseError),
    /// The component's section would be refused.
    Section(#[from] OwnCasesError),
}

/// The section's bytes. Sections of parts inside the component are not the component's.
fn section_of(bytes: &[u8]) -> Result<Option<&[u8]>, String> {
    let mut found = None;
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(|error| error.to_string())? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::CustomSection(custom) if depth == 0 && custom.name() == section::NAME => match found {
                None => found = Some(custom.data()),
                Some(_) => return Err("the component has more than one such section".to_owned()),
            },
            _ => {}
        }
    }
    Ok(found)
}

fn is_name(name: &str) -> bool {
    let is_part = |part: &str| {
        let small = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-';
        !part.is_empty() && part.bytes().all(small)
    };
    name.len() <= LONGEST_NAME && name.split_once('/').is_some_and(|(verb, name)| is_part(verb) && is_part(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::EMBEDDED;

    const CASE: &str = r#"{"about": "a b", "given": {"error": {}}, "expect": {}}"#;

    /// A component that is nothing but these sections.
    fn with(sections: &[&[(&str, &str)]]) -> Vec<u8> {
        let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
        for cases in sections {
            let cases: Vec<_> = cases.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            section::append(&mut bytes, &cases);
        }
        bytes
    }

    fn names(bytes: &[u8]) -> Result<Vec<String>, String> {
        let cases = of_component("it", bytes).map_err(|error| error.to_string())?;
        Ok(cases.into_iter().map(|case| case.name).collect())
    }

    #[test]
    fn what_is_put_in_comes_out() {
        assert_eq!(names(&with(&[])), Ok(vec![]));
        let bytes = with(&[&[("explain/one", CASE), ("explain/two", CASE)]]);
        assert_eq!(names(&bytes), Ok(vec!["explain/one".to_owned(), "explain/two".to_owned()]));
        let cases = of_component("it", &bytes).expect("they are cases");
        assert_eq!((cases[0].about.as_str(), cases[0].text.len()), ("a b", CASE.len() - 6));
        assert!(names(EMBEDDED).is_ok_and(|names| names.contains(&"translate/tool-call".to_owned())));
    }

    #[test]
    fn a_section_that_is_none_is_refused_with_what_is_wrong() {
        let said = |bytes: &[u8]| names(bytes).err().unwrap_or_default();
        assert!(said(&with(&[&[("explain/a", CASE)], &[("explain/b", CASE)]])).contains("more than one"));
        assert!(
            said(&with(&[&[("explain/a", CASE), ("explain/a", CASE)]])).contains("explain/a"),
            "twice the same name"
        );
        assert!(said(&with(&[&[("explain/a", "[7")]])).contains("not an object of cases"));
        assert!(said(&with(&[&[("explain/../a", CASE)]])).contains("cannot be the name of a case"));
        assert!(said(&with(&[&[("explian/a", CASE)]])).contains("explian/a.json"));
        let unknown = said(&with(&[&[("explain/a", r#"{"about": "", "given": {"erorr": {}}, "expect": {}}"#)]]));
        assert!(unknown.contains("explain/a.json:1:") && unknown.contains("unknown field `erorr`"), "{unknown}");
        let many: Vec<(String, String)> =
            (0..=MOST_CASES).map(|number| (format!("explain/{number}"), "0".to_owned())).collect();
        let mut bytes = with(&[]);
        section::append(&mut bytes, &many);
        assert!(said(&bytes).contains("10001 cases"));
        let mut bytes = with(&[]);
        section::append(&mut bytes, &[("explain/a".to_owned(), format!("\"{}\"", "x".repeat(MOST_BYTES)))]);
        assert!(said(&bytes).contains("at most 16777216"));
    }

    #[test]
    fn damaged_sections_are_errors_and_no_panic() {
        let bytes = with(&[&[("explain/one", CASE)]]);
        for end in 0..bytes.len() {
            let _ = names(&bytes[..end]);
        }
        for at in 8..bytes.len() {
            for value in [0, 0x22, 0x7f, 0xff] {
                let mut damaged = bytes.clone();
                damaged[at] = value;
                let _ = names(&damaged);
            }
        }
    }
}
