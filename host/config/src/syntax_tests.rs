//! JSON5 as it is parsed here: what is accepted, where an error is, and what another implementation makes of the same documents.

use serde_json::Value;

use super::document::Document;
use super::syntax::MAX_DEPTH;

/// The line and column of the error, and what it says.
fn fault(text: &str) -> ((u32, u32), &'static str) {
    let fault = Document::parse(text).expect_err(text);
    ((fault.position.line, fault.position.column), fault.message)
}

#[test]
fn an_error_is_where_it_began() {
    let table = [
        ("{ a: \"x\\u12\" }", (1, 8)),
        ("{ models: { bedrockDiscovery: { refreshInterval: 1e } } }", (1, 52)),
        ("{}\n/* and so on", (2, 1)),
        ("{ a: [1,,2] }", (1, 9)),
        ("{ models: \"xx", (1, 11)),
        ("{ models: { providers: { \"amazon-bedrock\": { models: [ { id: \"a\" },", (1, 54)),
        ("{\n  models: {\n    mode: \"merge\"\n    providers: {},\n  },\n}", (3, 18)),
        ("{ models { } }", (1, 10)),
        ("{ models: }", (1, 11)),
        ("{\n  models: {\n    bedrockDiscovery: {},\n}", (1, 1)),
        (
            "{\n  models: { bedrockDiscovery: { region: \"eu-west-1, enabled: true } },\n  agents: { defaults: { model: \"a\" } },\n}",
            (2, 41),
        ),
        ("{\n  models: { bedrockDiscovery: { region: us-east-1, enabled: true } },\n}", (2, 41)),
        ("{}\n{}", (2, 1)),
        ("{\n  models: { bedrockDiscovery: { region: eu\n  } },\n}", (2, 41)),
        ("{ a: [1, 2} }", (1, 11)),
        ("\u{feff}{ a: }", (1, 6)),
        ("{\r\n  models: {\r\n    a: },\r\n", (3, 8)),
        ("{ '名前': '日本語 😀', a: }", (1, 21)),
    ];
    for (text, position) in table {
        assert_eq!(fault(text).0, position, "{text}");
    }
}

#[test]
fn values_have_their_positions() {
    let positions = |text: &str| {
        let document = Document::parse(text).expect(text);
        let member = document.root().and_then(|root| root.member("x")).expect("it is there");
        let [name, value] = [member.position, member.node.position].map(|at| (at.line, at.column));
        (name, value)
    };
    assert_eq!(positions("\u{feff}{ x: 5 }"), ((1, 3), (1, 6)), "a mark that no one sees has no column");
    assert_eq!(positions("{\r\n  a: 1,\r\n  x: 5 }"), ((3, 3), (3, 6)));
    assert_eq!(positions("{ '名前': '日本語 😀', x: 5 }"), ((1, 18), (1, 21)), "columns count characters");
    assert_eq!(positions("// a\n{ /* b\n */ x:\n'y\\\nz' }"), ((3, 5), (4, 1)));
}

#[test]
fn nesting_without_end_is_an_error_and_not_a_crash() {
    for open in ["[", "{a:"] {
        let (at, message) = fault(&open.repeat(100_000));
        assert_eq!(message, "objects and lists are nested too deeply");
        assert_eq!(at.1 as usize, open.len() * MAX_DEPTH + 1);
    }
    let deepest = format!("{{x:{}{}}}", "[".repeat(MAX_DEPTH - 1), "]".repeat(MAX_DEPTH - 1));
    Document::parse(&deepest).expect("as deep as allowed");
}

/// Documents on which both have to agree, whatever they say.
const DOCUMENTS: &[&str] = &[
    // Objects, lists, commas.
    "{}",
    "[]",
    "{a: 1, b: [1, 2, {c: null}]}",
    "{a: 1,}",
    "[1, 2,]",
    "[,]",
    "{,}",
    "[1,,2]",
    "{a: 1,,}",
    "[1 2]",
    "{a: 1 b: 2}",
    "{a 1}",
    "{a:}",
    "{a}",
    "{a: 1]",
    "[1}",
    "{a: 1",
    "[1",
    "}",
    "]",
    "{} {}",
    "{} x",
    "1, 2",
    // Names.
    "{'a': 1, \"b\": 2, c: 3, $d: 4, _e: 5, f6: 6}",
    "{ünïcödé: 1, 名: 2}",
    "{true: 1, false: 2, null: 3}",
    "{Infinity: 1, NaN: 2}",
    "{a.b: 1}",
    "{@a: 1}",
    "{\"\": 1}",
    // Comments and space.
    "// c\n{a: 1} // d",
    "/* c */ {a: /* x\ny */ 1 /**/}",
    "/* never closed",
    "/ {}",
    "\u{a0}{\u{2003}a:\u{b}1\u{c}}\u{3000}",
    // Strings.
    "'single' ",
    "\"double\"",
    "'a \"b\" c'",
    "\"it's\"",
    "'it\\'s'",
    "\"\\\"\"",
    "'\\b\\f\\n\\r\\t\\v\\0\\\\'",
    "'\\x41\\u0042'",
    "'\\ud83d\\ude00'",
    "'\\a\\q\\-'",
    "'line \\\ncontinued'",
    "'line \\\r\ncontinued'",
    "'\\x4'",
    "'\\u12'",
    "'\\1'",
    "'\\01'",
    "'never closed",
    "'never closed\"",
    "'two\nlines'",
    "'日本語 😀'",
    "'a\u{2028}b'",
    // Numbers.
    "[0, -0, 1, -1, +1, 12345678901]",
    "[1.5, .5, 5., -.5, +.5, 1e3, 1E-3, 1.5e+3]",
    "[0x1F, 0XfF, -0x10, +0x10]",
    "[Infinity, -Infinity, +Infinity, NaN]",
    "01",
    "0x",
    "0xg",
    "1e",
    "1e+",
    ".",
    "-",
    "+-1",
    "- 1",
    "1_000",
    "1a",
    // Words.
    "[true, false, null]",
    "[True]",
    "[undefined]",
    "us-east-1",
    "{region: us-east-1}",
    "{a: b}",
];

/// Where the parser goes beyond JSON5, on purpose: OpenClaw's files have names such as `amazon-bedrock`.
const BEYOND: &[&str] = &["{amazon-bedrock: 1}", "{1: 1}", "{-1: 1}", "{1.5: 1}", "   ", "// nothing", ""];

/// What JSON5 has and the parser refuses. Nobody writes a configuration so; the refusal names the place.
const REFUSED: &[&str] = &["{\\u0061: 1}", "{true_: 1}"];

enum Reading {
    Refused,
    Accepted(Option<Value>),
}

fn ours(text: &str) -> Reading {
    match Document::parse(text) {
        Err(_) => Reading::Refused,
        Ok(document) => Reading::Accepted(document.root().map(|root| as_doubles(root.to_json()))),
    }
}

/// All numbers as doubles, which is what they are in JSON5: 1 and 1.0 are the same.
fn as_doubles(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(elements) => elements.into_iter().map(as_doubles).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, as_doubles(value))).collect(),
        other => other,
    }
}

#[test]
fn the_same_documents_are_accepted_with_the_same_values() {
    let mut accepted = 0;
    for text in DOCUMENTS {
        match (ours(text), json5::from_str::<Value>(text)) {
            // JSON has no such number.
            (Reading::Accepted(Some(_)), Ok(_)) if text.contains("NaN") && !text.contains('{') => {}
            (Reading::Accepted(Some(value)), Ok(theirs)) => {
                assert_eq!(value, as_doubles(theirs), "{text:?}");
                accepted += 1;
            }
            (Reading::Refused, Err(_)) => {}
            (Reading::Accepted(None), Ok(_)) => panic!("{text:?} is nothing here"),
            (Reading::Accepted(_), Err(error)) => panic!("{text:?} accepted here, there {error}"),
            (Reading::Refused, Ok(value)) => panic!("{text:?} refused here, there {value}"),
        }
    }
    assert!(accepted > 30, "the table has to have documents that are right");
}

#[test]
fn the_differences_are_these() {
    for text in BEYOND {
        assert!(matches!(ours(text), Reading::Accepted(_)), "{text:?}");
        assert!(json5::from_str::<Value>(text).is_err(), "{text:?} is JSON5 after all");
    }
    for text in REFUSED {
        assert!(matches!(ours(text), Reading::Refused), "{text:?}");
        assert!(json5::from_str::<Value>(text).is_ok(), "{text:?} is no JSON5 after all");
    }
}

/// Documents grown by a fixed rule out of pieces: agreement beyond what a table thinks of.
#[test]
fn grown_documents_are_read_alike() {
    const PIECES: &[&str] =
        &["{", "}", "[", "]", ",", ":", "a", "'s'", "\"t\"", "1", "-.5", "0x1F", "null", " ", "\n", "/*c*/", "//d\n"];
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = |bound: usize| {
        // Xorshift: the same documents in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % bound
    };
    let mut both = 0;
    for _ in 0..60_000 {
        let length = next(9) + 1;
        let text: String = (0..length).map(|_| PIECES[next(PIECES.len())]).collect();
        let theirs = json5::from_str::<Value>(&text);
        match ours(&text) {
            // Numbers as names and blank documents are known differences.
            Reading::Accepted(Some(value)) => match theirs {
                Ok(theirs) => {
                    assert_eq!(value, as_doubles(theirs), "{text:?}");
                    both += 1;
                }
                Err(error) => assert!(has_number_as_name(&value), "{text:?} accepted here, there {error}"),
            },
            Reading::Accepted(None) => {}
            Reading::Refused => assert!(theirs.is_err(), "{text:?} refused here, accepted there"),
        }
    }
    assert!(both > 1000, "too few documents were right: {both}");
}

fn has_number_as_name(value: &Value) -> bool {
    match value {
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| !name.starts_with(|c: char| c.is_alphabetic()) || has_number_as_name(value)),
        Value::Array(elements) => elements.iter().any(has_number_as_name),
        _ => false,
    }
}
