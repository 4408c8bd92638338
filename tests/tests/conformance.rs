//! Every conformance case, and every recording where `QUARRY_RECORDINGS` names their folder, run native and in the component.
//!
//! `QUARRY_BLESS=1` takes what the native run gives for what is expected, in every case file that says otherwise.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use quarry_conformance::cases::{self, CaseError};
use quarry_conformance::component::Component;
use quarry_conformance::provider::{Fault, Providers};
use quarry_conformance::source::Source;
use quarry_conformance::{bless, checks, properties};
use quarry_embedded::{EMBEDDED, EMBEDDED_NAME};
use quarry_provider_host::{AotCache, Generation, Host, Limits};
use quarry_tests::native::Native;

/// How long a call may take: it may have to wait for whatever else a machine does that builds and tests.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guest/cases");
    if std::env::var_os("QUARRY_BLESS").is_some_and(|value| value == "1") {
        return match bless_all(&folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        };
    }
    match trials(&folder) {
        Ok(trials) => libtest_mimic::run(&arguments, trials).exit_code(),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// A trial for each check and executor.
fn trials(folder: &Path) -> Result<Vec<Trial>, Box<dyn std::error::Error>> {
    let recordings = std::env::var_os("QUARRY_RECORDINGS").map(PathBuf::from);
    // One cache for the tests of the whole workspace: an unoptimised compiler needs many seconds for the component.
    let cache = AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"));
    // What is compared here is what calls give. How long one may take is the command's to hold it to, when nothing else runs.
    let limits = Limits { stream_call: PATIENCE, long_call: PATIENCE, ..Limits::default() };
    let generation = Generation::load(&Arc::new(Host::new(limits)?), EMBEDDED_NAME, EMBEDDED, Some(&cache))?;
    let executors: [Arc<dyn Providers>; 2] = [Arc::new(Native), Arc::new(Component(generation))];
    let mut trials = Vec::new();
    for check in checks::find(Source::Folder(folder), recordings.as_deref())? {
        let check = Arc::new(check);
        for (nth, executor) in executors.iter().enumerate() {
            if nth > 0 && !check.needs_provider() {
                continue;
            }
            let name = match check.needs_provider() {
                true => format!("{}::{}", check.name(), executor.name()),
                false => check.name(),
            };
            let (check, executor) = (Arc::clone(&check), Arc::clone(executor));
            trials.push(Trial::test(name, move || check.run(executor.as_ref()).map_err(Failed::from)));
        }
        if check.stream().is_some() {
            let name = format!("agreement/{}", check.name());
            let (check, [native, component]) = (Arc::clone(&check), executors.clone());
            let agree = move || {
                let agreed =
                    check.stream().map(|stream| properties::agree(&stream, native.as_ref(), component.as_ref()));
                agreed.unwrap_or(Ok(())).map_err(Failed::from)
            };
            trials.push(Trial::test(name, agree));
        }
    }
    Ok(trials)
}

/// Writes what the native run gives into every case that expects something else.
fn bless_all(folder: &Path) -> Result<(), BlessError> {
    let (mut blessed, mut kept) = (0, 0);
    for case in cases::find(folder)? {
        let actual = case.actual(&Native).map_err(|fault| BlessError::Fault(case.name.clone(), fault))?;
        if case.compare(&actual).is_ok_and(|differences| differences.is_empty()) {
            kept += 1;
            continue;
        }
        bless::bless(&case, &actual)?;
        println!("blessed {}", case.name);
        blessed += 1;
    }
    println!("{blessed} blessed, {kept} as they were");
    Ok(())
}

/// Why not every case could be blessed.
#[derive(Debug)]
enum BlessError {
    Cases(CaseError),
    Fault(String, Fault),
    Write(std::io::Error),
}

impl std::fmt::Display for BlessError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BlessError::Cases(error) => error.fmt(formatter),
            BlessError::Fault(case, fault) => write!(formatter, "{case}: {fault}"),
            BlessError::Write(error) => write!(formatter, "cannot write a case: {error}"),
        }
    }
}

impl From<CaseError> for BlessError {
    fn from(error: CaseError) -> Self {
        BlessError::Cases(error)
    }
}

impl From<std::io::Error> for BlessError {
    fn from(error: std::io::Error) -> Self {
        BlessError::Write(error)
    }
}
