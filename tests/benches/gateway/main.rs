//! The gateway under load, on one machine with the upstream and the load generator: latency, CPU and memory, beside two floors
//! measured in the same run on the same bytes.
//!
//! `cargo bench -p quarry-tests --bench gateway [-- --strict] [-- --only requests|rates|paced|full|idle|peers]`. A stream that is wrong fails the
//! run; a missed limit fails it with `--strict`. With `QUARRY_BENCH_LITELLM` and
//! `QUARRY_BENCH_PORTKEY` (see `tests/benches/litellm.sh` and `portkey.sh`) the gateways of others too.
//!
//! Each role is this program again in a process of its own, so that the CPU time of one is not counted with another's.

mod clock;
mod floor_proxy;
mod floor_sdk;
mod generator;
mod loads;
mod process;
mod protocol;
mod readers;
mod report;
mod script;
mod subject;
#[path = "../support/mod.rs"]
mod support;
mod upstream;

use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Connections that a process holds in the greatest load, and some for what it needs itself.
const FILES: u64 = 10_000 + 500;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |flag: &str| {
        let at = arguments.iter().position(|argument| argument == flag)?;
        arguments.get(at + 1).map(String::as_str)
    };
    raise_limit_of_files();
    match after("--role") {
        Some("upstream") => upstream::main(),
        Some("generator") => generator::main(),
        Some("sdk") => floor_sdk::main(),
        Some("proxy") => floor_proxy::main(after("proxy").expect("the proxy's upstream")),
        Some(role) => panic!("no role {role}"),
        None => {
            let strict = arguments.iter().any(|argument| argument == "--strict");
            if !loads::run(after("--only")).passed(strict) {
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Each connection is an open file. Processes inherit the limit.
fn raise_limit_of_files() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= FILES) {
        return;
    }
    assert!(
        maximum.is_none_or(|maximum| maximum >= FILES),
        "this bench needs {FILES} open files a process, and the hard limit (ulimit -Hn) is {maximum:?}"
    );
    setrlimit(Resource::Nofile, Rlimit { current: Some(FILES), maximum })
        .expect("below the hard limit anybody may raise it");
}
