//! `quarry models` at a terminal: what fits, what is dim, and the line that tells that AWS is being asked.

use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{Answer, AtTerminal, Quarry, Responder, simulator};

const LIST: [&str; 2] = ["models", "list"];

/// A listing that takes its time.
fn slow(milliseconds: u64) -> Responder {
    let model = json!({
        "modelId": "amazon.nova-lite-v1:0", "modelName": "Nova Lite", "providerName": "Amazon", "inputModalities": ["TEXT"],
        "outputModalities": ["TEXT"], "responseStreamingSupported": true, "modelLifecycle": { "status": "ACTIVE" },
    });
    let models = json!({ "modelSummaries": [model] }).to_string();
    Responder::start(move |path| {
        if path.starts_with("/foundation-models") {
            thread::sleep(Duration::from_millis(milliseconds));
            Answer::json(&models)
        } else {
            Answer::json(&json!({ "inferenceProfileSummaries": [] }))
        }
    })
}

#[test]
#[ignore = "peers: Python"]
fn a_table_fits_the_terminal_and_ids_stay_whole() {
    let quarry = Quarry::asking(simulator()).set("NO_COLOR", "1");
    let plain = quarry.run(&["models", "list", "--plain"]);
    let ids: Vec<&str> = plain.succeeded().stdout.lines().collect();
    let mut heads = Vec::new();
    for width in [30, 60, 80, 120, 200] {
        let listed = quarry.at_terminal(AtTerminal::Both, width, &LIST);
        assert_eq!(listed.code, Some(0), "{listed:?}");
        let mut lines = listed.stdout.lines();
        heads.push(lines.next().expect("a head").split_whitespace().map(str::to_owned).collect::<Vec<_>>());
        let rows: Vec<&str> = lines.collect();
        let shown: Vec<&str> = rows.iter().filter_map(|row| row.split_whitespace().next()).collect();
        // A profile of the account goes by its short id: an ARN would leave no room.
        let short = |id: &str| id.rsplit_once("application-inference-profile/").map_or(id, |(_, id)| id).to_owned();
        assert!(ids.iter().all(|id| shown.contains(&short(id).as_str())), "{width}: {listed:?}");
        for row in rows {
            let fits = row.chars().count() <= usize::from(width);
            assert!(fits || ids.contains(&row), "{width}: {row:?}");
        }
    }
    let head = |names: &str| names.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(heads[1], head("MODEL FROM"));
    assert_eq!(heads[2], head("MODEL CONTEXT OUTPUT THINKS FROM"));
    assert_eq!(heads[4], head("MODEL INPUT CONTEXT OUTPUT THINKS FROM NAME"));
    let cut = quarry.at_terminal(AtTerminal::Both, 100, &LIST);
    assert!(cut.stdout.contains("\u{2026}\n"), "names are cut: {cut:?}");
}

#[test]
#[ignore = "peers: Python"]
fn columns_counts_and_a_pipe_is_never_cut() {
    let quarry = Quarry::asking(simulator()).set("NO_COLOR", "1");
    let whole = quarry.run(&LIST).stdout;
    assert!(whole.contains("US Meta Llama 4 Maverick 17B Instruct\n") && !whole.contains('…'), "{whole}");
    let narrow = Quarry::asking(simulator()).set("NO_COLOR", "1").set("COLUMNS", "60");
    assert_eq!(narrow.run(&LIST).stdout, whole, "COLUMNS is for terminals");
    assert_eq!(narrow.at_terminal(AtTerminal::Errors, 60, &LIST).stdout, whole);
    let by_variable = narrow.at_terminal(AtTerminal::Both, 200, &LIST);
    assert_eq!(by_variable.stdout, quarry.at_terminal(AtTerminal::Both, 60, &LIST).stdout);
    assert_ne!(by_variable.stdout, whole);
}

#[test]
#[ignore = "peers: Python"]
fn reasons_are_told_in_full_where_they_do_not_fit() {
    let quarry = Quarry::asking(simulator()).set("NO_COLOR", "1");
    let all = ["models", "list", "--all"];
    let listed = quarry.at_terminal(AtTerminal::Both, 80, &all);
    let (_, left_out) = listed.stdout.split_once("\nLEFT OUT").expect("there is a second table");
    let reason = "deepseek.r1-v1:0                             needs-inference-profile\n    \
                  The model is invoked through an inference profile: us.deepseek.r1-v1:0.\n";
    assert!(left_out.contains(reason), "{left_out}");
    assert!(left_out.lines().all(|line| line.chars().count() <= 80), "{left_out}");
}

#[test]
#[ignore = "peers: Python"]
fn only_a_terminal_that_wants_it_gets_a_dim_head() {
    let quarry = Quarry::asking(simulator());
    let dim = |shown: &str| shown.starts_with("\u{1b}[2mMODEL") && shown.matches('\u{1b}').count() == 2;
    let listed = quarry.at_terminal(AtTerminal::Output, 120, &LIST);
    assert!(dim(&listed.stdout) && !listed.stderr.contains('\u{1b}'), "{listed:?}");
    assert!(!quarry.at_terminal(AtTerminal::Errors, 120, &LIST).stdout.contains('\u{1b}'));
    let without = Quarry::asking(simulator()).set("NO_COLOR", "1").at_terminal(AtTerminal::Both, 120, &LIST);
    assert!(!without.stdout.contains('\u{1b}'), "{without:?}");
    let shown = quarry.at_terminal(AtTerminal::Output, 60, &["models", "show", "us.anthropic.claude-sonnet-4-6"]);
    assert!(
        shown.stdout.contains("\ndocuments       pdf, csv, doc, docx, xls, xlsx, html, txt,\n                md\n"),
        "{shown:?}"
    );
}

#[test]
#[ignore = "peers: Python"]
fn a_line_tells_that_aws_is_asked_and_goes_away() {
    let responder = slow(1_600);
    let quarry = Quarry::asking(&responder.endpoint).set("NO_COLOR", "1");
    let fresh = ["models", "list", "--refresh"];
    let listed = quarry.at_terminal(AtTerminal::Both, 80, &fresh);
    let erase = "\r\u{1b}[K";
    let parts: Vec<&str> = listed.stderr.split(erase).collect();
    assert_eq!(parts.first(), Some(&""), "it begins with a line of its own: {listed:?}");
    let drawn = &parts[1..parts.len() - 1];
    let line = "Listing the models of us-east-1 …";
    assert!(drawn.len() >= 2 && drawn.iter().all(|drawn| drawn.starts_with(line)), "{listed:?}");
    assert!(drawn.last().is_some_and(|last| last.ends_with(" s")), "it counts: {listed:?}");
    assert_eq!(parts.last(), Some(&""), "and nothing of it is left: {listed:?}");
    assert!(listed.stdout.contains("amazon.nova-lite-v1:0"), "{listed:?}");
    // A narrow terminal gets no line that wraps.
    let narrow = quarry.at_terminal(AtTerminal::Both, 20, &fresh);
    assert!(narrow.stderr.split(erase).all(|part| part.chars().count() < 20), "{narrow:?}");
    // Who shows a model waits for the same.
    let shown = quarry.at_terminal(AtTerminal::Both, 80, &["models", "show", "amazon.nova-lite-v1:0", "--refresh"]);
    assert!(shown.stderr.contains("Listing the models") && shown.stderr.ends_with(erase), "{shown:?}");
}

#[test]
#[ignore = "peers: Python"]
fn there_is_no_line_where_it_would_be_in_the_way() {
    let responder = slow(700);
    let quarry = Quarry::asking(&responder.endpoint);
    let told = |outcome: &crate::support::Outcome| outcome.stderr.contains("Listing the models");
    assert!(!told(&quarry.run(&["models", "list", "--refresh"])), "standard error is no terminal");
    assert!(!told(&quarry.at_terminal(AtTerminal::Output, 80, &["models", "list", "--refresh"])));
    for format in ["--json", "--plain"] {
        let arguments = ["models", "list", "--refresh", format];
        assert!(!told(&quarry.at_terminal(AtTerminal::Errors, 80, &arguments)), "{format}: a program reads the answer");
        assert!(told(&quarry.at_terminal(AtTerminal::Both, 80, &arguments)), "{format}: a person does");
    }
    assert!(told(&quarry.at_terminal(AtTerminal::Errors, 80, &["models", "list", "--refresh"])));
    let dumb = Quarry::asking(&responder.endpoint).set("TERM", "dumb");
    assert!(!told(&dumb.at_terminal(AtTerminal::Both, 80, &["models", "list", "--refresh"])), "it could not erase it");
}
