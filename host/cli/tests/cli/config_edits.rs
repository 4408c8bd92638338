//! A thousand random edits by `quarry config set` and `unset`, each by a command of its own, of files in which nearly every line has a
//! comment: what an edit does not touch stays as it is, byte for byte.

use std::collections::BTreeMap;
use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::support::Quarry;

const FILE: &str = ".config/quarry/config.json5";

/// All edits together, and the files that they are spread over: each is edited by one command after the other.
const EDITS: usize = 1_000;
const FILES: usize = 2;

/// How often the whole of a file is looked at by commands.
const CHECK_EVERY: usize = 50;

/// A line of the file: what it begins with, the member that is set in it, its value, and what it ends with.
type Line = (&'static str, &'static str, &'static str, &'static str);

/// A line that nothing is set in.
const fn plain(text: &'static str) -> Line {
    (text, "", "", "")
}

const LINES: &[Line] = &[
    plain("// c0: the office's gateway \"with quotes\" { and braces"),
    plain("{"),
    plain("  // c1: models"),
    plain("  models: {"),
    plain("    bedrockDiscovery: { // c2"),
    ("      enabled:", "models.bedrockDiscovery.enabled", "true", ", // c3: no space before the value"),
    ("      'region' : ", "models.bedrockDiscovery.region", "'eu-west-1'", " , // c4: where we are"),
    (
        "\tproviderFilter: ",
        "models.bedrockDiscovery.providerFilter",
        "[\"anthropic\", 'amazon']",
        ", // c5: after a tab",
    ),
    ("      refreshInterval: ", "models.bedrockDiscovery.refreshInterval", "0xe10", " /* c6: an hour */,"),
    plain("    }, // c7"),
    plain(""),
    plain("    /* c8:"),
    plain("       on several lines: { enabled: false,"),
    plain("         oddly indented */"),
    plain("    providers: {"),
    plain("  \"amazon-bedrock\": { // c9: indented less"),
    ("        cacheRetention: ", "models.providers.\"amazon-bedrock\".cacheRetention", "'short'", ",   // c10   "),
    plain("        models: ["),
    plain("          { // c11"),
    plain("            id: 'a.b-c-v1:0',"),
    ("            name: ", "models.providers.amazon-bedrock.models[0].name", "'One'", ", /* c12 */ // twice"),
    ("            maxTokens: ", "models.providers.amazon-bedrock.models[0].maxTokens", "+.5e4", " // c13: the last"),
    plain("          },"),
    plain("          // c14: between"),
    plain("          { id: 'd' } // c15: no comma"),
    plain("        ], // c16"),
    plain("      } // c17: no comma either"),
    plain("    }, // c18"),
    plain("  },"),
    plain("  agents: { // c19"),
    plain("    defaults: {"),
    plain("      model: { // c20"),
    ("        primary: ", "agents.defaults.model.primary", "\"amazon-bedrock/a.b-c-v1:0\"", ", // c21"),
    plain("      },"),
    plain("    },"),
    plain("  },"),
    plain("  quarry: {// c22: no space"),
    ("    drainSeconds: ", "quarry.drainSeconds", "5", ", // c23"),
    plain("    limits: { // c24"),
    ("      idleSeconds: ", "quarry.limits.idleSeconds", "1e2", ","),
    plain("      // c25: at the end of a block"),
    plain("    },"),
    plain("    retry: {"),
    ("      attempts: ", "quarry.retry.attempts", "2", " // c26: alone, no comma"),
    plain("    },"),
    plain("  },"),
    plain("  // c27: at the end"),
    plain("}"),
    plain("// c28: behind it"),
];

/// Members that come and go, with the names that their lines may have.
const COMING_AND_GOING: [(&str, &[&str]); 7] = [
    ("models.bedrockDiscovery.defaultMaxTokens", &["defaultMaxTokens"]),
    ("models.bedrockDiscovery.defaultContextWindow", &["defaultContextWindow"]),
    ("models.providers.amazon-bedrock.models[0].contextWindow", &["contextWindow"]),
    ("agents.defaults.models.\"amazon-bedrock/a.b\".alias", &["models", "amazon-bedrock/a.b", "alias"]),
    ("quarry.limits.turnSeconds", &["turnSeconds"]),
    ("quarry.retry.baseMilliseconds", &["baseMilliseconds"]),
    ("quarry.keepAliveSeconds", &["keepAliveSeconds"]),
];

/// A value that the member may have, and how it is given on the command line.
fn value(path: &str, random: &mut fastrand::Rng) -> (String, Value) {
    let one_of = |random: &mut fastrand::Rng, all: &[&'static str]| all[random.usize(..all.len())];
    let text = |text: &str| (text.to_owned(), json!(text));
    match path.rsplit('.').next().unwrap_or_default() {
        "enabled" => {
            let on = random.bool();
            (on.to_string(), json!(on))
        }
        "region" => text(one_of(random, &["eu-west-1", "us-gov-west-1", "ap-northeast-1", "cn-north-1"])),
        "cacheRetention" => text(one_of(random, &["none", "short", "long"])),
        "primary" => text(one_of(random, &["amazon-bedrock/a.b-c-v1:0", "amazon-bedrock/d"])),
        "name" | "alias" => text(one_of(
            random,
            &["One", "a // no comment", "{ no: object }", "it is /* none */", "[1, 2", "Größe ✓, ", "}"],
        )),
        "providerFilter" => match random.u8(..3) {
            0 => ("[]".to_owned(), json!([])),
            1 => ("['meta', \"a // b\", 'amazon',]".to_owned(), json!(["meta", "a // b", "amazon"])),
            _ => ("[\"anthropic\"] // said on the way".to_owned(), json!(["anthropic"])),
        },
        _ => {
            let number = random.u32(1..=20);
            let written = if random.bool() { number.to_string() } else { format!("{number:#x}") };
            (written, json!(number))
        }
    }
}

/// Whether a literal of the file means a value. What it is compared with is JSON with quotes of either kind.
fn means(literal: &str, value: &Value) -> bool {
    let unquoted = |text: &str| text.replace(['\'', '"', ' '], "").replace(",]", "]");
    let number = || match literal.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => literal.parse().ok(),
    };
    match value {
        Value::Number(_) => number().is_some_and(|number| json!(number) == *value),
        _ => unquoted(literal) == unquoted(&value.to_string()),
    }
}

/// Finds every line of the file as it was written, in its order, and gives the literals in those that have one. What is between
/// them has to be of members that came.
fn literals(text: &str) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    let mut lines = text.split('\n');
    for (before, path, _, after) in LINES {
        loop {
            let line = lines.next().unwrap_or_else(|| panic!("{before:?} … {after:?} is lost:\n{text}"));
            if path.is_empty() && line == *before {
                break;
            }
            let literal = line.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
            if let (false, Some(literal)) = (path.is_empty(), literal) {
                // The last member gets a comma when another comes behind it.
                found.insert(*path, literal.strip_suffix(',').unwrap_or(literal).to_owned());
                break;
            }
            assert!(has_come(line), "{line:?} is nobody's; {before:?} … {after:?} was expected:\n{text}");
        }
    }
    assert_eq!(lines.collect::<Vec<_>>(), [""], "{text}");
    found
}

/// Whether a line is of a member that came. A line of the file that went instead is missed all the same.
fn has_come(line: &str) -> bool {
    let text = line.trim_start();
    let is_of = |name: &str| text.trim_start_matches(['"', '\'']).starts_with(name);
    matches!(text, "}" | "},") || COMING_AND_GOING.iter().flat_map(|(_, names)| *names).any(|name| is_of(name))
}

/// Edits one file, and gives how often something was set and removed.
fn edit(edits: usize, seed: u64) -> (usize, usize) {
    let text: String = LINES.iter().map(|(before, _, value, after)| format!("{before}{value}{after}\n")).collect();
    let quarry = Quarry::new().file(FILE, &text);
    let read = |name: &str| fs::read_to_string(quarry.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut random = fastrand::Rng::with_seed(seed);
    let of_lines: Vec<&str> = LINES.iter().map(|(_, path, ..)| *path).filter(|path| !path.is_empty()).collect();
    let mut came: BTreeMap<&str, Value> = BTreeMap::new();
    let (mut set, mut removed) = (0, 0);
    let mut before = text;
    let mut known = literals(&before);
    for number in 0..edits {
        let comes = random.u8(..3) == 0;
        let path = match comes {
            true => COMING_AND_GOING[random.usize(..COMING_AND_GOING.len())].0,
            false => of_lines[random.usize(..of_lines.len())],
        };
        let what = if comes && came.remove(path).is_some() {
            quarry.run(&["config", "unset", path]).succeeded();
            removed += 1;
            format!("edit {number}: unset {path}")
        } else {
            let (given, meant) = value(path, &mut random);
            quarry.run(&["config", "set", path, &given]).succeeded();
            set += 1;
            if comes {
                came.insert(path, meant);
            } else {
                let now = literals(&read(FILE));
                assert!(means(&now[path], &meant), "edit {number}: {path} is {} for {given}", now[path]);
                known.insert(path, now[path].clone());
            }
            format!("edit {number}: set {path} {given}")
        };
        let after = read(FILE);
        assert_eq!(literals(&after), known, "{what}:\n{after}");
        if after != before {
            assert_eq!(read(&format!("{FILE}.bak")), before, "{what}: the backup is what was there");
        }
        before = after;
        if number % CHECK_EVERY == 0 || number + 1 == edits {
            quarry.run(&["config", "validate"]).succeeded();
            let refused = quarry.run(&["config", "set", "quarry.retry.attempts", "21"]);
            assert_eq!((refused.code, read(FILE)), (Some(2), before.clone()), "{refused:?}");
            for (path, meant) in &came {
                let got = quarry.run(&["config", "get", path, "--json"]);
                assert_eq!(&got.succeeded().json(), meant, "{path} after {what}");
            }
        }
    }
    (set, removed)
}

#[test]
fn a_thousand_edits_by_the_command_leave_every_other_line_as_it_is() {
    let counts: Vec<(usize, usize)> = thread::scope(|scope| {
        let editing: Vec<_> =
            (0..FILES as u64).map(|file| scope.spawn(move || edit(EDITS / FILES, 20_261_121 + file))).collect();
        editing.into_iter().map(|editing| editing.join().expect("every edit is right")).collect()
    });
    let (set, removed) = counts.into_iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    assert!(set + removed == EDITS && set > 700 && removed > 80, "{set} set, {removed} removed");
}
