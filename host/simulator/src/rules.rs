//! The service's rules of a request's messages, with its own error messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::errors::ServiceError;
use super::models::CallableModel;
use super::request::{Attachment, ContentBlock, ConverseRequest, Message, ReasoningContent, SystemBlock};
use super::{limits, structured_output, thinking, tool_rules};

/// The union members that the service names when none of them is set.
const CONTENT_KEYS: &str = "text, image, toolUse, toolResult, document, video, audio, cachePoint, reasoningContent, citationsContent, searchResult, guardContent";

/// Checks a request for a model.
///
/// # Errors
/// 400 `ValidationException` with the first thing that is wrong.
pub(crate) fn check(request: &ConverseRequest, model: &CallableModel) -> Result<(), ServiceError> {
    check_roles(&request.messages)?;
    for (number, block) in request.system.iter().enumerate() {
        check_system_block(block, number)?;
    }
    for (number, message) in request.messages.iter().enumerate() {
        check_message(message, number)?;
    }
    tool_rules::check(request)?;
    limits::check(request, model)?;
    structured_output::check(request)?;
    thinking::check(request, model)
}

fn check_roles(messages: &[Message]) -> Result<(), ServiceError> {
    let Some(first) = messages.first() else {
        return Err(ServiceError::validation(
            "1 validation error detected: Value at 'messages' failed to satisfy constraint: Member must have length greater than or equal to 1",
        ));
    };
    for (number, message) in messages.iter().enumerate() {
        if !matches!(message.role.as_str(), "user" | "assistant") {
            let at = format!("messages.{}.member.role", number + 1);
            return Err(ServiceError::constraint(&message.role, &at, "satisfy enum value set: [user, assistant]"));
        }
    }
    if first.role != "user" {
        return Err(ServiceError::validation(
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.",
        ));
    }
    if messages.windows(2).any(|pair| pair[0].role == pair[1].role) {
        return Err(ServiceError::validation(
            "A conversation must alternate between user and assistant roles. Make sure the conversation alternates between user and assistant roles and try again.",
        ));
    }
    Ok(())
}

fn check_system_block(block: &SystemBlock, number: usize) -> Result<(), ServiceError> {
    match (&block.text, &block.cache_point, &block.guard_content) {
        (Some(text), None, None) if text.trim().is_empty() => Err(ServiceError::validation(format!(
            "The text field in the SystemContentBlock object at system.{number} is blank. Add text to the text field, and try again."
        ))),
        (Some(_), None, None) | (None, Some(_), None) | (None, None, Some(_)) => Ok(()),
        _ => Err(ServiceError::validation(format!(
            "The SystemContentBlock object at system.{number} must set one of the following keys: text, guardContent, cachePoint."
        ))),
    }
}

fn check_message(message: &Message, number: usize) -> Result<(), ServiceError> {
    if message.content.is_empty() {
        return Err(ServiceError::validation(format!(
            "The content field in the Message object at messages.{number} is empty. Add a ContentBlock object to the content field and try again."
        )));
    }
    for (position, block) in message.content.iter().enumerate() {
        let at = format!("messages.{number}.content.{position}");
        check_block(block, &message.role, &at)?;
    }
    Ok(())
}

fn check_block(block: &ContentBlock, role: &str, at: &str) -> Result<(), ServiceError> {
    if block.members_set() != 1 {
        return Err(ServiceError::validation(format!(
            "The ContentBlock object at {at} must set one of the following keys: {CONTENT_KEYS}."
        )));
    }
    if block.text.as_deref().is_some_and(|text| text.trim().is_empty()) {
        return Err(ServiceError::validation(format!(
            "The text field in the ContentBlock object at {at} is blank. Add text to the text field, and try again."
        )));
    }
    if block.tool_use.is_some() && role != "assistant" {
        return Err(ServiceError::validation(format!(
            "The ContentBlock object at {at} has a toolUse field, which only an assistant message can have."
        )));
    }
    if block.tool_result.as_ref().is_some_and(|result| result.kind.is_none()) && role != "user" {
        return Err(ServiceError::validation(format!(
            "The ContentBlock object at {at} has a toolResult field, which only a user message can have."
        )));
    }
    if block.reasoning_content.is_some() && role != "assistant" {
        return Err(ServiceError::validation(format!(
            "The ContentBlock object at {at} has a reasoningContent field, which only an assistant message can have."
        )));
    }
    if let Some(reasoning) = &block.reasoning_content {
        check_reasoning(reasoning, at)?;
    }
    if let Some(image) = &block.image {
        check_attachment(image, &format!("{at}.image"), IMAGE_FORMATS)?;
    }
    if let Some(document) = &block.document {
        check_attachment(document, &format!("{at}.document"), DOCUMENT_FORMATS)?;
        check_document_name(document.name.as_deref())?;
    }
    if let Some(video) = &block.video {
        check_attachment(video, &format!("{at}.video"), VIDEO_FORMATS)?;
    }
    Ok(())
}

fn check_reasoning(reasoning: &ReasoningContent, at: &str) -> Result<(), ServiceError> {
    match (&reasoning.reasoning_text, &reasoning.redacted_content) {
        (Some(_), None) => Ok(()),
        (None, Some(redacted)) if STANDARD.decode(redacted).is_ok() => Ok(()),
        (None, Some(_)) => Err(ServiceError::new(
            400,
            "SerializationException",
            format!("The redactedContent field at {at} is not base64."),
        )),
        _ => Err(ServiceError::validation(format!(
            "The ReasoningContentBlock object at {at}.reasoningContent must set one of the following keys: reasoningText, redactedContent."
        ))),
    }
}

const IMAGE_FORMATS: &[&str] = &["png", "jpeg", "gif", "webp"];
const DOCUMENT_FORMATS: &[&str] = &["pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"];
const VIDEO_FORMATS: &[&str] = &["mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"];

fn check_attachment(attachment: &Attachment, at: &str, formats: &[&str]) -> Result<(), ServiceError> {
    let format = attachment.format.as_deref().unwrap_or("txt");
    if !formats.contains(&format) {
        let rule = format!("satisfy enum value set: [{}]", formats.join(", "));
        return Err(ServiceError::constraint(format, &format!("{at}.format"), &rule));
    }
    let source = &attachment.source;
    match (&source.bytes, &source.text, &source.s3_location, &source.content) {
        (Some(bytes), None, None, None) => match STANDARD.decode(bytes) {
            Ok(bytes) if bytes.is_empty() => Err(ServiceError::validation(format!(
                "The bytes field in the source object at {at} is empty. Add bytes and try again."
            ))),
            Ok(_) => Ok(()),
            Err(_) => Err(ServiceError::new(
                400,
                "SerializationException",
                format!("The bytes field at {at}.source is not base64."),
            )),
        },
        (None, Some(_), None, None) | (None, None, Some(_), None) | (None, None, None, Some(_)) => Ok(()),
        _ => Err(ServiceError::validation(format!(
            "The source object at {at} must set one of the following keys: bytes, s3Location, text, content."
        ))),
    }
}

/// The letters of a document's name: peers measured that `_` is accepted too, and that only ASCII is.
fn check_document_name(name: Option<&str>) -> Result<(), ServiceError> {
    let name = name.unwrap_or_default();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || " -_()[]".contains(letter);
    if !name.is_empty() && name.len() <= 200 && name.chars().all(allowed) && !name.contains("  ") {
        return Ok(());
    }
    Err(ServiceError::validation(
        "The document file name can only contain alphanumeric characters, whitespace characters, hyphens, parentheses, and square brackets. The name can't contain more than one consecutive whitespace character.",
    ))
}

impl ContentBlock {
    fn members_set(&self) -> usize {
        [
            self.text.is_some(),
            self.image.is_some(),
            self.document.is_some(),
            self.video.is_some(),
            self.audio.is_some(),
            self.tool_use.is_some(),
            self.tool_result.is_some(),
            self.reasoning_content.is_some(),
            self.cache_point.is_some(),
            self.guard_content.is_some(),
            self.citations_content.is_some(),
            self.search_result.is_some(),
        ]
        .into_iter()
        .filter(|set| *set)
        .count()
    }
}
