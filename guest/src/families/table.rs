//! The table of families: every row with where it is from.

use super::{Adaptive, Caching, Family, ForcedTool, Replay, Sampling, Thinking, ToolCallIds, ToolImages};

/// The family of models that no row names: the widest accepted form. Tool choice goes out as asked, because an application
/// profile's id hides a model that may well take it.
pub const PLAIN: Family = Family {
    name: "plain",
    matches: &[],
    claude: false,
    system_prompt: true,
    tools: true,
    forced_tool: ForcedTool::ByName,
    hyphens_in_tool_names: true,
    tool_call_ids: ToolCallIds::Plain,
    tool_images: ToolImages::Inside,
    replay: Replay::AsText,
    thinking: Thinking::Unknown,
    interleaved_thinking: false,
    continues_answers: true,
    sampling: Sampling::Both,
    caching: Caching::Never,
    caches_tools: true,
    output_format: false,
    strict_tools: false,
    one_call_at_a_time: false,
    service_tiers: true,
    refusal_details: false,
    input_counts_cache: false,
};

/// What all Claudes share. Images in an error result: refused by the service (pi #10794). Signatures: pi #727.
const CLAUDE: Family = Family {
    name: "claude",
    claude: true,
    tool_images: ToolImages::BehindErrors,
    replay: Replay::Signed,
    thinking: Thinking::Budgeted,
    ..PLAIN
};

/// Claudes since 4.5. `disable_parallel_tool_use`: older ones refuse it as an extraneous key (LiteLLM's table of models).
/// 1-hour cache entries: OpenClaw's table. Not both temperature and top-p: from 4.1 on (Anthropic's API). `outputConfig` and
/// strict tools: AWS's page on structured output, for 4.5 and 4.6.
const CLAUDE_4_5: Family = Family {
    interleaved_thinking: true,
    sampling: Sampling::Either,
    caching: Caching::ShortAndLong,
    output_format: true,
    strict_tools: true,
    one_call_at_a_time: true,
    ..CLAUDE
};

/// Claudes since 4.6: a message of the assistant at the end is a hard 400 (AWS's page on migration between Claudes).
const CLAUDE_4_6: Family = Family { continues_answers: false, ..CLAUDE_4_5 };

/// Claudes since 4.7. Bedrock refuses `strict` and `outputConfig` for them ("Extra inputs are not permitted": vercel PR 17919,
/// lobehub #19876, models.dev PR 1765), and AWS's page on structured output ends with 4.6. Some of them take one or the other by now,
/// in some regions; a tool in place of the format is taken by all.
const CLAUDE_4_7: Family = Family { output_format: false, strict_tools: false, ..CLAUDE_4_6 };

/// Claudes of the fifth generation: no sampling parameters and no paid tiers (OpenClaw does both).
const CLAUDE_5: Family =
    Family { sampling: Sampling::Neither, service_tiers: false, refusal_details: true, ..CLAUDE_4_7 };

/// Amazon's Nova. Hyphens make every call of a tool fail (SEMOSS PR 2892). Cache points without a time to live, only when asked
/// for, and not among the tools: Nova caches by itself (OpenClaw, hermes #97281). Forcing a tool by name works since 2025-03
/// (AWS).
const NOVA: Family = Family {
    name: "nova",
    hyphens_in_tool_names: false,
    replay: Replay::Unsigned,
    caching: Caching::OptIn,
    caches_tools: false,
    ..PLAIN
};

const XHIGH_AND_MAX: &[&str] = &["xhigh", "max"];

/// All the families, from the special to the general.
pub const FAMILIES: &[Family] = &[
    // Adaptive thinking that cannot be switched off: OpenClaw does. `block_binding` by name: pi 1.5.2 does, without Mythos.
    Family {
        name: "claude-fable-5",
        matches: &["claude fable-5"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: true, efforts: XHIGH_AND_MAX, mandatory: true }),
        ..CLAUDE_5
    },
    Family {
        name: "claude-mythos-5",
        matches: &["claude mythos-5"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: false, efforts: XHIGH_AND_MAX, mandatory: true }),
        ..CLAUDE_5
    },
    Family {
        name: "claude-sonnet-5",
        matches: &["claude sonnet-5"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: true, efforts: XHIGH_AND_MAX, mandatory: true }),
        ..CLAUDE_5
    },
    Family {
        name: "claude-opus-5",
        matches: &["claude opus-5"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: true, efforts: XHIGH_AND_MAX, mandatory: false }),
        ..CLAUDE_5
    },
    // Haiku 5 is adaptive (pi 1.5.2); no native effort beyond `high` and no refusal of temperature is on record.
    Family {
        name: "claude-haiku-5",
        matches: &["claude haiku-5"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: true, efforts: &[], mandatory: false }),
        sampling: Sampling::Either,
        service_tiers: true,
        ..CLAUDE_5
    },
    // The preview of Mythos thinks adaptively and takes no temperature (OpenClaw); no more is on record of it.
    Family {
        name: "claude-mythos",
        matches: &["claude mythos"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: false, efforts: &[], mandatory: false }),
        sampling: Sampling::Neither,
        ..CLAUDE
    },
    // Temperature is deprecated from Opus 4.7 on (OpenClaw #73663).
    Family {
        name: "claude-opus-4-7",
        matches: &["claude opus-4-7", "claude opus-4-8"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: true, efforts: XHIGH_AND_MAX, mandatory: false }),
        sampling: Sampling::Neither,
        ..CLAUDE_4_7
    },
    // 4.6 refuses `block_binding` ("Extra inputs are not permitted"; pi 1.5.2). Opus 4.6 knows `max` and not `xhigh` (OpenClaw).
    Family {
        name: "claude-opus-4-6",
        matches: &["claude opus-4-6"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: false, efforts: &["max"], mandatory: false }),
        ..CLAUDE_4_6
    },
    Family {
        name: "claude-sonnet-4-6",
        matches: &["claude sonnet-4-6"],
        thinking: Thinking::Adaptive(Adaptive { block_binding: false, efforts: &[], mandatory: false }),
        ..CLAUDE_4_6
    },
    Family { name: "claude-4-5", matches: &["claude opus-4-5", "claude sonnet-4-5", "claude haiku-4-5"], ..CLAUDE_4_5 },
    Family {
        name: "claude-opus-4-1",
        matches: &["claude opus-4-1"],
        interleaved_thinking: true,
        sampling: Sampling::Either,
        caching: Caching::Short,
        ..CLAUDE
    },
    // Cache points: pi 1.5.2 and OpenClaw's "claude-short" list these. Thinking between tool calls: Claude 4 and later.
    Family {
        name: "claude-4",
        matches: &["claude opus-4", "claude sonnet-4", "claude haiku-4"],
        interleaved_thinking: true,
        caching: Caching::Short,
        ..CLAUDE
    },
    // The switch for thinking between tool calls fails the request: other platforms than Anthropic's own take it for Claude 4
    // and later only (Anthropic's page on extended thinking, AWS's on differences between versions). pi sends it.
    Family {
        name: "claude-3-cached",
        matches: &["claude-3-7-sonnet", "claude-3-5-haiku", "claude-sonnet-3-7", "claude-haiku-3-5"],
        caching: Caching::Short,
        ..CLAUDE
    },
    // No tool use: AWS's table of Converse features. Thinking came with 3.7.
    Family {
        name: "claude-2",
        matches: &["claude-v2", "claude-instant"],
        tools: false,
        replay: Replay::AsText,
        thinking: Thinking::Unknown,
        ..CLAUDE
    },
    Family { matches: &["claude"], ..CLAUDE },
    // Nova 2 thinks when asked to by `reasoningConfig` (AWS's guide to Nova 2, extended thinking). pi and OpenClaw never ask.
    Family { name: "nova-2", matches: &["nova-2"], thinking: Thinking::ReasoningConfig, ..NOVA },
    Family { name: "nova", matches: &["amazon-nova", "nova-micro", "nova-lite", "nova-pro", "nova-premier"], ..NOVA },
    // pi 1.5.2 does: three levels for gpt-oss, all for the other GPTs. `outputConfig`: AWS's page on structured output.
    Family {
        name: "gpt-oss",
        matches: &["gpt-oss"],
        replay: Replay::Unsigned,
        thinking: Thinking::ReasoningEffort,
        output_format: true,
        ..PLAIN
    },
    // OpenClaw lifts images out of this model's tool results. Input that counts the cache: measured by bifrost, PR #6942.
    Family {
        name: "gpt-5-6-sol",
        matches: &["gpt-5-6-sol"],
        tool_images: ToolImages::Behind,
        replay: Replay::Unsigned,
        thinking: Thinking::Effort,
        input_counts_cache: true,
        ..PLAIN
    },
    Family {
        name: "gpt",
        matches: &["gpt-"],
        replay: Replay::Unsigned,
        thinking: Thinking::Effort,
        input_counts_cache: true,
        ..PLAIN
    },
    // Reasoning in a replayed message is refused (langchain-aws 401); R1 has no tools, V3 takes `any` (langchain-aws).
    Family {
        name: "deepseek-r1",
        matches: &["deepseek r1"],
        tools: false,
        forced_tool: ForcedTool::Never,
        replay: Replay::Omitted,
        ..PLAIN
    },
    // `outputConfig`: AWS's page on structured output.
    Family {
        name: "deepseek",
        matches: &["deepseek"],
        forced_tool: ForcedTool::Any,
        replay: Replay::Omitted,
        output_format: true,
        ..PLAIN
    },
    // No system prompt and no tools: AWS's table of Converse features.
    Family {
        name: "mistral-instruct",
        matches: &["mistral-7b", "mixtral"],
        system_prompt: false,
        tools: false,
        tool_call_ids: ToolCallIds::NineAlphanumerics,
        ..PLAIN
    },
    // Ids of nine alphanumerics on replay (vercel PR 11863); no tool by name (vercel 4396, langchain-aws).
    Family {
        name: "mistral",
        matches: &["mistral", "ministral", "magistral", "pixtral", "voxtral"],
        forced_tool: ForcedTool::Any,
        tool_call_ids: ToolCallIds::NineAlphanumerics,
        ..PLAIN
    },
    // No tools before Llama 3.1, and none with the small ones of 3.2: AWS's table of Converse features.
    Family {
        name: "llama-3",
        matches: &["llama3-8b", "llama3-70b", "llama3-2-1b", "llama3-2-3b"],
        tools: false,
        forced_tool: ForcedTool::Never,
        ..PLAIN
    },
    // No forced tool of any kind (vercel 4396, langchain-aws).
    Family { name: "llama", matches: &["llama"], forced_tool: ForcedTool::Never, ..PLAIN },
    // No system prompt and no tools: AWS's table of Converse features.
    Family { name: "titan-text", matches: &["titan-text", "titan-tg1"], system_prompt: false, tools: false, ..PLAIN },
    Family {
        name: "cohere-command",
        matches: &["cohere-command-text", "cohere-command-light"],
        system_prompt: false,
        tools: false,
        ..PLAIN
    },
    // No tools: AWS's table of Converse features. Jamba 1.5 has them.
    Family { name: "jamba-instruct", matches: &["jamba-instruct"], tools: false, ..PLAIN },
    // They answer with reasoning (recorded) and take it back without a signature (pi 1.5.2 does so for all but Claude).
    // `outputConfig`: AWS's page on structured output, which does not name GLM.
    Family {
        name: "open-weights",
        matches: &["qwen", "kimi", "minimax"],
        replay: Replay::Unsigned,
        output_format: true,
        ..PLAIN
    },
    Family { name: "glm", matches: &["glm-"], replay: Replay::Unsigned, ..PLAIN },
    // `outputConfig`: AWS's page on structured output.
    Family { name: "gemma", matches: &["gemma-"], output_format: true, ..PLAIN },
    Family { name: "nemotron", matches: &["nemotron"], output_format: true, ..PLAIN },
];
