//! Secrets that tests plant, and a look for them in whatever a program puts out.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Every secret that a test of this program has planted, for whichever gateway: none of them may show anywhere.
static PLANTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The shortest that can be told from other text.
const SHORTEST: usize = 12;

/// Variables whose values are secrets.
const SECRET_VARIABLES: [&str; 5] = [
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_BEARER_TOKEN_BEDROCK",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "QUARRY_ADMIN_TOKEN",
];

/// Plants the value of a variable that has a secret, unless it is as short as a word of any text.
pub(crate) fn plant_variable(name: &str, value: &str) {
    if SECRET_VARIABLES.contains(&name) && value.trim().len() >= SHORTEST {
        plant(value.trim());
    }
}

/// From now on this is nowhere to be seen.
pub(crate) fn plant(secret: &str) {
    assert!(secret.len() >= SHORTEST, "{secret:?} could be a part of any text");
    PLANTED.lock().unwrap_or_else(PoisonError::into_inner).insert(secret.to_owned());
}

/// Fails where a secret shows that was planted. `what` says where the text is from.
#[track_caller]
pub(crate) fn nothing_shows_in(what: &str, text: &[u8]) {
    let planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    nothing_of(planted.iter().map(String::as_str), what, text);
}

/// Fails where one of these secrets shows.
#[track_caller]
pub(crate) fn nothing_of<'s>(secrets: impl IntoIterator<Item = &'s str>, what: &str, text: &[u8]) {
    if let Some((secret, form)) = first_shown(secrets, text) {
        panic!("{secret} is shown as {form} in {what}:\n{}", String::from_utf8_lossy(text));
    }
}

/// Looks through the files of a folder, those of folders in it included, but for `except` and for components, which are as their
/// authors made them and have no place for what a gateway knows.
#[track_caller]
pub(crate) fn nothing_shows_below(folder: &Path, except: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let Ok(kind) = fs::symlink_metadata(&path).map(|about| about.file_type()) else { continue };
        let is_component = path.extension().is_some_and(|extension| extension == "wasm" || extension == "cwasm");
        if kind.is_dir() {
            nothing_shows_below(&path, except);
        } else if kind.is_file() && path != except && !is_component {
            nothing_shows_in(&path.display().to_string(), &fs::read(&path).unwrap_or_default());
        }
    }
}

/// The forms in which a secret could slip through: itself, in any case, and in base64 at each of the three alignments.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_ascii_lowercase()];
    for padding in 0..3 {
        let padded = [b"\0".repeat(padding).as_slice(), secret.as_bytes()].concat();
        for engine in [&STANDARD, &URL_SAFE] {
            let encoded = engine.encode(&padded);
            // Without the letters that depend on what stands around.
            forms.push(encoded[padding + 2..encoded.len() - 4].to_ascii_lowercase());
        }
    }
    forms
}

/// The first secret that is in a text, and its form. One pass for all of them: tests run unoptimised, and logs can be long.
fn first_shown<'s>(secrets: impl IntoIterator<Item = &'s str>, text: &[u8]) -> Option<(&'s str, String)> {
    let all: Vec<(&str, String)> =
        secrets.into_iter().flat_map(|secret| forms(secret).into_iter().map(move |form| (secret, form))).collect();
    let mut begins = vec![false; 1 << 16];
    for (_, form) in &all {
        begins[pair(form.as_bytes())] = true;
    }
    let text = text.to_ascii_lowercase();
    let starts = text.windows(2).enumerate().filter(|(_, two)| begins[pair(two)]).map(|(at, _)| at);
    let shown = starts.into_iter().find_map(|at| all.iter().find(|(_, form)| text[at..].starts_with(form.as_bytes())));
    shown.cloned()
}

/// The first two bytes as a number.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = "wHaT-nObOdY-mAy-SeE";
    for before in ["", "a", "ab"] {
        let encoded = STANDARD.encode(format!("{before}{secret}: and more"));
        for text in [format!("x{secret}"), format!("{before} {}y", secret.to_uppercase()), format!("log {encoded}")] {
            let shown = first_shown(["another-secret", secret], text.as_bytes());
            assert_eq!(shown.map(|(secret, _)| secret), Some(secret), "{text}");
        }
    }
    for text in ["", "w", "what-nobody-may", "another secret"] {
        assert_eq!(first_shown(["another-secret", secret], text.as_bytes()), None, "{text}");
    }
}
