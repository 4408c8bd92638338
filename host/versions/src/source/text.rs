//! The text of a source.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::Source;
use super::error::SourceError;
use super::kept::{DigestPrefix, SHORTEST_PREFIX, WHOLE};
use super::oci::{OCI, OciReference};

const KEPT: &str = "sha256:";
const EMBEDDED_WORD: &str = "embedded";

impl FromStr for Source {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        if text.is_empty() {
            return Err(SourceError::at(text, 0, "expected a file, `oci://…`, `sha256:…` or `embedded`"));
        }
        if text == EMBEDDED_WORD {
            return Ok(Source::Embedded);
        }
        if let Some(digits) = text.strip_prefix(KEPT) {
            return kept(text, digits);
        }
        if text.starts_with(OCI) {
            return OciReference::parse(text).map(Source::Oci);
        }
        if let Some((scheme, _)) = text.split_once("://") {
            let message = format!("unknown scheme `{scheme}://`: expected a file, `oci://…`, `sha256:…` or `embedded`");
            return Err(SourceError::at(text, 0, message));
        }
        Ok(Source::File(PathBuf::from(text)))
    }
}

fn kept(text: &str, digits: &str) -> Result<Source, SourceError> {
    let wrong = |offset, message: String| Err(SourceError::at(text, KEPT.len() + offset, message));
    if let Some(offset) = digits.find(|character: char| !character.is_ascii_hexdigit()) {
        return wrong(offset, "a digest has hexadecimal digits only".to_owned());
    }
    match DigestPrefix::of_digits(digits) {
        Some(prefix) => Ok(Source::Kept(prefix)),
        None if digits.len() < SHORTEST_PREFIX => {
            wrong(digits.len(), format!("expected at least {SHORTEST_PREFIX} digits, got {}", digits.len()))
        }
        None => wrong(WHOLE, format!("expected {WHOLE} digits, got {}", digits.len())),
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Embedded => formatter.write_str(EMBEDDED_WORD),
            Source::Kept(prefix) => prefix.fmt(formatter),
            Source::Oci(reference) => reference.fmt(formatter),
            Source::File(path) => write!(formatter, "{}{}", marked(path), path.display()),
        }
    }
}

/// What is written before a path that would be read as something else.
fn marked(path: &Path) -> &'static str {
    let text = path.to_string_lossy();
    if text == EMBEDDED_WORD || text.starts_with(KEPT) || text.contains("://") && !text.starts_with(['.', '/']) {
        "./"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::Source;

    const DIGITS: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn what_is_read_is_written_again() {
        let whole = format!("sha256:{DIGITS}");
        let pinned = format!("oci://registry.example/a/b@{whole}");
        let both = format!("oci://[::1]:5000/a:1.0@{whole}");
        for text in [
            "embedded",
            "sha256:ba7816bf",
            &whole,
            "oci://127.0.0.1:5000/quarry/provider:v1",
            &pinned,
            &both,
            "provider.wasm",
            "./embedded",
            "/a b/sha256:x.wasm",
            "./sha256:ba7816bf",
        ] {
            let source: Source = text.parse().expect("a source");
            assert_eq!(source.to_string(), text);
            assert_eq!(source.to_string().parse(), Ok(source));
        }
        assert!(matches!("./embedded".parse(), Ok(Source::File(_))));
        assert_eq!("sha256:BA7816BF".parse(), "sha256:ba7816bf".parse::<Source>());
        for path in ["embedded", "sha256:ba7816bf", "oci://x", "http://x"] {
            assert_eq!(Source::File(PathBuf::from(path)).to_string(), format!("./{path}"));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let long = format!("sha256:{DIGITS}0");
        for (text, told) in [
            ("", "`` is not a reference to a provider: at character 1: expected a file"),
            ("https://x/y", "at character 1: unknown scheme `https://`"),
            ("sha256:ba7816b", "at character 15: expected at least 8 digits, got 7"),
            ("sha256:ba78öc1", "at character 12: a digest has hexadecimal digits only"),
            (&long, "at character 72: expected 64 digits, got 65"),
            ("oci://", "at character 7: the registry is missing"),
            ("oci://registry", "at character 15: the name is missing"),
            ("oci:///name:v1", "at character 7: the registry is missing"),
            ("oci://reg_istry/name:v1", "at character 7: `reg_istry` is not a host"),
            ("oci://registry:99999/name:v1", "at character 16: `99999` is not a port"),
            ("oci://registry:/name:v1", "at character 16: `` is not a port"),
            ("oci://[::1/name:v1", "at character 7: `[::1` is not a host"),
            ("oci://user@registry/name:v1", "at character 7: `user@registry` is not a host"),
            ("oci://registry/:v1", "at character 16: the name is missing"),
            ("oci://registry/a/Name:v1", "at character 18: `Name` is not a part of a name"),
            ("oci://registry/a//b:v1", "at character 18: `` is not a part of a name"),
            ("oci://registry/a", "at character 17: a tag or a digest is missing"),
            ("oci://registry/a:", "at character 18: `` is not a tag"),
            ("oci://registry/a:v 1", "at character 18: `v 1` is not a tag"),
            ("oci://registry/a@sha256:12", "at character 18: `sha256:12` is not a digest"),
            ("oci://registry/a:v1@", "at character 21: `` is not a digest"),
        ] {
            let error = text.parse::<Source>().expect_err(text).to_string();
            assert!(error.contains(told), "{error}\n{told}");
        }
    }
}
