//! The pages for operators: what they tell to type can be typed.

use super::gateway::accepts;
use super::tools::documents;
use super::{path, read};

/// The lines of a page's blocks of shell.
fn lines(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.flat_map(|(block, _)| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// What a line hands to `quarry`: by itself, or after what runs it elsewhere.
fn arguments(line: &str) -> Option<Vec<String>> {
    let line = line.split(" #").next().unwrap_or_default();
    let after = |before: &str| line.split_once(before).map(|(_, rest)| rest);
    let rest = line.strip_prefix("quarry ").or_else(|| line.strip_prefix("sudo quarry "));
    let rest = rest.or_else(|| after(" -- quarry ")).or_else(|| after(" /usr/local/bin/quarry "))?;
    Some(rest.split_whitespace().map(str::to_owned).collect())
}

#[test]
fn the_commands_of_the_pages_exist() {
    for (page, least) in [("README.md", 9), ("../README.md", 5)] {
        let found: Vec<Vec<String>> = lines(&read(page)).iter().filter_map(|line| arguments(line)).collect();
        // A line whose quotes or variables a shell would read is none of these.
        let plain = found.iter().filter(|words| words.iter().all(|word| !word.contains(['"', '$', '…'])));
        let mut checked = 0;
        for words in plain {
            assert_eq!(accepts(words), Ok(()), "{page}: quarry {}", words.join(" "));
            checked += 1;
        }
        assert!(checked >= least, "{page}: {checked} commands");
    }
}

#[test]
fn what_is_in_the_folder_is_explained() {
    let page = read("README.md");
    for entry in std::fs::read_dir(path(".")).expect("the folder is there") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        assert!(
            name == "README.md" || name.ends_with(".dockerignore") || page.contains(&format!("`{name}`")),
            "{name}"
        );
    }
}

#[test]
fn the_policy_for_aws_is_json() {
    let page = read("README.md");
    let (_, rest) = page.split_once("```json\n").expect("the page has a policy");
    let policy = &documents(rest.split("```").next().unwrap_or_default())[0];
    let actions = policy["Statement"][0]["Action"].as_array().map(Vec::len);
    assert!(actions >= Some(4), "{policy}");
}
