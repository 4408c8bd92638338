//! What goes on around a gateway that runs: its configuration names another provider, its program is replaced.

use std::fs;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use super::components::{Body, provider_component};
use super::guests::Guest;
use super::place::Place;
use super::refusals::refused;
use crate::gateway::Gateway;

#[test]
fn a_provider_of_the_configuration_that_was_refused_is_tried_again_when_it_is_read_again() {
    let place = Place::new();
    let gateway = place.start();
    let missing = place.folder().join("later.wasm");
    let configuration = format!("{{ quarry: {{ provider: {{ component: \"{}\" }} }} }}", missing.display());
    fs::write(&gateway.configuration, configuration).expect("it can be written");
    gateway.wait_for_log("the configured provider was not activated: refused at `fetch`", 1);
    // Now it is there, and the configuration is the same.
    fs::write(&missing, "a text").expect("it can be written");
    gateway.signal(Signal::HUP);
    gateway.wait_for_log("the configured provider was not activated: refused at `imports`", 1);
    gateway.stop();
}

#[test]
fn a_program_that_was_replaced_on_disk_goes_on_compiling() {
    let place = Place::new();
    let program = place.folder().join("quarry-of-today");
    fs::copy(env!("CARGO_BIN_EXE_quarry"), &program).expect("it can be copied");
    let gateway = Gateway::start_with("{}", |command| {
        place.tell(command);
        let mut copied = Command::new(&program);
        copied.args(command.get_args()).env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
        copied.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        if let Some(folder) = command.get_current_dir() {
            copied.current_dir(folder);
        }
        *command = copied;
    });
    // As a package manager does it: another file takes its name.
    let release = place.folder().join("another-release");
    fs::write(&release, "no program").expect("it can be written");
    fs::rename(&release, &program).expect("it can be renamed");
    // Whoever reaches the cases was compiled. This text makes it one that nobody compiled before.
    let code = format!("(drop (i32.const {})) unreachable", fastrand::i32(..));
    let traps = Body { version: "0.1.0", memory: "1", function: "about#identify", code: code.leak() };
    let traps = Guest::written(place.folder(), "traps.wasm", &provider_component(&traps));
    refused(&place, &traps, "checks", &["unreachable"]);
    gateway.stop();
}
