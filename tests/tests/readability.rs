//! How long the sentences of the pages are. Tables and blocks of code have none.

use std::fs;
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The most words that half of the sentences have.
const MEDIAN: usize = 20;

/// The most words of any sentence.
const LONGEST: usize = 30;

/// Every page, by its path from the root.
fn pages() -> Vec<(String, String)> {
    let mut pages = Vec::new();
    collect("", &mut pages);
    assert!(pages.len() > 50, "{} pages", pages.len());
    pages
}

fn collect(prefix: &str, pages: &mut Vec<(String, String)>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(prefix);
    for entry in fs::read_dir(folder).expect("a folder of the tree") {
        let entry = entry.expect("readable");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        // What other programs made, and recordings of others beside the tree.
        if name.starts_with('.') || ["node_modules", "shared", "target"].contains(&name.as_str()) {
            continue;
        }
        if entry.path().is_dir() {
            collect(&format!("{path}/"), pages);
        } else if name.ends_with(".md") {
            let text = fs::read_to_string(entry.path()).unwrap_or_else(|error| panic!("{path}: {error}"));
            pages.push((path, text));
        }
    }
}

/// The sentences of a page. A list's item and a heading end one.
fn sentences(page: &str) -> Vec<String> {
    let (mut sentences, mut text, mut outside) = (Vec::new(), String::new(), 0);
    for event in Parser::new_ext(page, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Table(_) | Tag::CodeBlock(_) | Tag::HtmlBlock | Tag::Heading { .. }) => {
                split(&mut text, &mut sentences);
                outside += 1;
            }
            Event::End(TagEnd::Table | TagEnd::CodeBlock | TagEnd::HtmlBlock | TagEnd::Heading(_)) => outside -= 1,
            Event::Start(Tag::Paragraph | Tag::Item) | Event::End(TagEnd::Paragraph | TagEnd::Item) => {
                split(&mut text, &mut sentences);
            }
            Event::Text(part) if outside == 0 => text.push_str(&part),
            // One word, whatever stands in it.
            Event::Code(_) if outside == 0 => text.push_str("CODE"),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    split(&mut text, &mut sentences);
    sentences
}

fn split(text: &mut String, sentences: &mut Vec<String>) {
    let mut sentence = Vec::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    for (index, word) in words.iter().enumerate() {
        sentence.push(*word);
        let begins = |word: &&str| word.trim_start_matches(['(', '"', '“']).starts_with(|c: char| c.is_uppercase());
        if word.trim_end_matches([')', '"', '”']).ends_with(['.', '!', '?']) && words.get(index + 1).is_none_or(begins)
        {
            sentences.push(sentence.join(" "));
            sentence.clear();
        }
    }
    if !sentence.is_empty() {
        sentences.push(sentence.join(" "));
    }
    text.clear();
}

#[test]
fn the_pages_can_be_read_once() {
    let (mut lengths, mut long) = (Vec::new(), Vec::new());
    for (path, page) in pages() {
        for sentence in sentences(&page) {
            let words = sentence.split(' ').count();
            lengths.push(words);
            if words > LONGEST {
                long.push(format!("{path}: {words} words: {sentence}"));
            }
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    println!("{} sentences, median {median}, longest {:?}", lengths.len(), lengths.last());
    assert!(median <= MEDIAN, "half of the sentences have more than {median} words");
    assert!(long.is_empty(), "more than {LONGEST} words:\n{}", long.join("\n"));
}

#[test]
fn sentences_are_told_from_tables_and_code() {
    let page = "# A heading. Of two\n\nOne `a b c` two. Three\nfour? e.g. five\n\n- An item\n- Another. Item\n\n| a | b |\n|---|---|\n| c d | e |\n\n```sh\nquarry\n```\n";
    let expected = ["One CODE two.", "Three four? e.g. five", "An item", "Another.", "Item"];
    assert_eq!(sentences(page), expected);
}
