//! The values of `anthropic_beta` that Bedrock takes. It refuses a request with any other ("invalid beta flag").

/// What AWS's pages on Claude name, as BerriAI/litellm#19877 collects it. Those that change nothing on Bedrock, such as `claude-code`,
/// are left out. A new one is a line here.
const TAKEN: &[&str] = &[
    "compact-2026-01-12",
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "fine-grained-tool-streaming-2025-05-14",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "thinking-binding-controls-2026-08-01",
    "token-efficient-tools-2025-02-19",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
];

/// Whether Bedrock takes this value.
pub(super) fn taken(beta: &str) -> bool {
    TAKEN.contains(&beta)
}
