//! Profiles of the shared configuration (`~/.aws/config`, `~/.aws/credentials`): what they say besides secrets, and whether the
//! files have changed.

use std::future::Future as _;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::SystemTime;

use aws_config::profile::{Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

use super::source::Source;
use crate::environment::Environment;

/// The profile that is used where none is named.
pub(super) const DEFAULT_PROFILE: &str = "default";

/// How a profile gets its credentials, in the order in which the SDK looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileMeans {
    /// `role_arn` with `source_profile` or `credential_source`.
    AssumeRole,
    /// `role_arn` with `web_identity_token_file`.
    WebIdentity,
    /// `sso_session` or `sso_start_url`: IAM Identity Center.
    Sso,
    /// `login_session`: a session of `aws login`.
    LoginSession,
    /// `credential_process`.
    Process,
    /// `aws_access_key_id` and `aws_secret_access_key`.
    Static,
}

impl ProfileMeans {
    /// A stable word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ProfileMeans::AssumeRole => "assume-role",
            ProfileMeans::WebIdentity => "web-identity",
            ProfileMeans::Sso => "sso",
            ProfileMeans::LoginSession => "login-session",
            ProfileMeans::Process => "credential-process",
            ProfileMeans::Static => "static-keys",
        }
    }
}

/// What a profile says that is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProfileFacts {
    pub(super) name: String,
    /// Whether it is in one of the files.
    pub(super) exists: bool,
    pub(super) means: Option<ProfileMeans>,
    /// The role that it leads to.
    pub(super) role: Option<String>,
    region: Option<String>,
}

/// Reads the profile that is used: the one of `AWS_PROFILE`, else `default`.
///
/// # Errors
/// When a file cannot be read or parsed, in the SDK's words, which quote no value.
pub(super) fn read(environment: &Environment) -> Result<ProfileFacts, String> {
    let name = environment.get("AWS_PROFILE").unwrap_or(DEFAULT_PROFILE);
    let profiles = load(name)?;
    let profile = profiles.get_profile(name);
    Ok(ProfileFacts {
        name: name.to_owned(),
        exists: profile.is_some(),
        means: profile.and_then(means),
        role: profile.and_then(role),
        region: profile.and_then(|profile| profile.get("region")).map(str::trim).map(str::to_owned),
    })
}

/// The region of the profile that is used, where it names one. A file that cannot be read names none: that is reported where its
/// credentials are asked for.
#[must_use]
pub fn profile_region(environment: &Environment) -> Option<String> {
    read(environment).ok()?.region.filter(|region| !region.is_empty())
}

/// What the profile that is used says under these names. Nothing where a file cannot be read.
pub(crate) fn profile_members<const N: usize>(environment: &Environment, names: [&str; N]) -> [Option<String>; N] {
    let name = environment.get("AWS_PROFILE").unwrap_or(DEFAULT_PROFILE);
    let profiles = load(name).ok();
    let profile = profiles.as_ref().and_then(|profiles| profiles.get_profile(name));
    let text = |member: &str| Some(profile?.get(member)?.trim()).filter(|text| !text.is_empty()).map(str::to_owned);
    names.map(text)
}

/// The ARN of the role that a source leads to, or the chain where none is named, as far as that is known before it is asked.
pub(crate) fn role_arn(source: Option<Source>, environment: &Environment) -> Option<String> {
    if !matches!(source, None | Some(Source::Profile | Source::SharedConfig | Source::WebIdentity)) {
        return None;
    }
    // A profile comes before a web identity, as in the chain.
    let [of_profile] = profile_members(environment, ["role_arn"]);
    let web_identity = || environment.get("AWS_WEB_IDENTITY_TOKEN_FILE").and_then(|_| environment.get("AWS_ROLE_ARN"));
    of_profile.or_else(|| web_identity().map(str::to_owned))
}

/// Loads the files with the SDK's own parser. Its `async` has nothing to wait for: it reads files as `std` does, so one poll is all
/// that it takes, and the configuration can be merged where nothing can be awaited.
fn load(profile: &str) -> Result<ProfileSet, String> {
    let (fs, env, files) = (Fs::real(), Env::real(), Default::default());
    let loading = pin!(aws_config::profile::load(&fs, &env, &files, Some(profile.to_owned().into())));
    match loading.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(loaded) => loaded.map_err(|error| crate::failure::chain(&error)),
        Poll::Pending => Err("the files of ~/.aws could not be read immediately".to_owned()),
    }
}

fn means(profile: &Profile) -> Option<ProfileMeans> {
    let has = |name: &str| profile.get(name).is_some_and(|value| !value.trim().is_empty());
    if has("role_arn") {
        Some(if has("web_identity_token_file") { ProfileMeans::WebIdentity } else { ProfileMeans::AssumeRole })
    } else if has("sso_session") || has("sso_start_url") {
        Some(ProfileMeans::Sso)
    } else if has("login_session") {
        Some(ProfileMeans::LoginSession)
    } else if has("credential_process") {
        Some(ProfileMeans::Process)
    } else if has("aws_access_key_id") {
        Some(ProfileMeans::Static)
    } else {
        None
    }
}

fn role(profile: &Profile) -> Option<String> {
    let of_arn = profile.get("role_arn").map(role_name);
    of_arn.or_else(|| profile.get("sso_role_name")).map(str::to_owned)
}

/// The name in a role's ARN: `arn:aws:iam::123456789012:role/path/name`.
pub(super) fn role_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What tells whether a file is still the same: its length, time and number. `None` where there is none.
type FileState = Option<(u64, Option<SystemTime>, u64)>;

/// The state of the shared configuration's files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FilesState(Vec<FileState>);

/// Looks at the files without reading them.
pub(super) fn files_state(environment: &Environment) -> FilesState {
    use std::os::unix::fs::MetadataExt as _;
    let home = environment.get("HOME").map(PathBuf::from);
    let path = |variable: &str, name: &str| match environment.get(variable).map(PathBuf::from) {
        // The SDK takes `~` for the home folder here, which no shell does within quotes and no unit of systemd.
        Some(named) => match (named.strip_prefix("~"), &home) {
            (Ok(below), Some(home)) => Some(home.join(below)),
            _ => Some(named),
        },
        None => Some(home.as_ref()?.join(".aws").join(name)),
    };
    let files = [path("AWS_CONFIG_FILE", "config"), path("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    let state = |path: PathBuf| {
        let metadata = std::fs::metadata(path).ok()?;
        Some((metadata.len(), metadata.modified().ok(), metadata.ino()))
    };
    FilesState(files.into_iter().map(|path| path.and_then(state)).collect())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use aws_config::profile::{Profile, Property};

    use super::{ProfileMeans, files_state, means, role};

    fn profile(members: &[(&str, &str)]) -> Profile {
        let property =
            |(key, value): &(&str, &str)| ((*key).to_owned(), Property::new((*key).to_owned(), (*value).to_owned()));
        Profile::new("p", members.iter().map(property).collect::<HashMap<_, _>>())
    }

    #[test]
    fn the_files_are_found_where_the_sdk_finds_them() {
        let home = tempfile::tempdir().expect("a folder for the test");
        std::fs::write(home.path().join("work-config"), "[default]\n").expect("it can be written");
        let path = home.path().to_str().expect("Unicode");
        let state = |variables: &[(&str, &str)]| files_state(&variables.iter().copied().collect());
        let named = |file: &str| state(&[("HOME", path), ("AWS_CONFIG_FILE", file)]);
        let whole = format!("{path}/work-config");
        assert_eq!(named("~/work-config"), named(&whole));
        assert_ne!(named("~/work-config"), named("~/other"));
    }

    #[test]
    fn what_a_profile_leads_to_is_told_in_the_sdks_order() {
        let arn = ("role_arn", "arn:aws:iam::123456789012:role/team/reader");
        for (members, expected, named) in [
            (vec![arn, ("source_profile", "base")], Some(ProfileMeans::AssumeRole), Some("reader")),
            (vec![arn, ("web_identity_token_file", "/t")], Some(ProfileMeans::WebIdentity), Some("reader")),
            (vec![("sso_session", "s"), ("sso_role_name", "admin")], Some(ProfileMeans::Sso), Some("admin")),
            (vec![("login_session", "a"), ("aws_access_key_id", "k")], Some(ProfileMeans::LoginSession), None),
            (vec![("credential_process", "x"), ("aws_access_key_id", "k")], Some(ProfileMeans::Process), None),
            (vec![("aws_access_key_id", "k")], Some(ProfileMeans::Static), None),
            (vec![("region", "eu-west-1")], None, None),
        ] {
            let profile = profile(&members);
            assert_eq!((means(&profile), role(&profile).as_deref()), (expected, named), "{members:?}");
        }
    }
}
