//! Processes that die, and what they leave. Each is this test's own program, started once more.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use super::{LastEnd, Record, Signal, work_for};
use crate::digest::Digest;
use crate::files::TrustedFolder;

/// Where the process that dies keeps its record, and how it dies.
const FOLDER: &str = "QUARRY_TEST_DIES_IN";
const MEANS: &str = "QUARRY_TEST_DIES_BY";

fn version() -> Digest {
    Digest::of(b"a version")
}

fn recursion(depth: u64) -> u64 {
    let room = std::hint::black_box([depth; 1000]);
    if depth == u64::MAX { 0 } else { recursion(depth + 1) + std::hint::black_box(room)[3] }
}

/// Does nothing in this process; in the one that [`what_a_process_dies_of_is_booked_to_what_it_worked_for`] starts, it dies.
#[test]
fn the_process_that_dies() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let folder = Arc::new(TrustedFolder::open(Path::new(&folder)).expect("it is the test's own"));
    let _record = Record::begin(folder).expect("it can be made");
    match std::env::var(MEANS).as_deref() {
        Ok("abort") => {
            let _work = work_for(version());
            std::process::abort();
        }
        Ok("memory") => {
            let _work = work_for(version());
            std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; 1 << 40]>());
        }
        Ok("stack") => {
            let _work = work_for(version());
            eprintln!("{}", recursion(0));
        }
        Ok("elsewhere") => {
            // Another thread works for the version.
            let _work = work_for(version());
            std::thread::spawn(|| std::process::abort()).join().expect("nobody gets here");
        }
        _ => {}
    }
}

#[test]
fn what_a_process_dies_of_is_booked_to_what_it_worked_for() {
    let crash = |signal, version| Some(LastEnd::Crashed { signal: Signal(signal), version });
    for (means, ended_by, expected) in [
        ("abort", Some(6), crash(6, Some(version()))),
        ("memory", Some(6), crash(6, Some(version()))),
        // The standard library reports it and aborts; the first signal is the cause.
        ("stack", Some(6), crash(11, Some(version()))),
        ("elsewhere", Some(6), crash(6, None)),
        ("by itself", None, None),
    ] {
        let place = tempfile::tempdir().expect("a folder can be made");
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "crash::tests::the_process_that_dies", "--nocapture"])
            .envs([(FOLDER, place.path().as_os_str()), (MEANS, means.as_ref())])
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.signal(), ended_by, "{means}: {said}");
        let folder = TrustedFolder::open(place.path()).expect("it is this test's own");
        assert_eq!(Record::last_end(&folder).expect("it can be read"), expected, "{means}: {said}");
        assert!(means != "stack" || said.contains("overflowed its stack"), "it is still reported: {said}");
    }
}
