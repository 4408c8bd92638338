//! What the program's own source says: its texts, its constants, its documentation.

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::time::Duration;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::{BinOp, Expr, Item, Lit};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The Rust files below a folder of the tree, by their paths from the root.
pub(crate) fn rust_files(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let paths = entries.map(|entry| {
        let entry = entry.expect("a folder of the tree can be read");
        (format!("{folder}/{}", entry.file_name().to_string_lossy()), entry.path().is_dir())
    });
    let below = paths.flat_map(|(path, is_folder)| if is_folder { rust_files(&path) } else { vec![path] });
    below.filter(|path| path.ends_with(".rs")).collect()
}

/// Where a literal stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Place {
    Code,
    List,
    /// Such as the message of an error.
    Attribute,
}

/// The string literals of a source, without those of its documentation and its tests.
pub(crate) fn literals(source: &str) -> Vec<(String, Place)> {
    let mut found = Vec::new();
    collect(TokenStream::from_str(source).expect("a source of the tree"), Place::Code, &mut found);
    found
}

fn collect(tokens: TokenStream, place: Place, found: &mut Vec<(String, Place)>) {
    let (mut is_of_tests, mut is_attribute) = (false, false);
    for token in tokens {
        match &token {
            TokenTree::Group(group) if is_attribute => {
                let text = group.stream().to_string().replace(' ', "");
                is_of_tests |= text == "cfg(test)";
                if !text.starts_with("doc=") {
                    collect(group.stream(), Place::Attribute, found);
                }
            }
            TokenTree::Group(group) => {
                if !is_of_tests {
                    let is_list = group.delimiter() == Delimiter::Bracket && place == Place::Code;
                    collect(group.stream(), if is_list { Place::List } else { place }, found);
                }
                is_of_tests &= group.delimiter() != Delimiter::Brace;
            }
            TokenTree::Punct(mark) => is_of_tests &= mark.as_char() != ';',
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                    && !is_of_tests
                {
                    found.push((text.value(), place));
                }
            }
            TokenTree::Ident(_) => {}
        }
        // `#[…]` or `#![…]`, and not `vec![…]`.
        is_attribute = match &token {
            TokenTree::Punct(mark) => mark.as_char() == '#' || is_attribute && mark.as_char() == '!',
            _ => false,
        };
    }
}

/// A constant's value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Constant {
    Number(u64),
    Time(Duration),
}

/// The constant of this name in a file of the tree.
pub(crate) fn constant(path: &str, name: &str) -> Constant {
    let file = syn::parse_file(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    named(&file, name).unwrap_or_else(|| panic!("{path} has no constant {name} that can be read"))
}

fn named(file: &syn::File, name: &str) -> Option<Constant> {
    let found = file.items.iter().find_map(|item| match item {
        Item::Const(constant) if constant.ident == name => Some(&*constant.expr),
        _ => None,
    });
    value(file, found?)
}

fn value(file: &syn::File, expression: &Expr) -> Option<Constant> {
    let number = |expression: &Expr| match value(file, expression)? {
        Constant::Number(number) => Some(number),
        Constant::Time(_) => None,
    };
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) => number.base10_parse().ok().map(Constant::Number),
            _ => None,
        },
        Expr::Binary(binary) => {
            let (left, right) = (number(&binary.left)?, number(&binary.right)?);
            let result = match binary.op {
                BinOp::Shl(_) => left.checked_shl(u32::try_from(right).ok()?),
                BinOp::Mul(_) => left.checked_mul(right),
                BinOp::Add(_) => left.checked_add(right),
                _ => None,
            };
            result.map(Constant::Number)
        }
        Expr::Paren(paren) => value(file, &paren.expr),
        Expr::Path(path) => named(file, &path.path.get_ident()?.to_string()),
        Expr::Call(call) => {
            let Expr::Path(function) = &*call.func else { return None };
            let argument = number(call.args.first()?)?;
            let time = match function.path.segments.last()?.ident.to_string().as_str() {
                "from_secs" => Duration::from_secs(argument),
                "from_millis" => Duration::from_millis(argument),
                "from_micros" => Duration::from_micros(argument),
                _ => return None,
            };
            Some(Constant::Time(time))
        }
        _ => None,
    }
}

/// The variants of an enum in a file of the tree, each with the first paragraph of its documentation.
pub(crate) fn variants(path: &str, name: &str) -> Vec<(String, String)> {
    let file = syn::parse_file(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let found = file.items.into_iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == name => Some(item.variants),
        _ => None,
    });
    let variants = found.unwrap_or_else(|| panic!("{path} has no enum {name}"));
    variants.iter().map(|variant| (variant.ident.to_string(), documentation(&variant.attrs))).collect()
}

fn documentation(attributes: &[syn::Attribute]) -> String {
    let lines = attributes.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(doc) if doc.path.is_ident("doc") => match &doc.value {
            Expr::Lit(syn::ExprLit { lit: Lit::Str(line), .. }) => Some(line.value().trim().to_owned()),
            _ => None,
        },
        _ => None,
    });
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn literals_are_told_from_lists_documentation_and_tests() {
    let source = "/// \"a b c\"\nconst X: &[&str] = &[\"in a list\"];\nfn f() { g(\"one \\\n     two {three} \\\"four\\\"\"); }\n\
                  #[cfg(test)]\nmod tests { const Y: &str = \"of a test\"; }\n#[error(\"of an error\")]\nconst Z: &str = r#\"five\"#;";
    let expected = [
        ("in a list".to_owned(), Place::List),
        ("one two {three} \"four\"".to_owned(), Place::Code),
        ("of an error".to_owned(), Place::Attribute),
        ("five".to_owned(), Place::Code),
    ];
    assert_eq!(literals(source), expected);
}

#[test]
fn constants_are_reckoned() {
    let file = syn::parse_file(
        "const A: u64 = 8; const B: u64 = 3 + A * (64 << 10); const C: Duration = Duration::from_secs(5 * 60); const D: u64 = f();",
    )
    .expect("a source");
    assert_eq!(named(&file, "B"), Some(Constant::Number(3 + 8 * 65536)));
    assert_eq!(named(&file, "C"), Some(Constant::Time(Duration::from_secs(300))));
    assert_eq!(named(&file, "D"), None);
}

/// The arms of a variant of the contract, each with its documentation.
pub(crate) fn arms(file: &str, variant: &str) -> Vec<(String, String)> {
    let text = read(file);
    let (_, rest) = text.split_once(&format!("variant {variant} {{\n")).unwrap_or_else(|| panic!("{file}: {variant}"));
    let (mut arms, mut meaning) = (Vec::new(), String::new());
    for line in rest.lines().map(str::trim).take_while(|line| *line != "}") {
        match line.strip_prefix("///") {
            Some(words) => meaning = format!("{meaning}{words}"),
            None => {
                let name = line.split(['(', ',']).next().unwrap_or(line);
                arms.push((name.to_owned(), std::mem::take(&mut meaning).trim().trim_end_matches('.').to_owned()));
            }
        }
    }
    arms
}
