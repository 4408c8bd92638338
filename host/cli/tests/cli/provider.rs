//! `quarry provider`, and components of other people.

use std::fs;

use crate::support::{Body, Quarry, SONNET, component_of, provider_component, simulator};

/// A component that is right in everything but what it does.
const TRAPS: Body = Body { version: "0.1.0", memory: "1", function: "about#identify", code: "unreachable" };

#[test]
fn the_embedded_component_imports_nothing() {
    let quarry = Quarry::new();
    let shown = quarry.run(&["provider", "inspect", "--json"]).succeeded().json();
    assert_eq!(shown["imports"], serde_json::json!([]));
    assert_eq!((&shown["name"], &shown["witVersion"]), (&"(embedded)".into(), &"0.1.0".into()));
    let exports: Vec<&str> =
        shown["exports"].as_array().into_iter().flatten().filter_map(|name| name.as_str()).collect();
    for function in ["about@0.1.0#identify", "config@0.1.0#merge", "conversation@0.1.0#[method]turn.push"] {
        assert!(exports.contains(&format!("quarry:provider/{function}").as_str()), "{function}: {exports:?}");
    }
    for verb in ["merge", "discover", "prepare", "translate", "explain"] {
        assert!(shown["cases"][verb].as_u64().is_some_and(|count| count >= 10), "{verb}: {shown:#}");
    }
    let text = quarry.run(&["provider", "inspect"]);
    let lines: Vec<&str> = text.succeeded().stdout.lines().collect();
    for line in ["component    (embedded)", "WIT          quarry:provider@0.1.0", "imports      none"] {
        assert!(lines.contains(&line), "{line}: {text:?}");
    }
    let sha256 = format!("sha256       {}", shown["sha256"].as_str().unwrap_or_default());
    assert!(lines.contains(&sha256.as_str()) && sha256.len() == 13 + 64, "{text:?}");
    assert!(lines.contains(&format!("size         {} bytes", shown["size"]).as_str()), "{text:?}");
}

#[test]
fn an_exported_component_is_the_embedded_one_and_can_be_used() {
    let quarry = Quarry::asking(simulator());
    let exported = quarry.run(&["provider", "export", "mine.wasm"]);
    assert_eq!((exported.code, exported.stdout.as_str()), (Some(0), ""), "{exported:?}");
    assert!(exported.stderr.ends_with(" bytes written to mine.wasm\n"), "{exported:?}");
    let embedded = quarry.run(&["provider", "inspect", "--json"]).json();
    let inspected = quarry.run(&["provider", "inspect", "mine.wasm", "--json"]).succeeded().json();
    assert_eq!((&inspected["sha256"], &inspected["size"]), (&embedded["sha256"], &embedded["size"]));
    assert_eq!(inspected["name"], "mine.wasm");
    let answer = quarry.run(&["chat", "--provider-component", "mine.wasm", "--model", SONNET, "echo mine"]);
    assert_eq!(answer.succeeded().stdout, "mine\n");

    let before = fs::read(quarry.path("mine.wasm")).expect("it was written");
    quarry
        .run(&["provider", "export", "mine.wasm"])
        .failed_with(2, &["mine.wasm exists already and was not overwritten"]);
    assert!(fs::read(quarry.path("mine.wasm")).expect("it is still there") == before);
    quarry
        .run(&["provider", "export", "nowhere/x.wasm"])
        .failed_with(2, &["cannot create nowhere/x.wasm: No such file"]);
}

#[test]
fn what_is_no_component_is_refused() {
    let refused = |bytes: &[u8], words: &[&str]| {
        let quarry = Quarry::asking(simulator()).file("p.wasm", bytes);
        for command in [
            ["provider", "inspect", "p.wasm"].as_slice(),
            &["chat", "--provider-component", "p.wasm", "--model", SONNET, "hello"],
            &["conformance", "p.wasm"],
        ] {
            quarry.run(command).failed_with(2, words);
        }
    };
    refused(b"", &["p.wasm is not a WebAssembly component", "magic number"]);
    refused(b"#!/bin/sh\n", &["p.wasm is not a WebAssembly component", "magic number"]);
    refused(b"\x7fELF\x02\x01\x01", &["machine code (ELF), which is never loaded"]);
    refused(&component_of("(module)"), &["it is a core module", "wasm-tools component new"]);
    let mut cut = component_of("(component (core module (func)))");
    cut.truncate(cut.len() - 3);
    refused(&cut, &["p.wasm is not a WebAssembly component"]);
    Quarry::new().run(&["provider", "inspect", "none.wasm"]).failed_with(2, &["cannot read the component none.wasm"]);
}

#[test]
fn a_component_that_imports_anything_is_refused_by_name() {
    let component = component_of(
        r#"(component
          (import "wasi:cli/environment@0.2.6" (instance (export "get-environment" (func (result (list (tuple string string)))))))
          (import "quarry:host/secrets@0.1.0" (instance (export "read" (func (result string))) (export "write" (func))))
          (import "now" (func (result u64))))"#,
    );
    let names = [
        "wasi:cli/environment@0.2.6#get-environment",
        "quarry:host/secrets@0.1.0#read",
        "quarry:host/secrets@0.1.0#write",
        "now",
    ];
    let quarry = Quarry::asking(simulator()).file("p.wasm", component);
    for command in
        [["chat", "--provider-component", "p.wasm", "--model", SONNET, "hello"].as_slice(), &["conformance", "p.wasm"]]
    {
        quarry.run(command).failed_with(2, &names);
    }
    // To look at it is no harm.
    let shown = quarry.run(&["provider", "inspect", "p.wasm", "--json"]).succeeded().json();
    assert_eq!(shown["imports"], serde_json::json!(names));
    assert!(shown["witVersion"].is_null(), "{shown:#}");
    let text = quarry.run(&["provider", "inspect", "p.wasm"]);
    assert!(text.succeeded().stdout.contains("WIT          none: the component is not a provider"), "{text:?}");
}

#[test]
fn a_component_that_is_no_provider_of_this_contract_is_refused() {
    let refused = |component: &[u8], words: &[&str]| {
        let quarry = Quarry::asking(simulator()).file("p.wasm", component);
        quarry.run(&["chat", "--provider-component", "p.wasm", "--model", SONNET, "hello"]).failed_with(
            2,
            &[["the component p.wasm does not export quarry:provider@0.1.0"].as_slice(), words].concat(),
        );
    };
    refused(&component_of("(component)"), &[]);
    refused(&provider_component(&Body { version: "0.2.0", ..TRAPS }), &["it exports quarry:provider@0.2.0"]);
    // The right name with the wrong function in it.
    let wrong = component_of(
        r#"(component
          (core module $m (func (export "f") (result i32) i32.const 0))
          (core instance $i (instantiate $m))
          (func $f (result u32) (canon lift (core func $i "f")))
          (instance $about (export "identify" (func $f)))
          (export "quarry:provider/about@0.1.0" (instance $about)))"#,
    );
    refused(&wrong, &[]);
}
