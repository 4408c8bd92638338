//! No member of a request is dropped in silence: the SDKs' own types say which members there are.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;

use crate::gateway::Gateway;
use crate::packages::script;

#[test]
#[ignore = "peers: Python"]
fn every_member_is_translated_or_refused_or_known_to_be_harmless() {
    let mut script = script("request_members.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python can be started");
    let mut said = BufReader::new(script.stdout.take().expect("it is piped"));
    let mut endpoint = String::new();
    said.read_line(&mut endpoint).expect("the script says where it listens");
    let gateway = Gateway::in_front_of(endpoint.trim());
    let mut stdin = script.stdin.take().expect("it is piped");
    writeln!(stdin, "{}", gateway.base).expect("the script reads");
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("what it says is UTF-8");
    let status = script.wait().expect("the script ends");
    assert!(status.success(), "{status}:\n{rest}\nthe gateway's log:\n{}", gateway.log());
    println!("{rest}");
    gateway.stop();
}
