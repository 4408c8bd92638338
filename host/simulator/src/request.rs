//! The shape of a Converse request, as far as the simulator reads it. What the shape does not say, [`super::rules`] checks.

use serde::Deserialize;
use serde_json::Value;

use super::errors::ServiceError;

/// The body of `ConverseStream` and `Converse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConverseRequest {
    #[serde(default)]
    pub(crate) messages: Vec<Message>,
    #[serde(default)]
    pub(crate) system: Vec<SystemBlock>,
    #[serde(default)]
    pub(crate) inference_config: InferenceConfig,
    pub(crate) tool_config: Option<ToolConfig>,
    #[serde(default)]
    pub(crate) additional_model_request_fields: Value,
    pub(crate) output_config: Option<OutputConfig>,
}

/// `outputConfig`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OutputConfig {
    pub(crate) text_format: Option<TextFormat>,
}

/// The form that an answer must have.
#[derive(Debug, Deserialize)]
pub(crate) struct TextFormat {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) structure: TextStructure,
}

/// A union with one member.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TextStructure {
    pub(crate) json_schema: Option<JsonSchemaDefinition>,
}

/// A JSON Schema, which stands in a string.
#[derive(Debug, Deserialize)]
pub(crate) struct JsonSchemaDefinition {
    pub(crate) schema: String,
}

/// A turn of the conversation.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    pub(crate) role: String,
    pub(crate) content: Vec<ContentBlock>,
}

/// A block of a message: a union, so exactly one member is set.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentBlock {
    pub(crate) text: Option<String>,
    pub(crate) image: Option<Attachment>,
    pub(crate) document: Option<Attachment>,
    pub(crate) video: Option<Attachment>,
    pub(crate) audio: Option<Attachment>,
    pub(crate) tool_use: Option<ToolUse>,
    pub(crate) tool_result: Option<ToolResult>,
    pub(crate) reasoning_content: Option<ReasoningContent>,
    pub(crate) cache_point: Option<Value>,
    pub(crate) guard_content: Option<Value>,
    pub(crate) citations_content: Option<Value>,
    pub(crate) search_result: Option<Value>,
}

/// A block of the system prompt.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemBlock {
    pub(crate) text: Option<String>,
    pub(crate) cache_point: Option<Value>,
    pub(crate) guard_content: Option<Value>,
}

/// An image, a document, a video or a sound.
#[derive(Debug, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) format: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) source: AttachmentSource,
}

/// Where an attachment is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachmentSource {
    /// Base64.
    pub(crate) bytes: Option<String>,
    pub(crate) text: Option<String>,
    pub(crate) s3_location: Option<Value>,
    pub(crate) content: Option<Value>,
}

/// A call that an assistant made.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolUse {
    pub(crate) tool_use_id: String,
    pub(crate) name: String,
    pub(crate) input: Value,
    /// `server_tool_use` for a call that the service itself ran, which wants no result of the client.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// The result of a tool.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolResult {
    pub(crate) tool_use_id: String,
    pub(crate) content: Vec<ToolResultContent>,
    pub(crate) status: Option<String>,
    /// Set on what a tool of the service answered (`nova_grounding_result`).
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

/// A block of a tool's answer.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolResultContent {
    pub(crate) text: Option<String>,
    pub(crate) json: Option<Value>,
    pub(crate) image: Option<Attachment>,
    pub(crate) document: Option<Attachment>,
    pub(crate) video: Option<Attachment>,
}

/// Thinking of an earlier turn.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReasoningContent {
    pub(crate) reasoning_text: Option<ReasoningText>,
    /// Base64.
    pub(crate) redacted_content: Option<String>,
}

/// Thinking in words, with the signature that the model gave it.
#[derive(Debug, Deserialize)]
pub(crate) struct ReasoningText {
    pub(crate) text: String,
    pub(crate) signature: Option<String>,
}

/// `inferenceConfig`. Numbers are wide, so that one out of range is refused by a rule and not by the JSON reader.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InferenceConfig {
    pub(crate) max_tokens: Option<i64>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    #[serde(default)]
    pub(crate) stop_sequences: Vec<String>,
}

/// `toolConfig`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolConfig {
    #[serde(default)]
    pub(crate) tools: Vec<Tool>,
    pub(crate) tool_choice: Option<ToolChoice>,
}

/// A tool on offer, one of the service's own, or a cache point among them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tool {
    pub(crate) tool_spec: Option<ToolSpec>,
    pub(crate) system_tool: Option<Value>,
    pub(crate) cache_point: Option<Value>,
}

/// A tool of the client.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ToolSpec {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) input_schema: InputSchema,
    /// Whether calls are checked against the schema.
    #[serde(default)]
    pub(crate) strict: bool,
}

/// A JSON schema.
#[derive(Debug, Deserialize)]
pub(crate) struct InputSchema {
    pub(crate) json: Value,
}

/// Whether a tool must be called: a union.
#[derive(Debug, Deserialize)]
pub(crate) struct ToolChoice {
    pub(crate) auto: Option<Value>,
    pub(crate) any: Option<Value>,
    pub(crate) tool: Option<NamedTool>,
}

/// The tool that must be called.
#[derive(Debug, Deserialize)]
pub(crate) struct NamedTool {
    pub(crate) name: String,
}

/// Reads a body as JSON.
///
/// # Errors
/// 400 `ValidationException` when it is none.
pub(crate) fn json(body: &[u8]) -> Result<Value, ServiceError> {
    serde_json::from_slice(body).map_err(|error| malformed(&error))
}

/// The service's words for a body that cannot be read.
fn malformed(error: &serde_json::Error) -> ServiceError {
    ServiceError::validation(format!("Malformed input request: {error}, please reformat your input and try again."))
}

impl ConverseRequest {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 `ValidationException` when it is not of this shape.
    pub(crate) fn read(body: &Value) -> Result<Self, ServiceError> {
        Self::deserialize(body).map_err(|error| malformed(&error))
    }

    /// The tools of the client, in the order of the request.
    pub(crate) fn tool_specs(&self) -> impl Iterator<Item = &ToolSpec> {
        self.tool_config.iter().flat_map(|config| &config.tools).filter_map(|tool| tool.tool_spec.as_ref())
    }

    /// The last message, when a user wrote it.
    pub(crate) fn last_user_message(&self) -> Option<&Message> {
        self.messages.last().filter(|message| message.role == "user")
    }
}

impl Message {
    /// The text blocks, a line each.
    pub(crate) fn text(&self) -> String {
        self.content.iter().filter_map(|block| block.text.as_deref()).collect::<Vec<_>>().join("\n")
    }

    /// The calls that wait for a result of the client.
    pub(crate) fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content
            .iter()
            .filter_map(|block| block.tool_use.as_ref())
            .filter(|call| call.kind.as_deref() != Some("server_tool_use"))
    }

    /// The tool results of the client.
    pub(crate) fn tool_results(&self) -> impl Iterator<Item = &ToolResult> {
        self.content.iter().filter_map(|block| block.tool_result.as_ref()).filter(|result| result.kind.is_none())
    }
}
