//! Secrets that tests plant, and a look for them in whatever a program puts out.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Every secret that a test of this program has planted, for whichever gateway: none of them may show anywhere.
static PLANTED: Mutex<Option<Arc<Secrets>>> = Mutex::new(None);

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
    let mut planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner);
    let known: Vec<&str> = planted.iter().flat_map(|secrets| &secrets.all).map(String::as_str).collect();
    if !known.contains(&secret) {
        *planted = Some(Arc::new(Secrets::new(known.into_iter().chain([secret]))));
    }
}

/// Fails where a secret shows that was planted. `what` says where the text is from.
#[track_caller]
pub(crate) fn nothing_shows_in(what: &str, text: &[u8]) {
    let planted = PLANTED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some((secret, form)) = planted.as_ref().and_then(|planted| planted.first_in(text)) else { return };
    panic!("{secret} is shown as {form} in {what}:\n{}", String::from_utf8_lossy(text));
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

/// Secrets, ready to be looked for: tests run unoptimised and logs can be long, so one pass looks for all of them.
struct Secrets {
    all: Vec<String>,
    /// Each form in which one could slip through, with the secret's index.
    forms: Vec<(usize, String)>,
    /// Whether a form begins with these two bytes.
    begins: Vec<bool>,
}

impl Secrets {
    fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let all: Vec<String> = secrets.into_iter().map(str::to_owned).collect();
        let of_one = |(index, secret): (usize, &String)| forms(secret).into_iter().map(move |form| (index, form));
        let forms: Vec<(usize, String)> = all.iter().enumerate().flat_map(of_one).collect();
        let mut begins = vec![false; 1 << 16];
        for (_, form) in &forms {
            begins[pair(form.as_bytes())] = true;
        }
        Secrets { all, forms, begins }
    }

    /// The first secret that is in a text, and its form.
    fn first_in(&self, text: &[u8]) -> Option<(&str, &str)> {
        let text = text.to_ascii_lowercase();
        let mut starts = text.windows(2).enumerate().filter(|(_, two)| self.begins[pair(two)]).map(|(at, _)| at);
        let found = starts.find_map(|at| self.forms.iter().find(|(_, form)| text[at..].starts_with(form.as_bytes())));
        found.map(|(secret, form)| (self.all[*secret].as_str(), form.as_str()))
    }
}

/// The first two bytes as a number.
fn pair(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
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

#[test]
fn a_secret_is_found_in_every_form() {
    let secret = "wHaT-nObOdY-mAy-SeE";
    let secrets = Secrets::new(["another-secret", secret]);
    for before in ["", "a", "ab"] {
        let encoded = STANDARD.encode(format!("{before}{secret}: and more"));
        for text in [format!("x{secret}"), format!("{before} {}y", secret.to_uppercase()), format!("log {encoded}")] {
            assert_eq!(secrets.first_in(text.as_bytes()).map(|(secret, _)| secret), Some(secret), "{text}");
        }
    }
    for text in ["", "w", "what-nobody-may", "another secret"] {
        assert_eq!(secrets.first_in(text.as_bytes()), None, "{text}");
    }
}
