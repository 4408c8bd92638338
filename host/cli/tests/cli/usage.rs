//! Exit codes and messages of a command line that cannot be followed, and of credentials that are not there.

use crate::support::{Answer, Outcome, Quarry, Responder, SONNET, nobody_there};

/// The command line was refused by its parser: the message, how to use it, and nothing on standard output.
#[track_caller]
fn refused(outcome: &Outcome, words: &[&str]) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{outcome:?}");
    assert!(outcome.stderr.starts_with("error: "), "{outcome:?}");
    for word in words {
        assert!(outcome.stderr.contains(word), "{word:?} is not in it: {outcome:?}");
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let run = |arguments: &[&str]| Quarry::new().run(arguments);
    refused(&run(&["nonsense"]), &["unrecognized subcommand 'nonsense'", "Usage: quarry"]);
    refused(&run(&["chta", "hello"]), &["a similar subcommand exists: 'chat'"]);
    refused(&run(&["chat", "--modle", "x", "hello"]), &["unexpected argument '--modle'", "--model"]);
    refused(&run(&["models", "list", "--json", "--plain"]), &["cannot be used with '--plain'"]);
    refused(&run(&["chat", "--max-tokens", "0", "hello"]), &["--max-tokens", "expected a whole number from 1"]);
    refused(&run(&["chat", "--idle-timeout", "soon", "hello"]), &["--idle-timeout", "expected a whole number from 1"]);
    refused(&run(&["conformance", "--bless"]), &["--cases <DIR>"]);
    refused(&run(&["conformance", "--format", "xml"]), &["[possible values: text, json, junit]"]);
    let nothing = run(&[]);
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("Commands:"), "{nothing:?}");
}

#[test]
fn help_and_version_are_no_errors() {
    let help = Quarry::new().run(&["chat", "--help"]);
    for flag in ["--context", "--json", "--dry-run", "--simulate", "--idle-timeout", "--config"] {
        assert!(help.succeeded().stdout.contains(flag), "{flag}: {help:?}");
    }
    let version = Quarry::new().run(&["--version"]);
    assert_eq!(version.succeeded().stdout, format!("quarry {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_request_that_cannot_be_made_is_refused_by_the_flag_that_was_typed() {
    let responder = Responder::start(|_| Answer::json("{}"));
    for (arguments, words) in [
        (["--thinking", "very"], ["error: --thinking: `very` is unknown", "high"]),
        (["--temperature", "7"], ["error: --temperature: 7 is out of bounds", "from 0 to 1"]),
        (["--stop", ""], ["error: --stop: ", "at least one character"]),
        (["--region", "nope/"], ["error: --region: ", "such as `us-east-1`"]),
        (["--model", "a b"], ["error: --model: `a b` cannot be a modelId", "an inference profile id"]),
    ] {
        let model = ["chat", "--model", SONNET];
        // The last --model would be one too many.
        let command = if arguments[0] == "--model" { &model[..1] } else { &model };
        let refused = Quarry::asking(&responder.endpoint).run(&[command, &arguments, &["hello"]].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{refused:?}");
        assert!(words.iter().all(|word| refused.stderr.contains(word)), "{words:?}: {refused:?}");
    }
    assert_eq!(responder.asked().len(), 0);
}

#[test]
fn nothing_to_ask_is_told() {
    let run = |arguments: &[&str]| Quarry::new().run(arguments);
    run(&["chat", "--model", SONNET]).failed_with(2, &["the prompt is blank"]);
    run(&["chat", "--model", SONNET, " \n"]).failed_with(2, &["the prompt is blank"]);
    run(&["chat", "hello"]).failed_with(2, &["no model is named", "--model", "quarry models list"]);
}

#[test]
fn missing_credentials_are_told_with_what_to_do() {
    let asked = Quarry::new().set("AWS_ENDPOINT_URL", &nobody_there()).run(&["chat", "--model", SONNET, "hello"]);
    asked.failed_with(
        1,
        &[
            "No AWS credentials were found",
            "AWS_BEARER_TOKEN_BEDROCK",
            "AWS_ACCESS_KEY_ID",
            "AWS_PROFILE",
            "quarry auth status",
        ],
    );
    let profile = Quarry::new().set("AWS_PROFILE", "nobody").run(&["chat", "--model", SONNET, "hello"]);
    profile.failed_with(1, &["No AWS credentials were found"]);
}

#[test]
fn half_of_a_key_pair_is_told() {
    for (set, missing) in
        [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")]
    {
        let half = Quarry::new().set(set, "half").set(missing, " ");
        let told = format!("{set} is set and {missing} is not: set both");
        half.run(&["chat", "--model", SONNET, "hello"]).failed_with(2, &[&told]);
        half.run(&["models", "list"]).failed_with(2, &[&told]);
        let status = half.run(&["auth", "status"]);
        assert_eq!(status.code, Some(1), "{status:?}");
        assert!(status.stdout.contains(&told), "{status:?}");
    }
}

#[test]
fn a_token_never_travels_in_the_clear() {
    let token = || Quarry::new().set("AWS_BEARER_TOKEN_BEDROCK", "token");
    let words = ["a bearer token is not sent to proxy.example over plain http", "use https"];
    // By whichever way the endpoint is set, and for both of the service's endpoints.
    let by_base_url = token().set("QUARRY_BASE_URL", "http://proxy.example");
    by_base_url.run(&["chat", "--model", SONNET, "hello"]).failed_with(2, &words);
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"] {
        let asked = token().set(variable, "http://proxy.example");
        asked.run(&["chat", "--model", SONNET, "hello"]).failed_with(1, &words);
    }
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK"] {
        token().set(variable, "http://proxy.example").run(&["models", "list"]).failed_with(1, &words);
    }
    let here = token().set("AWS_ENDPOINT_URL", crate::support::simulator());
    let answer = here.run(&["chat", "--model", SONNET, "hello"]);
    assert!(answer.succeeded().stdout.contains("was sent with a bearer token"), "{answer:?}");
}
