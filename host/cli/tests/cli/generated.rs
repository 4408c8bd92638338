//! `quarry completions` and `quarry man`, held against the shell and the formatter that read them.

use std::fs;

use crate::debian;
use crate::support::Quarry;

#[test]
#[ignore = "peers: bash"]
fn bash_completes_commands_and_flags() {
    let quarry = Quarry::new();
    let script = quarry.run(&["completions", "bash"]);
    let file = quarry.path("completions.bash");
    fs::write(&file, &script.succeeded().stdout).expect("written");
    let complete = |words: &[&str]| {
        let asked = format!(
            "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _quarry quarry '{}' '{}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            file.display(),
            words.join(" "),
            words.len() - 1,
            words.last().expect("a word"),
            words[words.len() - 2],
        );
        let output = debian::installed("bash", "bash").args(["-c", &asked]).output().expect("it starts");
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(complete(&["quarry", "conf"]).split_whitespace().collect::<Vec<_>>(), ["config", "conformance"]);
    let flags = complete(&["quarry", "config", "set", "--"]);
    assert!(flags.contains("--strict-json") && flags.contains("--dry-run"), "{flags}");
}

#[test]
fn every_shell_has_a_script_and_others_are_told() {
    let quarry = Quarry::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = quarry.run(&["completions", shell]);
        assert!(script.succeeded().stdout.contains("strict-json"), "{shell}");
    }
    let unknown = quarry.run(&["completions", "csh"]);
    assert!(unknown.code == Some(2) && unknown.stderr.contains("possible values: bash"), "{unknown:?}");
}

#[test]
fn every_command_has_a_manual_page() {
    let quarry = Quarry::new();
    let written = quarry.run(&["man", "man/man1"]);
    assert_eq!(written.code, Some(0), "{written:?}");
    let page = |name: &str| {
        let path = quarry.path(&format!("man/man1/{name}.1"));
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    assert!(page("quarry").contains(".TH quarry 1"));
    for (name, flag) in
        [("quarry-serve", "keys add"), ("quarry-config-set", "strict\\-json"), ("quarry-models-list", "plain")]
    {
        assert!(page(name).contains(flag), "{name}: {}", page(name));
    }
    assert!(!quarry.path("man/man1/quarry-provider-compile-into-cache.1").exists());
    let refused = quarry.file("taken", "").run(&["man", "taken"]);
    assert!(refused.code == Some(2) && refused.stderr.contains("taken"), "{refused:?}");
}
