//! A thousand edits of one commented file, one after the other, as `quarry config set` and `unset` make them.

use serde_json::{Value, json};

use super::tests::{plain, value};
use super::{ConfigEdit, EditValue, Location, Segment};
use crate::{ChosenBy, ConfigText, Shown, parse_path};

/// Every line has a comment of its own, so that each can be found again.
const COMMENTED: &str = r#"// c0: the office's gateway
{
  // c1: models
  models: {
    bedrockDiscovery: { // c2
      enabled: true, // c3
      region: 'eu-west-1', // c4: where we are
      providerFilter: ["anthropic", 'amazon'], // c5
      refreshInterval: 0xe10 /* c6: an hour */,
    }, // c7

    /* c8:
       on several lines,
         oddly indented */
    providers: {
	"amazon-bedrock": { // c9: after a tab
        models: [
          { id: "a.b-c-v1:0", name: 'One', contextWindow: +32000 }, // c10
          // c11: between
          { id: 'd', maxTokens: .5e4 } // c12: the last, no comma
        ], // c13
      } // c14: no comma either
    }, // c15
  },
  agents: { defaults: { model: { primary: "x" } } }, // c16
  quarry: {// c17: no space
    drainSeconds: 5, // c18
    limits: {}, // c19
    cors: [], // c20
  },
  // c21: at the end
}
// c22: behind it
"#;

/// Members and elements that the edits set, those first that the text has.
const PATHS: [&str; 16] = [
    "models.bedrockDiscovery.enabled",
    "models.bedrockDiscovery.region",
    "models.bedrockDiscovery.providerFilter[1]",
    "models.bedrockDiscovery.refreshInterval",
    r#"models.providers."amazon-bedrock".models[0].name"#,
    r#"models.providers."amazon-bedrock".models[1].maxTokens"#,
    "agents.defaults.model.primary",
    "quarry.drainSeconds",
    "plugins.entries.new",
    "models.bedrockDiscovery.providerFilter[2]",
    r#"models.providers."amazon-bedrock".baseUrl"#,
    r#"agents.defaults.models."amazon-bedrock/a.b".alias"#,
    "quarry.limits.idleSeconds",
    "quarry.cors[0]",
    "quarry.log.format",
    "another",
];

#[test]
fn a_thousand_edits_leave_every_other_line_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("config.json5");
    std::fs::write(&path, COMMENTED).expect("written");
    let location = Location { path: path.clone(), chosen_by: ChosenBy::Flag };
    let mut random = fastrand::Rng::with_seed(20_261_121);
    let (mut set, mut removed) = (0, 0);
    for edit in 0..1_000 {
        let before = std::fs::read_to_string(&path).expect("readable");
        let at = parse_path(PATHS[random.usize(..PATHS.len())]).expect("a path");
        let mut file = ConfigEdit::open(&location).expect("it is always valid");
        let expected = if random.u8(..4) == 0 && !COMMENTED.contains(&name_of(&at)) {
            if !file.remove(&at).expect("a path") {
                continue;
            }
            removed += 1;
            None
        } else {
            let (given, meant) = random_value(&mut random);
            if file.set(&at, given).is_err() {
                // An element behind one that is not there.
                assert_eq!(file.text(), before, "a refused edit changes nothing");
                continue;
            }
            set += 1;
            Some(meant)
        };
        file.save().expect("written");
        let after = std::fs::read_to_string(&path).expect("readable");
        let shown = Shown(&at);
        let now =
            ConfigEdit::open(&location).unwrap_or_else(|error| panic!("edit {edit} of {shown}: {error}\n{after}"));
        let text = ConfigText::of(now.file().expect("it is there"));
        assert_eq!(text.value(&at), expected, "edit {edit} of {shown}\n{after}");
        assert_others_stay(&before, &after, &at);
    }
    assert!(set > 600 && removed > 50, "{set} set, {removed} removed");
    let end = std::fs::read_to_string(&path).expect("readable");
    for comment in 0..=22 {
        assert!(end.contains(&format!("c{comment}")), "comment {comment} is lost:\n{end}");
    }
    for line in [
        "// c0: the office's gateway",
        "    /* c8:",
        "       on several lines,",
        "         oddly indented */",
        "// c22: behind it",
    ] {
        assert!(end.lines().any(|present| present == line), "{line:?} is lost:\n{end}");
    }
}

fn name_of(path: &[Segment]) -> String {
    match path.last() {
        Some(Segment::Member(name)) => name.clone(),
        // Elements of lists that the text has stay.
        _ => "providerFilter".to_owned(),
    }
}

fn random_value(random: &mut fastrand::Rng) -> (EditValue, Value) {
    let number = random.u32(..100_000);
    match random.u8(..4) {
        0 => (EditValue::from(u64::from(number)), json!(number)),
        1 => {
            (value(&format!("'it\\'s \"{number}\" // no comment'")), json!(format!("it's \"{number}\" // no comment")))
        }
        2 => (value(&format!("{{a: [{number}, {{}}], 'b.c': null}}")), json!({"a": [number, {}], "b.c": null})),
        _ => (value("[]"), json!([])),
    }
}

/// The meaning elsewhere is as before, and so is every line but those of the value itself: the lines that went and the ones that
/// came lie together.
fn assert_others_stay(before: &str, after: &str, at: &[Segment]) {
    let Some(Segment::Member(first)) = at.first() else { panic!("paths begin with members") };
    let (was, is) = (plain(before), plain(after));
    for (name, member) in was.as_object().expect("an object") {
        assert!(name == first || is.get(name) == Some(member), "{name} has changed:\n{after}");
    }
    let (was, is): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = was.iter().zip(&is).take_while(|(was, is)| was == is).count();
    let rest = was.len().min(is.len()) - same;
    let same_end = was.iter().rev().zip(is.iter().rev()).take(rest).take_while(|(was, is)| was == is).count();
    let gone = &was[same..was.len() - same_end];
    // A value of several lines that is replaced goes as a whole; our values have at most six lines, and a comma may come before.
    assert!(gone.len() <= 10, "{} lines went for {}:\n{}\nnow\n{after}", gone.len(), Shown(at), gone.join("\n"));
    for line in gone {
        for comment in line.match_indices("// c").map(|(offset, _)| &line[offset..]) {
            assert!(after.contains(comment), "{comment:?} went with {}:\n{after}", Shown(at));
        }
    }
}
