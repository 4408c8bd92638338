//! The example of this crate and of `docs/embedding.md`, with a real component and the frames of an answer. It has this crate alone.

include!("example.rs");

use std::fs;

use quarry_provider_host::Limits;
use quarry_provider_host::conversation::{Frame, MessageType, StopReason};
use quarry_provider_host::json::model::default_model;

/// What Bedrock sends for the answer `Hello there`, by the reads that it arrives in.
const READS: [&[(&str, &str)]; 2] = [
    &[
        ("messageStart", r#"{"role":"assistant"}"#),
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"Hello "}}"#),
    ],
    &[
        ("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"there"}}"#),
        ("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        ("messageStop", r#"{"stopReason":"end_turn"}"#),
        ("metadata", r#"{"usage":{"inputTokens":1,"outputTokens":2,"totalTokens":3},"metrics":{"latencyMs":1}}"#),
    ],
];

fn batch(events: &[(&str, &str)]) -> Batch {
    let length = |text: &str| u32::try_from(text.len()).expect("it is short");
    let frame = |(name, payload): &(&str, &str)| Frame {
        message_type: MessageType::Event,
        name_length: length(name),
        payload_length: length(payload),
    };
    let bytes = events.iter().flat_map(|(name, payload)| [name.as_bytes(), payload.as_bytes()]).flatten().copied();
    Batch { frames: events.iter().map(frame).collect(), bytes: bytes.collect() }
}

fn opening() -> Opening {
    Opening { model: default_model(), carry: Vec::new(), request_id: None }
}

/// The text of an answer, and whether it ended well.
fn answered(provider: &Arc<Generation>, reads: &[&[(&str, &str)]]) -> (String, bool) {
    let (mut text, mut is_done) = (String::new(), false);
    let client = |delta| match delta {
        Delta::TextDelta(piece) => text.push_str(&piece.delta),
        Delta::Done(outcome) => is_done = matches!(outcome.reason, StopReason::Stop),
        _ => {}
    };
    answer(provider, &opening(), reads.iter().copied().map(batch), client).expect("the provider does not fail");
    (text, is_done)
}

/// The embedded component with an empty section of its own: another version by its digest, the same by what it does.
fn next_version() -> Vec<u8> {
    let mut component = quarry_embedded::EMBEDDED.to_vec();
    component.extend_from_slice(b"\x00\x05\x04next");
    component
}

#[test]
fn a_component_is_loaded_by_its_digest_answers_and_gives_way_to_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, component: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, component).expect("the folder can be written to");
        (file, Digest::of(component))
    };
    let (one, one_digest) = write("one.wasm", quarry_embedded::EMBEDDED);
    let (two, two_digest) = write("two.wasm", &next_version());
    let host = Arc::new(Host::new(Limits::default()).expect("an engine"));
    let cache = AotCache::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("quarry-cache/aot"));

    let refused = load(&host, &two, one_digest, &cache).expect_err("the file has another digest");
    assert_eq!(refused.to_string(), format!("{} is not the component {one_digest:?}", two.display()));

    let active = Active(RwLock::new(load(&host, &one, one_digest, &cache).expect("it is a provider")));
    let of_old_stream = active.provider();
    active.swap(load(&host, &two, two_digest, &cache).expect("it is a provider"));
    assert_eq!((of_old_stream.digest(), active.provider().digest()), (one_digest, two_digest));
    for provider in [of_old_stream, active.provider()] {
        assert_eq!(answered(&provider, &READS), ("Hello there".to_owned(), true));
        assert_eq!(answered(&provider, &READS[..1]), ("Hello ".to_owned(), false), "a stream that is cut off");
    }
}

#[test]
fn the_page_has_the_example() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/embedding.md");
    let page = fs::read_to_string(page).expect("the page is there");
    let block = format!("```rust\n{}```\n", include_str!("example.rs"));
    assert!(page.contains(&block), "docs/embedding.md has another example");
    assert!(
        include_str!("example.rs").lines().filter(|line| !line.is_empty()).count() <= 40,
        "the page promises 40 lines"
    );
}
