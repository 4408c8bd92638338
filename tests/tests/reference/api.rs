//! The HTTP API.

use std::collections::BTreeSet;

use quarry_gateway::openapi;

use crate::page::{self, table};
use crate::source::{Place, literals, read};

const PAGE: &str = "docs/reference/http-api.md";

#[test]
fn the_endpoints_are_those_of_the_gateway() {
    let document = openapi();
    let operations = document["paths"].as_object().expect("paths").iter().flat_map(|(path, operations)| {
        let operations = operations.as_object().expect("operations").iter();
        operations.map(move |(method, operation)| {
            let key = if operation["security"].is_null() { "no" } else { "yes" };
            let summary = operation["summary"].as_str().expect("a summary").to_owned();
            [format!("`{} {path}`", method.to_uppercase()), key.to_owned(), summary]
        })
    });
    page::has_table(PAGE, "# HTTP API", &table(["Endpoint", "Key", "Format"], operations));
}

#[test]
fn bedrocks_members_are_those_that_are_read() {
    let source = read("host/gateway/src/wire/bedrock_members.rs");
    let (source, _) = source.split_once("#[cfg(test)]").expect("it has tests");
    let after = |call: &str| -> Vec<String> {
        let calls = source.split(call).skip(1);
        calls.filter_map(|rest| rest.split_once('"').map(|(name, _)| name.to_owned())).collect()
    };
    let in_lists = literals(source).into_iter().filter(|(_, place)| *place == Place::List).map(|(name, _)| name);
    let read_by_code: BTreeSet<_> = after("body.take(\"")
        .into_iter()
        .chain(after("body.items(\""))
        .chain(after("body.flag(\""))
        .chain(in_lists)
        .collect();
    let page = read(PAGE);
    let (_, section) = page.split_once("\n## Bedrock's own members\n").expect("the page has the section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let listed: BTreeSet<_> = rows.map(|(name, _)| name.to_owned()).collect();
    assert!(listed.len() >= 8, "{listed:?}");
    assert_eq!(listed, read_by_code);
}
