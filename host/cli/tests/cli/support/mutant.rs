//! The embedded component with other words in its data: it differs in what those words decide, and in nothing else. Bytes are
//! changed and not sources, so nothing has to be built; and there is one for all tests, so it is compiled once.

use quarry_embedded::EMBEDDED;

/// One rule of each of three verbs: words that stand once in the component, and others as long as they are.
const MUTATIONS: [(&str, &str); 4] = [
    ("not-streaming", "not-Streaming"),
    ("server-tool-use", "server-tool-Use"),
    ("its trace names the policy", "its trace names The policy"),
    ("inferenceConfig", "inferenceCOnfig"),
];

/// What the mutations change, and nothing else.
pub(crate) const MUTANT_KINDS: [&str; 7] = [
    "catalog/left-out/reason",
    "delta/attachment/kind",
    "request/additionalModelRequestFields.inferenceCOnfig",
    "request/additionalModelRequestFields.inferenceConfig",
    "request/inferenceCOnfig",
    "request/inferenceConfig",
    "wording/delta/error/failure.hint",
];

/// The component.
pub(crate) fn mutant() -> Vec<u8> {
    // The cases that it brings along name what it decides too.
    let cases = EMBEDDED.windows(12).position(|bytes| bytes == b"quarry:cases").expect("it has cases");
    let mut bytes = EMBEDDED.to_vec();
    for (from, to) in MUTATIONS {
        assert_eq!(from.len(), to.len(), "{from:?} {to:?}");
        // The parts that a repair names go on behind a dot.
        let stands = |at: &usize| bytes[*at..].starts_with(from.as_bytes()) && bytes[*at + from.len()] != b'.';
        let places: Vec<usize> = (0..cases).filter(stands).collect();
        let [at] = places[..] else { panic!("{from:?} stands at {places:?} in the component, and has to stand once") };
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}
