//! Which file is the configuration.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::ConfigError;
use crate::environment::Environment;

/// What decided which file is the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// `--config`.
    Flag,
    /// `QUARRY_CONFIG`.
    Variable,
    /// Quarry's own place: `$XDG_CONFIG_HOME/quarry/config.json5`, or `~/.config/quarry/config.json5`.
    OwnPlace,
    /// OpenClaw's place: `~/.openclaw/openclaw.json`.
    OpenClaw,
}

impl fmt::Display for ChosenBy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            ChosenBy::Flag => "named by --config",
            ChosenBy::Variable => "named by QUARRY_CONFIG",
            ChosenBy::OwnPlace => "Quarry's default location",
            ChosenBy::OpenClaw => "OpenClaw's location",
        })
    }
}

/// Where a configuration file is, or is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// The file.
    pub path: PathBuf,
    /// What decided for it.
    pub chosen_by: ChosenBy,
}

/// Finds the configuration file: `--config`, `QUARRY_CONFIG`, Quarry's own place, OpenClaw's place. None when nothing names a
/// file and neither place has one, which is no error: everything has a default.
///
/// # Errors
/// When a file was named and is not there. A typing error must not lead to the defaults in silence.
pub fn locate(flag: Option<&Path>, environment: &Environment) -> Result<Option<Location>, ConfigError> {
    match named(flag, environment) {
        Some(location) if is_there(&location.path) => Ok(Some(location)),
        Some(Location { path, chosen_by }) => Err(ConfigError::NotFound { path, chosen_by }),
        None => Ok(unnamed(environment)),
    }
}

/// Finds the configuration file to edit: the one that [`locate`] finds, and where there is none, the one that is named or Quarry's
/// own place, for a file to be made there.
///
/// # Errors
/// When nothing names a file and there is no home folder that one could be in.
pub fn locate_for_edit(flag: Option<&Path>, environment: &Environment) -> Result<Location, ConfigError> {
    let own = || Some(Location { path: own_place(environment)?, chosen_by: ChosenBy::OwnPlace });
    named(flag, environment).or_else(|| unnamed(environment)).or_else(own).ok_or(ConfigError::NoPlace)
}

/// The file that a flag or a variable names, there or not.
fn named(flag: Option<&Path>, environment: &Environment) -> Option<Location> {
    let by_flag = flag.map(|path| (path.to_owned(), ChosenBy::Flag));
    let by_variable = || environment.get("QUARRY_CONFIG").map(|path| (PathBuf::from(path), ChosenBy::Variable));
    let (path, chosen_by) = by_flag.or_else(by_variable)?;
    Some(Location { path: below_home(path, environment), chosen_by })
}

/// The first of the places that nobody has to name where a file is.
fn unnamed(environment: &Environment) -> Option<Location> {
    let openclaws = home(environment).map(|home| home.join(".openclaw/openclaw.json"));
    let places = [(own_place(environment), ChosenBy::OwnPlace), (openclaws, ChosenBy::OpenClaw)];
    let mut existing = places.into_iter().filter_map(|(path, chosen_by)| Some(Location { path: path?, chosen_by }));
    existing.find(|location| is_there(&location.path))
}

fn own_place(environment: &Environment) -> Option<PathBuf> {
    // The XDG specification: a relative path there is invalid and not used.
    let xdg = environment.get("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.or_else(|| Some(home(environment)?.join(".config"))).map(|folder| folder.join("quarry/config.json5"))
}

/// Something that this user is not allowed to look at counts as there, so that reading it says why it cannot be read.
fn is_there(path: &Path) -> bool {
    path.try_exists().unwrap_or(true)
}

/// `~/` in a variable is not expanded by every program that sets one.
fn below_home(path: PathBuf, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), home(environment)) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path,
    }
}

fn home(environment: &Environment) -> Option<PathBuf> {
    environment.get("HOME").or_else(|| environment.get("USERPROFILE")).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{ChosenBy, ConfigError, Environment, locate, locate_for_edit};

    fn home_with(files: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().expect("a folder for the test");
        for file in files {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, "{}").expect("written");
        }
        home
    }

    fn environment(home: &Path, more: &[(&str, &str)]) -> Environment {
        let home = ("HOME", home.to_str().expect("Unicode"));
        more.iter().copied().chain([home]).collect()
    }

    const OWN: &str = ".config/quarry/config.json5";
    const OPENCLAWS: &str = ".openclaw/openclaw.json";

    #[test]
    fn the_places_are_tried_in_order() {
        let home = home_with(&["named.json5", "variable.json5", OWN, OPENCLAWS]);
        let file = |name: &str| home.path().join(name);
        let variable = file("variable.json5");
        let variables = [("QUARRY_CONFIG", variable.to_str().expect("Unicode"))];
        let found = |flag: Option<&Path>, environment: &Environment| {
            let location = locate(flag, environment).expect("no error").expect("a file");
            (location.path, location.chosen_by)
        };
        let named = file("named.json5");
        let with_variable = environment(home.path(), &variables);
        assert_eq!(found(Some(&named), &with_variable), (named, ChosenBy::Flag));
        assert_eq!(found(None, &with_variable), (file("variable.json5"), ChosenBy::Variable));
        let plain = environment(home.path(), &[("QUARRY_CONFIG", " ")]);
        assert_eq!(found(None, &plain), (file(OWN), ChosenBy::OwnPlace));
        fs::remove_file(file(OWN)).expect("removed");
        assert_eq!(found(None, &plain), (file(OPENCLAWS), ChosenBy::OpenClaw));
        fs::remove_file(file(OPENCLAWS)).expect("removed");
        assert_eq!(locate(None, &plain).expect("no error"), None);
    }

    #[test]
    fn xdg_config_home_moves_quarrys_own_place() {
        let home = home_with(&["xdg/quarry/config.json5", OWN]);
        let xdg = home.path().join("xdg");
        let own = |value: &str| {
            let environment = environment(home.path(), &[("XDG_CONFIG_HOME", value)]);
            locate(None, &environment).expect("no error").expect("a file").path
        };
        assert_eq!(own(xdg.to_str().expect("Unicode")), xdg.join("quarry/config.json5"));
        assert_eq!(own("relative"), home.path().join(OWN));
    }

    #[test]
    fn a_named_file_has_to_be_there() {
        let home = home_with(&[OWN, "named.json5"]);
        let plain = environment(home.path(), &[]);
        let error = locate(Some(Path::new("/nowhere/x.json5")), &plain).expect_err("missing");
        assert!(matches!(error, ConfigError::NotFound { chosen_by: ChosenBy::Flag, .. }), "{error}");
        let variable = environment(home.path(), &[("QUARRY_CONFIG", "~/missing.json5")]);
        let error = locate(None, &variable).expect_err("missing").to_string();
        assert!(error.contains("missing.json5") && !error.contains('~'), "{error}");
        let expanded = environment(home.path(), &[("QUARRY_CONFIG", "~/named.json5")]);
        assert!(locate(None, &expanded).expect("no error").is_some());
    }

    #[test]
    fn an_edit_makes_the_file_that_is_named_or_quarrys_own() {
        let home = home_with(&[]);
        let place = |flag: Option<&str>, environment: &Environment| {
            let location = locate_for_edit(flag.map(Path::new), environment).expect("a place");
            (location.path, location.chosen_by)
        };
        let plain = environment(home.path(), &[]);
        assert_eq!(place(None, &plain), (home.path().join(OWN), ChosenBy::OwnPlace));
        assert_eq!(place(Some("new.json5"), &plain), ("new.json5".into(), ChosenBy::Flag));
        let variable = environment(home.path(), &[("QUARRY_CONFIG", "~/v.json5")]);
        assert_eq!(place(None, &variable), (home.path().join("v.json5"), ChosenBy::Variable));
        let home = home_with(&[OPENCLAWS]);
        let plain = environment(home.path(), &[]);
        assert_eq!(place(None, &plain), (home.path().join(OPENCLAWS), ChosenBy::OpenClaw));
    }

    #[test]
    fn without_a_home_there_are_no_places() {
        assert_eq!(locate(None, &Environment::default()).expect("no error"), None);
        assert!(matches!(locate_for_edit(None, &Environment::default()), Err(ConfigError::NoPlace)));
    }
}
