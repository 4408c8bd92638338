//! The payloads of ConverseStream events, as the wire has them (Bedrock API reference, `ConverseStreamOutput`; members that
//! the reference lacks are from recorded streams).
//!
//! Everything is optional and nothing is refused for being unknown: a member that is not named here ends up in `unknown`,
//! for a notice. Text is borrowed from the payload wherever it has no escapes.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Text of a JSON string, borrowed where it has no escapes. (Serde's own `Cow` always copies.)
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Text<'de>(pub(super) Cow<'de, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

/// Declares a JSON object whose members are all optional, with the names of those that are not declared kept.
macro_rules! wire {
    ($($(#[$about:meta])* $name:ident { $($(#[$member_about:meta])* $member:ident: $type:ty = $wire:literal,)* })*) => {$(
        $(#[$about])*
        #[derive(Debug, Default)]
        pub(super) struct $name<'de> {
            $($(#[$member_about])* pub(super) $member: Option<$type>,)*
            /// Names of the members that are not declared.
            pub(super) unknown: Vec<Cow<'de, str>>,
        }

        impl<'de> Deserialize<'de> for $name<'de> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;
                impl<'de> Visitor<'de> for ObjectVisitor {
                    type Value = $name<'de>;
                    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                        formatter.write_str("an object")
                    }
                    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                        let mut object = $name::default();
                        while let Some(Text(key)) = map.next_key()? {
                            match &*key {
                                $($wire => object.$member = map.next_value()?,)*
                                // Padding, against guessing at lengths: 2 to 61 letters in every real event.
                                "p" => drop(map.next_value::<IgnoredAny>()?),
                                _ => {
                                    map.next_value::<IgnoredAny>()?;
                                    object.unknown.push(key);
                                }
                            }
                        }
                        Ok(object)
                    }
                }
                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    )*};
}

wire! {
    /// `messageStart`.
    MessageStart {
        /// `assistant`.
        role: Text<'de> = "role",
    }
    /// `contentBlockStart`. Only tool calls and tool results have one.
    BlockStart {
        /// The block's index on the wire.
        index: u64 = "contentBlockIndex",
        /// What begins.
        start: Start<'de> = "start",
    }
    /// `contentBlockStart.start`, a union.
    Start {
        /// A tool call, the client's or the server's own.
        tool_use: ToolUseStart<'de> = "toolUse",
        /// The result of a server tool.
        tool_result: ToolResultStart<'de> = "toolResult",
        /// An image.
        image: ImageStart<'de> = "image",
    }
    /// `start.image`.
    ImageStart {
        /// Such as `png`.
        format: Text<'de> = "format",
    }
    /// `start.toolUse`.
    ToolUseStart {
        /// The call's id.
        id: Text<'de> = "toolUseId",
        /// The tool's name.
        name: Text<'de> = "name",
        /// `server_tool_use` for a tool that Bedrock runs itself.
        kind: Text<'de> = "type",
        /// Arguments, where they come at once (seen by OpenClaw, not in the API reference).
        input: &'de RawValue = "input",
    }
    /// `start.toolResult`.
    ToolResultStart {
        /// The call's id.
        id: Text<'de> = "toolUseId",
        /// What result it is, such as `nova_grounding_result`.
        kind: Text<'de> = "type",
        /// `success` or `error`.
        status: Text<'de> = "status",
    }
    /// `contentBlockDelta`.
    BlockDelta {
        /// The block's index on the wire.
        index: u64 = "contentBlockIndex",
        /// The piece.
        delta: Delta<'de> = "delta",
    }
    /// `contentBlockDelta.delta`, a union.
    Delta {
        /// Text.
        text: Text<'de> = "text",
        /// A piece of a tool call's arguments. Boxed, as is what follows: a text delta, which most are, is moved often.
        tool_use: Box<ToolUseDelta<'de>> = "toolUse",
        /// Reasoning.
        reasoning: Box<ReasoningDelta<'de>> = "reasoningContent",
        /// A citation.
        citation: &'de RawValue = "citation",
        /// Contents of a server tool's result: an array.
        tool_result: &'de RawValue = "toolResult",
        /// An image.
        image: &'de RawValue = "image",
    }
    /// `delta.toolUse`.
    ToolUseDelta {
        /// A fragment of the arguments' JSON text.
        input: Text<'de> = "input",
    }
    /// `delta.reasoningContent`, a union.
    ReasoningDelta {
        /// Text.
        text: Text<'de> = "text",
        /// A piece of the signature.
        signature: Text<'de> = "signature",
        /// Base64 of opaque bytes.
        redacted: Text<'de> = "redactedContent",
    }
    /// `contentBlockStop`.
    BlockStop {
        /// The block's index on the wire.
        index: u64 = "contentBlockIndex",
    }
    /// `messageStop`.
    MessageStop {
        /// Why the model stopped.
        stop_reason: Text<'de> = "stopReason",
        /// What `additionalModelResponseFieldPaths` asked for.
        additional_fields: &'de RawValue = "additionalModelResponseFields",
    }
    /// `metadata`.
    Metadata {
        /// Token counts.
        usage: &'de RawValue = "usage",
        /// `latencyMs`.
        metrics: &'de RawValue = "metrics",
        /// What a guardrail or a prompt router did.
        trace: &'de RawValue = "trace",
        /// The latency class that was used.
        performance: &'de RawValue = "performanceConfig",
        /// The service tier that was used.
        service_tier: &'de RawValue = "serviceTier",
    }
    /// `metadata.serviceTier`.
    ServiceTier {
        /// `default`, `priority`, `flex` or `reserved`.
        name: Text<'de> = "type",
    }
    /// An exception's payload. Its members are read one by one: one that is not what it should be must not cost the message.
    ExceptionBody {
        /// AWS's message.
        message: &'de RawValue = "message",
        /// The same with a capital, as some services spell it.
        message_capital: &'de RawValue = "Message",
        /// `modelStreamErrorException`: the model's own HTTP status.
        original_status: &'de RawValue = "originalStatusCode",
        /// `modelStreamErrorException`: the model's own message.
        original_message: &'de RawValue = "originalMessage",
    }
}
