//! Case files. Every file of the folder is a case, and is read strictly.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use super::diff::{Difference, differences};
use super::provider::{Fault, Providers};
use super::{discover, explain, merge, prepare, sentences, translate};

/// Errors of the cases themselves.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A file or folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's word for it.
        source: std::io::Error,
    },
    /// The name of a folder is not a verb.
    #[error("{path}: unknown verb; the verbs are merge, discover, prepare, translate and explain")]
    UnknownVerb {
        /// The folder.
        path: PathBuf,
    },
    /// An entry is neither a folder of cases nor a case.
    #[error("{path}: a case is a file VERB/NAME.json")]
    NotACase {
        /// The thing.
        path: PathBuf,
    },
    /// A file is not a valid case of its verb.
    #[error("{path}:{line}:{column}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// The folder has no cases: running none must not pass for running all.
    #[error("{path}: the folder contains no cases")]
    None {
        /// The folder.
        path: PathBuf,
    },
}

/// A parser's words without the place at their end, which is told before them.
pub(super) fn without_place(error: &serde_json::Error) -> String {
    let words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    words.strip_suffix(&place).unwrap_or(&words).to_owned()
}

/// One case.
#[derive(Debug)]
pub struct Case {
    /// `VERB/NAME`.
    pub name: String,
    /// The path of the file.
    pub path: PathBuf,
    /// The purpose of the case, as the file states it.
    pub about: String,
    /// The file's text.
    pub text: String,
    /// The input.
    pub given: Given,
    /// The expected result.
    pub expect: Value,
    /// The range of the expectation in `text`.
    pub expect_span: Range<usize>,
}

/// The input of a case, by verb.
#[derive(Debug)]
pub enum Given {
    /// Layers to merge.
    Merge(merge::Given),
    /// A world to discover models in.
    Discover(Box<discover::Given>),
    /// A conversation to make a request of.
    Prepare(Box<prepare::Given>),
    /// A stream to translate.
    Translate(Box<translate::Given>),
    /// An error to explain.
    Explain(Box<explain::Given>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile<'a, G> {
    about: String,
    given: G,
    #[serde(borrow)]
    expect: &'a RawValue,
}

impl Case {
    /// Reads a case of the verb that `path`'s folder has as its name.
    ///
    /// # Errors
    /// When there is no such verb, or the text is not a case of it.
    pub fn read(path: &Path, text: String) -> Result<Case, CaseError> {
        let part = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let verb = part(path.parent().and_then(Path::file_name));
        let name = format!("{verb}/{}", part(path.file_stem()));
        fn parse<G: DeserializeOwned>(text: &str) -> serde_json::Result<(String, G, Value, Range<usize>)> {
            let CaseFile { about, given, expect } = serde_json::from_str::<CaseFile<'_, G>>(text)?;
            // The raw value borrows from the text, so its place there is the difference of the two addresses.
            let start = expect.get().as_ptr() as usize - text.as_ptr() as usize;
            Ok((about, given, serde_json::from_str(expect.get())?, start..start + expect.get().len()))
        }
        fn wrapped<G>(
            (about, given, expect, span): (String, G, Value, Range<usize>),
            wrap: impl FnOnce(G) -> Given,
        ) -> (String, Given, Value, Range<usize>) {
            (about, wrap(given), expect, span)
        }
        let parsed = match verb.as_str() {
            "merge" => parse(&text).map(|read| wrapped(read, Given::Merge)),
            "discover" => parse(&text).map(|read| wrapped(read, Given::Discover)),
            "prepare" => parse(&text).map(|read| wrapped(read, Given::Prepare)),
            "translate" => parse(&text).map(|read| wrapped(read, Given::Translate)),
            "explain" => parse(&text).map(|read| wrapped(read, Given::Explain)),
            _ => return Err(CaseError::UnknownVerb { path: path.to_owned() }),
        };
        let (about, given, expect, expect_span) = parsed.map_err(|error| CaseError::Malformed {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: without_place(&error),
        })?;
        Ok(Case { name, path: path.to_owned(), about, text, given, expect, expect_span })
    }

    /// Runs the case, and returns the result as JSON text, in the form of the expectation.
    ///
    /// # Errors
    /// When a call does not return, or the result has no such form.
    pub fn actual(&self, providers: &dyn Providers) -> Result<String, Fault> {
        let mut provider = providers.fresh()?;
        match &self.given {
            Given::Merge(given) => merge::run(given, provider.as_mut()),
            Given::Discover(given) => discover::run(given, provider.as_mut()),
            Given::Prepare(given) => prepare::run(given, provider.as_mut()),
            Given::Translate(given) => translate::run(given, provider.as_mut()),
            Given::Explain(given) => explain::run(given, provider.as_mut()),
        }
    }

    /// Compares a result with the expectation. Sentences for people are compared only if the case has them.
    ///
    /// # Errors
    /// When the result is not JSON.
    pub fn compare(&self, actual: &str) -> Result<Vec<Difference>, Fault> {
        let mut actual =
            serde_json::from_str(actual).map_err(|error| Fault(format!("the result is not JSON: {error}")))?;
        sentences::remove(&mut actual, Some(&self.expect), self.verb());
        Ok(differences(&self.expect, &actual))
    }

    /// The verb of the case.
    #[must_use]
    pub fn verb(&self) -> &str {
        self.name.split_once('/').map_or("", |(verb, _)| verb)
    }
}

/// All cases of a folder with one folder per verb, sorted by name.
///
/// # Errors
/// When an entry is not a case, or the folder is empty.
pub fn find(folder: &Path) -> Result<Vec<Case>, CaseError> {
    let mut cases = Vec::new();
    for verb in entries(folder)? {
        // What the cases are about may be told beside them.
        if verb.file_name().is_some_and(|name| name == "README.md") {
            continue;
        }
        if !verb.is_dir() {
            return Err(CaseError::NotACase { path: verb });
        }
        for path in entries(&verb)? {
            if path.extension().is_none_or(|extension| extension != "json") {
                return Err(CaseError::NotACase { path });
            }
            let text =
                fs::read_to_string(&path).map_err(|source| CaseError::Unreadable { path: path.clone(), source })?;
            cases.push(Case::read(&path, text)?);
        }
    }
    if cases.is_empty() { Err(CaseError::None { path: folder.to_owned() }) } else { Ok(cases) }
}

/// What a folder holds, sorted; names that begin with a dot are the system's own.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, CaseError> {
    let unreadable = |source| CaseError::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with one file, and what finding the cases in it says.
    fn said_of(path: &str, text: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap_or(folder.path())).expect("a folder can be made");
        fs::write(&file, text).expect("a file can be written");
        match find(folder.path()) {
            Ok(cases) => cases.into_iter().map(|case| case.name).collect(),
            Err(error) => error.to_string().replace(&folder.path().display().to_string(), ""),
        }
    }

    #[test]
    fn whatever_is_not_a_case_is_named() {
        let case = r#"{"about": "", "given": {"error": {}}, "expect": {}}"#;
        assert_eq!(said_of("explain/some-name.json", case), "explain/some-name");
        assert_eq!(said_of("README.md", ""), ": the folder contains no cases");
        assert!(said_of("exlain/a.json", case).starts_with("/exlain/a.json: unknown verb"));
        assert_eq!(said_of("explain/a.txt", case), "/explain/a.txt: a case is a file VERB/NAME.json");
        assert_eq!(said_of("a.json", case), "/a.json: a case is a file VERB/NAME.json");
    }

    #[test]
    fn a_member_that_is_not_known_is_refused_with_its_place() {
        let said =
            said_of("explain/a.json", "{\"about\": \"\",\n \"given\": {\"error\": {\"stauts\": 1}}, \"expect\": {}}");
        assert!(said.starts_with("/explain/a.json:2:"), "{said}");
        assert!(said.contains("unknown field `stauts`"), "{said}");
        let said =
            said_of("translate/a.json", r#"{"about": "", "given": {"events": [{"a": 1, "b": 2}]}, "expect": {}}"#);
        assert!(said.contains("an object with one member"), "{said}");
    }

    #[test]
    fn a_sentence_counts_where_the_case_has_it() {
        let differs = |expect: &str, actual: &str| {
            let text = format!(r#"{{"about": "", "given": {{"error": {{}}}}, "expect": {expect}}}"#);
            let case = Case::read(Path::new("explain/some.json"), text).expect("it is a case");
            case.compare(actual).expect("it is JSON").into_iter().map(|difference| difference.path).collect::<Vec<_>>()
        };
        let came = r#"{"failure": {"kind": "denied", "message": "No", "hint": "ask", "retryable": false}}"#;
        assert_eq!(differs(r#"{"failure": {"kind": "denied", "retryable": false}}"#, came), [""; 0]);
        let told = r#"{"failure": {"kind": "denied", "message": {"$contains": "yes"}, "retryable": false}}"#;
        assert_eq!(differs(told, came), ["failure.message"]);
        assert_eq!(differs(r#"{"failure": {"kind": "denied"}}"#, came), ["failure.retryable"]);
    }
}
