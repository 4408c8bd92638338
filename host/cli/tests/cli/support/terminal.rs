//! The command at a terminal: Python's pseudo-terminals stand for it, one a stream, so that a test sees which text went where.

use std::process::Stdio;

use serde_json::{Value, json};

use super::run::{Outcome, Quarry};
use crate::debian;
use crate::planted::nothing_shows_in;

/// Starts a command with some of its streams at terminals of a width, and tells what came of it as JSON.
const PROGRAM: &str = r#"
import fcntl, json, os, pty, struct, subprocess, sys, termios, threading, time

asked = json.loads(sys.argv[1])
streams, seen, threads = {}, {"stdout": b"", "stderr": b""}, []
for name in seen:
    if name in asked["terminals"]:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, asked["width"], 0, 0))
    else:
        ours, theirs = os.pipe()
    streams[name] = (ours, theirs)

def read(name):
    while True:
        try:
            chunk = os.read(streams[name][0], 65536)
        except OSError:  # The other end of a terminal is closed.
            chunk = b""
        if not chunk:
            return
        seen[name] += chunk

began = time.monotonic()
child = subprocess.Popen(asked["command"], stdin=subprocess.DEVNULL, stdout=streams["stdout"][1], stderr=streams["stderr"][1])
for name in seen:
    os.close(streams[name][1])
    threads.append(threading.Thread(target=read, args=(name,)))
    threads[-1].start()
code = child.wait()
for thread in threads:
    thread.join()
text = {name: read.decode().replace("\r\n", "\n") for name, read in seen.items()}
print(json.dumps({"code": code, "took": time.monotonic() - began, **text}))
"#;

/// Which streams are at a terminal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum AtTerminal {
    Both,
    Output,
    Errors,
}

impl Quarry {
    /// Runs the command at a terminal of so many columns.
    pub(crate) fn at_terminal(&self, streams: AtTerminal, width: u16, arguments: &[&str]) -> Outcome {
        let terminals: &[&str] = match streams {
            AtTerminal::Both => &["stdout", "stderr"],
            AtTerminal::Output => &["stdout"],
            AtTerminal::Errors => &["stderr"],
        };
        let command: Vec<&str> = [env!("CARGO_BIN_EXE_quarry")].iter().chain(arguments).copied().collect();
        let asked = json!({ "terminals": terminals, "width": width, "command": command });
        let mut python = debian::installed("python3", "python3");
        self.surround(python.args(["-c", PROGRAM, &asked.to_string()]).stdin(Stdio::null()));
        let output = python.env("PATH", std::env::var_os("PATH").unwrap_or_default()).output().expect("Python starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let text = |name: &str| told[name].as_str().expect("text").to_owned();
        let (stdout, stderr) = (text("stdout"), text("stderr"));
        assert!(!stderr.contains("panicked"), "{stderr}");
        nothing_shows_in("what a command showed at a terminal", format!("{stdout}{stderr}").as_bytes());
        Outcome {
            code: told["code"].as_i64().and_then(|code| i32::try_from(code).ok()),
            stdout,
            stderr,
            took: std::time::Duration::from_secs_f64(told["took"].as_f64().expect("seconds")),
        }
    }
}
