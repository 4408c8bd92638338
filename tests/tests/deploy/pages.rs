//! The pages for operators: what they name is there. What they tell to type is typed by `host/cli/tests/serving/documentation.rs`.

use super::tools::documents;
use super::{path, read};

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
#[ignore = "peers: Python"]
fn the_policy_for_aws_is_json() {
    let page = read("../docs/getting-started/ec2.md");
    let (_, rest) = page.split_once("```json\n").expect("the page has a policy");
    let policy = &documents(rest.split("```").next().unwrap_or_default())[0];
    let actions = policy["Statement"][0]["Action"].as_array().map(Vec::len);
    assert!(actions >= Some(4), "{policy}");
}
