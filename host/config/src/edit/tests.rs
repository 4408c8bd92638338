use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::thread;

use serde_json::{Value, json};

use super::super::document::{self, Value as Content};
use super::super::locate::{ChosenBy, Location};
use super::super::path::Segment::{self, Element, Member};
use super::{ConfigEdit, Document, EditError, EditValue};

fn document(text: &str) -> Document {
    Document::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
}

pub(super) fn value(json5: &str) -> EditValue {
    EditValue::parse(json5).unwrap_or_else(|error| panic!("{json5:?}: {error}"))
}

/// `a.b[0]` to segments.
fn path(text: &str) -> Vec<Segment> {
    let mut segments = Vec::new();
    for part in text.split('.') {
        let (name, indexes) = part.split_once('[').unwrap_or((part, ""));
        segments.push(Member(name.to_owned()));
        let indexes = indexes.split(['[', ']']).filter(|index| !index.is_empty());
        segments.extend(indexes.map(|index| Element(index.parse().expect("an index"))));
    }
    segments
}

fn set(text: &str, at: &str, to: &str) -> String {
    let mut document = document(text);
    document.set(&path(at), value(to)).unwrap_or_else(|error| panic!("{text:?} {at}: {error}"));
    document.text().to_owned()
}

fn append(text: &str, at: &str, what: &str) -> String {
    let mut document = document(text);
    document.append(&path(at), value(what)).unwrap_or_else(|error| panic!("{text:?} {at}: {error}"));
    document.text().to_owned()
}

fn remove(text: &str, at: &str) -> String {
    let mut document = document(text);
    assert!(document.remove(&path(at)).expect("a path"), "{at} is in {text:?}");
    document.text().to_owned()
}

const CONFIG: &str = r#"// Ours.
{
  models: { // which
    providers: {},
  },
  /* the gateway */
  quarry: {
    listen: '127.0.0.1:1', // here
    keys: [
      // the first
      { name: "a", hash: 'x' }, // of Alice
      { name: "b" },
    ],
    "drainSeconds": 0x10,
  }, // end
}
"#;

#[test]
fn what_is_not_edited_stays_as_it_is() {
    assert_eq!(document(CONFIG).text(), CONFIG);
    assert_eq!(set(CONFIG, "quarry.listen", "'[::]:2'"), CONFIG.replace("'127.0.0.1:1'", "\"[::]:2\""));
    assert_eq!(set(CONFIG, "quarry.drainSeconds", "0x20"), CONFIG.replace("0x10", "0x20"));
    assert_eq!(set(CONFIG, "quarry.keys[1].name", "'c'"), CONFIG.replace("\"b\"", "\"c\""));
    assert_eq!(set(CONFIG, "quarry.fallbacks", "false"), CONFIG.replace("0x10,\n", "0x10,\n    fallbacks: false,\n"));
    assert_eq!(
        append(CONFIG, "quarry.keys", "{name: 'c', models: ['x']}"),
        CONFIG.replace(
            "{ name: \"b\" },\n",
            "{ name: \"b\" },\n      {\n        name: \"c\",\n        models: [\"x\"],\n      },\n"
        )
    );
    assert_eq!(remove(CONFIG, "quarry.keys[1]"), CONFIG.replace("      { name: \"b\" },\n", ""));
    assert_eq!(remove(CONFIG, "quarry.drainSeconds"), CONFIG.replace("    \"drainSeconds\": 0x10,\n", ""));
}

#[test]
fn what_is_missing_on_the_way_is_made() {
    assert_eq!(
        set("", "quarry.keys[0].name", "'a'"),
        "{\n  \"quarry\": {\n    \"keys\": [\n      {\n        \"name\": \"a\"\n      }\n    ]\n  }\n}\n"
    );
    assert_eq!(append("", "a.b", "1"), "{\n  \"a\": {\n    \"b\": [1]\n  }\n}\n");
    assert_eq!(set("// only this\n", "a", "1"), "// only this\n{\n  \"a\": 1\n}\n");
    assert_eq!(set("{}", "a", "1"), "{\n  \"a\": 1\n}");
    assert_eq!(set("{\r\n\t\"a\": 1\r\n}\r\n", "b", "2"), "{\r\n\t\"a\": 1,\r\n\t\"b\": 2\r\n}\r\n");
    assert_eq!(set("{\n  a: 1 // one\n}", "b", "2"), "{\n  a: 1, // one\n  b: 2\n}");
    assert_eq!(set("{a: 1}", "b-c", "2").replace(['\n', ' '], ""), "{a:1,\"b-c\":2}");
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    assert_eq!(set("{a: 1, a: 2}", "a", "3"), "{a: 1, a: 3}");
    assert_eq!(remove("{a: 1, b: 0, a: 2}", "a").replace(' ', ""), "{b:0}");
}

#[test]
fn what_cannot_be_done_is_told_and_changes_nothing() {
    let text = "{a: 1, b: {c: []}, d: null}";
    let refused = |at: &str| {
        let mut document = document(text);
        let error = document.set(&path(at), value("5")).expect_err(at).to_string();
        (document.text() == text).then_some(error).expect("it is as it was")
    };
    assert_eq!(refused("a.b"), "a is not an object");
    assert_eq!(refused("a[0]"), "a is not a list");
    assert_eq!(refused("d.e"), "d is not an object");
    assert_eq!(refused("b[0]"), "b is not a list");
    assert_eq!(refused("b.c.d"), "b.c is not an object");
    assert_eq!(refused("b.c[1]"), "b.c[1] does not exist, and no element before it that it could follow");
    assert_eq!(refused("b.c[1].x"), "b.c[1] does not exist, and no element before it that it could follow");
    assert_eq!(refused("b.n[1]"), "b.n[1] does not exist, and no element before it that it could follow");
    let mut list = document("[1]");
    assert_eq!(list.set(&path("a"), value("5")).expect_err("a list").to_string(), "the configuration is not an object");
    assert!(matches!(document(text).set(&[], value("5")), Err(EditError::EmptyPath)));
    let deep = Segment::members(std::iter::repeat_n("n", 100_000));
    assert!(matches!(document(text).set(&deep, value("5")), Err(EditError::TooDeep)));
    let lists = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for depth in [65, 1_000_000] {
        let error = EditValue::parse(&lists(depth)).expect_err("too deep").to_string();
        assert!(error.contains("objects and lists are nested too deeply"), "{error}");
    }
    assert!(Document::parse(&format!("{{a: {}}}", lists(63))).is_ok());
    assert_eq!(
        Document::parse(&format!("{{a: {}}}", lists(64))).map_err(|fault| fault.position.line).expect_err("too deep"),
        1
    );
    let mut nested = document(text);
    assert!(matches!(nested.set(&Segment::members(["n"; 33]), value(&lists(32))), Err(EditError::TooDeep)));
    assert_eq!(nested.text(), text);
    nested.set(&Segment::members(["n"; 32]), value(&lists(32))).expect("it is not too deep");
    assert!(nested.contains(&path("b.c")) && !nested.contains(&path("b.d")));
    assert!(matches!(document(text).append(&path("b"), value("5")), Err(EditError::WrongKind { .. })));
    for at in ["x", "a.b", "b.c[0]", "x.y[3].z", "d.e"] {
        assert!(!document(text).remove(&path(at)).expect("a path"), "{at}");
    }
    for (wrong, place) in [("", "line 1, column 1"), ("{a:\n b", "line 2"), ("1 2", "column 3")] {
        let error = EditValue::parse(wrong).expect_err(wrong).to_string();
        assert!(error.contains(place), "{error}");
    }
}

/// A tree as plain JSON, independently of the code under test.
pub(super) fn plain(text: &str) -> Value {
    fn of(node: &document::Node) -> Value {
        match &node.value {
            Content::Object(members) => members.iter().map(|member| (member.name.clone(), of(&member.node))).collect(),
            Content::List(elements) => elements.iter().map(of).collect(),
            Content::Text(text) | Content::Number(text) => json!(text),
            Content::Boolean(value) => json!(value),
            Content::Null => Value::Null,
        }
    }
    let parsed = document::Document::parse(text).unwrap_or_else(|fault| panic!("{text:?}: {fault:?}"));
    parsed.root().map_or_else(|| json!({}), of)
}

#[test]
fn an_edit_changes_the_meaning_at_its_path_alone() {
    let texts = [
        "{}",
        "",
        "{ }",
        "{\n}",
        "{/* a */}",
        "{ // a\n}",
        "{a:1}",
        "{a:1,}",
        "{\n a:1\n}",
        "{\n a:1,\n}",
        "{a:1//x\n}",
        "{a:1//x\n,}",
        "{a:/*1*/1/*2*/,/*3*/}",
        "{'a':{}}",
        "{a:[]}",
        "{a:[1]}",
        "{a:[1,]}",
        "{a:[1//x\n]}",
        "{a:[\n1,\n2\n]}",
        "{a:[1,2,3],b:{c:{d:[{e:1}]}}}",
        "{\r\n a:1\r\n}",
        "{\"a\\u0062\":1, b:[{},{}]}",
        "/*x*/{a:1}/*y*/",
        "{a:'\\\n'}",
        "{a:{b:1}, /* z */ b: [ /* in */ ] }",
        "{1:2, a:+.5, b:-Infinity}",
        "{a:[[1],[2]]}",
    ];
    let new = [
        ("5", json!("5")),
        ("'\\'\"\\n\\u0000é'", json!("'\"\n\0é")),
        ("{x:[{},[]],'y z':null}", json!({"x": [{}, []], "y z": null})),
    ];
    let mut edits = 0;
    for text in texts {
        let before = plain(text);
        for at in ["a", "b", "n", "a.b", "a[0]", "a[1]", "n.m", "b.c.d[0].e", "b.c.d[1]", "n[0]", "b[0]", "1"] {
            let pointer = at.split(['.', '[', ']']).filter(|part| !part.is_empty()).map(|part| format!("/{part}"));
            let pointer: String = pointer.collect();
            for (json5, expected) in &new {
                let mut document = document(text);
                if document.set(&path(at), value(json5)).is_err() {
                    assert_eq!(plain(document.text()), before, "a refused edit of {text:?} at {at}");
                    continue;
                }
                edits += 1;
                let after = plain(document.text());
                assert_eq!(after.pointer(&pointer), Some(expected), "{text:?} {at}: {:?}", document.text());
                // The rest is as it was, and removing it again brings back what was there or an empty container.
                assert!(document.remove(&path(at)).expect("a path"), "{text:?} {at}");
                let removed = plain(document.text());
                for (name, member) in before.as_object().expect("objects all") {
                    if !pointer.starts_with(&format!("/{name}")) {
                        assert_eq!(removed.get(name), Some(member), "{text:?} {at}: {:?}", document.text());
                    }
                }
                let comments = |text: &str| text.matches("/*").count() + text.matches("//").count();
                let own = comments(document.text());
                assert!(own <= comments(text), "no comment is made up: {:?}", document.text());
            }
        }
    }
    assert!(edits > 300, "{edits}");
}

fn at(path: &Path) -> Location {
    Location { path: path.to_owned(), chosen_by: ChosenBy::Flag }
}

fn edit(path: &Path) -> Result<(), EditError> {
    let mut edit = ConfigEdit::open(&at(path))?;
    edit.set(&Segment::members(["quarry", "drainSeconds"]), EditValue::from(5))?;
    edit.save()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.into_string().expect("UTF-8")).collect();
    names.sort();
    names
}

const NEW: &str = "{\n  \"quarry\": {\n    \"drainSeconds\": 5\n  }\n}\n";

#[test]
fn a_new_file_is_its_users_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a/b/config.json5");
    edit(&path).expect("made");
    assert_eq!((fs::read_to_string(&path).expect("it is there").as_str(), mode(&path)), (NEW, 0o600));
    assert_eq!((mode(&folder.path().join("a")), mode(&folder.path().join("a/b"))), (0o700, 0o700));
    assert_eq!(names(&folder.path().join("a/b")), ["config.json5"], "nothing was there to back up");
}

#[test]
fn a_file_keeps_its_mode_and_its_old_text_beside_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.json5");
    let old = "\u{feff}{a: 1}";
    fs::write(&path, old).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("set");
    edit(&path).expect("edited");
    let new = fs::read_to_string(&path).expect("it is there");
    assert!(new.starts_with("\u{feff}{") && new.contains("drainSeconds: 5"), "{new}");
    let backup = folder.path().join("c.json5.bak");
    assert_eq!(fs::read_to_string(&backup).expect("it is there"), old);
    assert_eq!((mode(&path), mode(&backup)), (0o640, 0o640));
    assert_eq!(names(folder.path()), ["c.json5", "c.json5.bak"]);
    // The same once more changes nothing, not even the backup.
    let written = fs::metadata(&path).expect("it is there").ino();
    edit(&path).expect("edited");
    assert_eq!(fs::metadata(&path).expect("it is there").ino(), written);
    assert_eq!(fs::read_to_string(&backup).expect("it is there"), old);
}

#[test]
fn a_symbolic_link_stays_and_what_it_leads_to_is_edited() {
    let folder = tempfile::tempdir().expect("a folder");
    let (real, link) = (folder.path().join("dotfiles/c.json5"), folder.path().join("link.json5"));
    fs::create_dir(folder.path().join("dotfiles")).expect("made");
    fs::write(&real, "{}").expect("written");
    symlink("dotfiles/c.json5", &link).expect("linked");
    edit(&link).expect("edited");
    assert!(fs::symlink_metadata(&link).expect("it is there").is_symlink());
    assert!(fs::read_to_string(&real).expect("it is there").contains("drainSeconds"));
    assert_eq!(names(&folder.path().join("dotfiles")), ["c.json5", "c.json5.bak"]);
    fs::remove_file(&real).expect("removed");
    let error = edit(&link).expect_err("it leads nowhere").to_string();
    assert!(error.contains("link.json5"), "{error}");
}

#[test]
fn what_is_not_valid_or_no_file_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.json5");
    fs::write(&path, "{\n  a: 'é' b: 2\n}").expect("written");
    let error = edit(&path).expect_err("not valid").to_string();
    assert!(error.contains("c.json5:2:9: the file is not valid JSON5"), "{error}");
    assert_eq!(names(folder.path()), ["c.json5"]);
    fs::write(&path, [b'{', 0xff]).expect("written");
    assert!(edit(&path).expect_err("not UTF-8").to_string().contains("not UTF-8"));
    assert!(matches!(edit(folder.path()), Err(EditError::NotAFile { .. })));
    assert!(matches!(edit(Path::new("/dev/null")), Err(EditError::NotAFile { .. } | EditError::NotWritten { .. })));
}

#[test]
fn a_change_by_another_program_is_not_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.json5");
    fs::write(&path, "{}").expect("written");
    let mut edit = ConfigEdit::open(&at(&path)).expect("opened");
    edit.set(&Segment::members(["a"]), EditValue::from(true)).expect("set");
    fs::write(&path, "{b: 1}").expect("written");
    assert!(matches!(edit.save(), Err(EditError::Changed { .. })));
    assert_eq!(fs::read_to_string(&path).expect("it is there"), "{b: 1}");
    assert_eq!(names(folder.path()), ["c.json5"]);
}

#[test]
fn of_edits_at_once_none_is_lost() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new/c.json5");
    thread::scope(|scope| {
        for number in 0_u64..8 {
            let path = &path;
            scope.spawn(move || {
                let mut edit = ConfigEdit::open(&at(path)).expect("opened");
                edit.append(&Segment::members(["list"]), EditValue::from(number)).expect("appended");
                edit.save().expect("saved");
            });
        }
    });
    let list = plain(&fs::read_to_string(&path).expect("it is there"));
    let mut found: Vec<&str> = list["list"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    found.sort_unstable();
    assert_eq!(found, ["0", "1", "2", "3", "4", "5", "6", "7"]);
}
