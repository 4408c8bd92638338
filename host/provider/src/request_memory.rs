//! An estimate of the provider's memory for a request, checked before the call: a request that does not fit is too
//! large, and not a fault of the provider.

use quarry_contract::conversation::{AssistantBlock, Context, Message, Options, Tool, UserBlock};

/// The memory that a provider needs besides the request: data, stack, settings and model.
const OWN: usize = 4 << 20;

/// Bytes for an element besides its texts. The contract's records lie there as they cross the boundary, as the provider's own, and as
/// what it makes of them. Measured with the embedded provider, as all of these: `tests/tests/cost.rs` holds them against it.
const ELEMENT: usize = 512;

/// The number of copies of names and ids, in tables, notices and the request.
const NAMES: usize = 12;

/// The number of copies of a document: original, changed, and in the request.
const COPIES: usize = 3;

/// Bytes for each member and element of a document that the provider takes apart.
const MEMBER: usize = 256;

/// The memory that a request takes at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestMemory {
    /// All of it, in bytes.
    pub needed: usize,
    /// The largest part, such as `messages[2]` or `tools`.
    pub largest: String,
    /// The memory for the largest part, in bytes.
    pub of_largest: usize,
}

/// A request that does not fit into the provider's memory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the request is too large: the provider component would need {} MiB of memory and has {} MiB; `{}` needs {} MiB of it, so make it smaller",
    mebibytes(memory.needed), limit >> 20, memory.largest, mebibytes(memory.of_largest)
)]
pub struct TooLarge {
    /// The estimate.
    pub memory: RequestMemory,
    /// The limit, in bytes.
    pub limit: usize,
}

fn mebibytes(bytes: usize) -> usize {
    bytes.div_ceil(1 << 20)
}

impl RequestMemory {
    /// Checks the estimate against the memory of a session.
    ///
    /// # Errors
    /// When it exceeds the limit.
    pub fn within(self, limit: usize) -> Result<(), TooLarge> {
        if self.needed > limit { Err(TooLarge { memory: self, limit }) } else { Ok(()) }
    }

    /// The memory for a conversation with these options.
    #[must_use]
    pub fn of(context: &Context, options: &Options) -> Self {
        let system = context.system_prompt.as_deref().map_or(0, |prompt| prompt.len() + text(prompt));
        let messages: Vec<usize> = context.messages.iter().map(of_message).collect();
        let tools: Vec<usize> = context.tools.iter().map(of_tool).collect();
        let parts = [
            ("systemPrompt", vec![system]),
            ("messages", messages),
            ("tools", tools),
            ("options", vec![of_options(options)]),
        ];
        let parts = parts.map(|(name, sizes)| (name, sizes.iter().sum::<usize>(), sizes));
        let needed = OWN + parts.iter().map(|(_, whole, _)| whole).sum::<usize>();
        let (mut largest, mut of_largest) = (String::new(), 0);
        for (name, whole, sizes) in &parts {
            if *whole <= of_largest {
                continue;
            }
            (largest, of_largest) = ((*name).to_owned(), *whole);
            let one = sizes.iter().enumerate().max_by_key(|(_, size)| **size);
            if let Some((index, size)) = one.filter(|(_, size)| sizes.len() > 1 && **size > whole / 2) {
                (largest, of_largest) = (format!("{name}[{index}]"), *size);
            }
        }
        RequestMemory { needed, largest, of_largest }
    }
}

/// A text as it came, and as it stands in the request.
fn text(text: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 2,
        0..=0x1f => 6,
        _ => 1,
    };
    text.len() + text.bytes().map(escaped).sum::<usize>()
}

/// A document that goes through as it is.
fn document(json: &str) -> usize {
    COPIES * json.len()
}

/// A document that the provider takes apart.
fn members(json: &str) -> usize {
    let members = json.bytes().filter(|byte| matches!(byte, b',' | b'{' | b'[')).count();
    document(json) + MEMBER * members
}

fn of_message(message: &Message) -> usize {
    ELEMENT
        + match message {
            Message::User(blocks) => blocks.iter().map(of_user_block).sum(),
            Message::Assistant(message) => message.content.iter().map(of_assistant_block).sum(),
            Message::ToolResult(result) => {
                NAMES * (result.tool_call_id.len() + result.tool_name.len())
                    + result.content.iter().map(of_user_block).sum::<usize>()
            }
            // They go together into the system prompt.
            Message::System(prompt) => 2 * text(prompt),
            Message::Other(other) => NAMES * other.name.len() + document(&other.value),
        }
}

fn of_user_block(block: &UserBlock) -> usize {
    ELEMENT
        + match block {
            UserBlock::Text(said) | UserBlock::GuardedText(said) => text(said),
            UserBlock::Image(_) | UserBlock::Video(_) | UserBlock::CachePoint(_) => 0,
            UserBlock::Document(document) => {
                NAMES * document.name.as_deref().map_or(0, str::len) + document.context.as_deref().map_or(0, text)
            }
            UserBlock::Other(other) => NAMES * other.name.len() + document(&other.value),
        }
}

fn of_assistant_block(block: &AssistantBlock) -> usize {
    ELEMENT
        + match block {
            AssistantBlock::Text(said) => {
                text(&said.text) + said.citations.iter().map(|citation| ELEMENT + citation.len()).sum::<usize>()
            }
            AssistantBlock::Thinking(thinking) => text(&thinking.text) + thinking.signature.as_deref().map_or(0, text),
            AssistantBlock::ToolCall(call) => {
                ELEMENT + NAMES * (call.id.len() + call.name.len()) + document(&call.arguments)
            }
            AssistantBlock::Other(other) => NAMES * other.name.len() + document(&other.value),
        }
}

fn of_tool(tool: &Tool) -> usize {
    ELEMENT + NAMES * tool.name.len() + members(&tool.parameters) + text(&tool.description)
}

fn of_options(options: &Options) -> usize {
    let texts = |texts: &[String]| texts.iter().map(|said| ELEMENT + text(said)).sum::<usize>();
    let pairs = |pairs: &[(String, String)]| pairs.iter().map(|(name, value)| ELEMENT + text(name) + text(value)).sum();
    let fields = options.additional_request_fields.iter().map(|fields| members(fields));
    let schemas = options.output_schema.iter().map(|schema| members(&schema.schema));
    let listed: [usize; 5] = [
        texts(&options.stop_sequences),
        texts(&options.system_tools),
        texts(&options.additional_response_field_paths),
        pairs(&options.request_metadata),
        pairs(&options.prompt_variables),
    ];
    let documents = fields.chain(schemas).map(|size| ELEMENT + size);
    let points = options.cache_points.system.len() + options.cache_points.tools.len();
    ELEMENT * (options.thinking_budgets.len() + points) + listed.iter().sum::<usize>() + documents.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::{OWN, RequestMemory};
    use crate::json::options::OptionsForm;
    use quarry_contract::conversation::{Context, Message, Tool, UserBlock};

    fn of(blocks: Vec<UserBlock>, tools: Vec<Tool>) -> RequestMemory {
        let hello = Message::User(vec![UserBlock::Text("hello".to_owned())]);
        let messages = vec![hello, Message::User(blocks)];
        RequestMemory::of(&Context { system_prompt: None, messages, tools }, &OptionsForm::default().into())
    }

    #[test]
    fn a_long_text_is_there_twice_and_named() {
        let memory = of(vec![UserBlock::Text("x".repeat(20 << 20))], Vec::new());
        assert_eq!((memory.needed - OWN) >> 20, 40);
        assert_eq!((memory.largest.as_str(), memory.of_largest >> 20), ("messages[1]", 40));
        let memory = of(vec![UserBlock::Text("\u{1}".repeat(1 << 20))], Vec::new());
        assert_eq!(memory.of_largest >> 20, 7, "escapes count as they are written");
    }

    #[test]
    fn many_small_parts_count_for_more_than_their_texts() {
        let memory = of((0..100_000).map(|_| UserBlock::Text("x".to_owned())).collect(), Vec::new());
        assert!(memory.needed > 48 << 20, "{memory:?}");
        let tool = |name| Tool { name, description: String::new(), parameters: "{}".to_owned(), strict: None };
        let memory = of(Vec::new(), (0..1000).map(|index| tool(format!("tool_{index}"))).collect());
        assert_eq!(memory.largest, "tools");
    }
}
