//! The parts of a request that a repair names: `explain` writes them and `prepare` reads them.

/// Parts, by their paths in the body without indices, and forms of them.
pub(crate) mod part {
    pub(crate) const MAX_TOKENS: &str = "inferenceConfig.maxTokens";
    pub(crate) const TEMPERATURE: &str = "inferenceConfig.temperature";
    pub(crate) const TOP_P: &str = "inferenceConfig.topP";
    pub(crate) const STOP_SEQUENCES: &str = "inferenceConfig.stopSequences";
    /// What stands before the path of a member of `additionalModelRequestFields`, or before one value of a list there.
    pub(crate) const FIELDS: &str = "additionalModelRequestFields.";
    pub(crate) const BETAS: &str = "additionalModelRequestFields.anthropic_beta";
    pub(crate) const EFFORT: &str = "additionalModelRequestFields.output_config.effort";
    pub(crate) const THINKING_TYPE: &str = "additionalModelRequestFields.thinking.type";
    /// The form that switches thinking off.
    pub(crate) const THINKING_OFF: &str = "additionalModelRequestFields.thinking.type.disabled";
    pub(crate) const TOOL_CHOICE: &str = "toolConfig.toolChoice";
    pub(crate) const STRICT: &str = "toolConfig.tools.strict";
    /// What stands before a keyword of the tools' schemas.
    pub(crate) const SCHEMA_KEYWORDS: &str = "toolConfig.tools.inputSchema.";
    pub(crate) const PATTERN: &str = "toolConfig.tools.inputSchema.pattern";
    pub(crate) const PROPERTIES: &str = "toolConfig.tools.inputSchema.properties";
    /// Keys of `properties` that have no character but letters, digits, `_`, `.` and `-`.
    pub(crate) const PLAIN_KEYS: &str = "plain-keys";
    pub(crate) const FORMAT: &str = "outputConfig.textFormat";
    pub(crate) const SYSTEM: &str = "system";
    pub(crate) const CACHE_POINT: &str = "cachePoint";
    pub(crate) const TOOL_IMAGES: &str = "toolResult.image";
    pub(crate) const TOOL_STATUS: &str = "toolResult.status";
    pub(crate) const REASONING: &str = "reasoningContent";
    pub(crate) const REASONING_TEXT: &str = "reasoningContent.reasoningText";
    pub(crate) const REDACTED: &str = "reasoningContent.redactedContent";
    pub(crate) const CONTENT: &str = "messages.content";
    /// Messages with calls or results have no text.
    pub(crate) const TOOL_BLOCKS_ALONE: &str = "tool-blocks-alone";
    /// No message of the assistant ends with text behind a call, and the last message is the user's.
    pub(crate) const ENDS_WITH_USER: &str = "ends-with-user";
}
