// The listed differences in how thinking of earlier turns goes back to a model.
//
// pi's body alone does not tell what a block was made of, or that one was left out. So pi is asked a second time, without sending
// anything, for the same conversation with a mark in the place of each thought: that tells where each one belongs.
import { isClaude, isDeepSeek, isSol, takesNoRedacted, takesUnsignedThinking } from "./families.mjs";
import { isBlank, isMadeUp, whole } from "./words.mjs";

const MARK = /^\u27e6thought (\d+)\u27e7$/;
const isSpeech = ({ role }) => role === "assistant";
/** Every thought with the message it is in, in order. */
const thoughts = ({ messages }) =>
  messages
    .filter(isSpeech)
    .flatMap((message) => message.content.filter(({ type }) => type === "thinking").map((thought) => ({ thought, message })));

/** The conversation with a mark in the place of each thought, and in the place of the ids of calls, which pi may make the same. */
export function marked(context) {
  let thought = 0;
  const ids = [];
  const id = (id) => `mark_${ids.includes(id) ? ids.indexOf(id) : ids.push(id) - 1}`;
  const mark = (block) => {
    if (block.type === "thinking") return { type: "text", text: `\u27e6thought ${thought++}\u27e7` };
    return block.type === "toolCall" ? { ...block, id: id(block.id) } : block;
  };
  const messages = context.messages.map((message) => {
    if (isSpeech(message)) return { ...message, content: message.content.map(mark) };
    return message.role === "toolResult" ? { ...message, toolCallId: id(message.toolCallId) } : message;
  });
  return { ...context, messages };
}

/**
 * pi's messages with each thought as `{thought, own, wire}`: the block of the context, whether the model itself thought it, and
 * what pi sends of it, if anything. Calls and results have their `mark` beside them.
 */
export function aligned(messages, markedMessages, { context, model }) {
  const all = thoughts(context).map(({ thought, message }) => {
    const own = message.provider === model.provider && message.api === model.api && message.model === model.id;
    return { thought, own, sent: isSent(thought, own) };
  });
  const wires = messages.map(({ role, content }) => ({ role, content: [...content] }));
  const result = [];
  for (const { role, content } of markedMessages) {
    const blocks = content.map((block) => {
      const [, number] = MARK.exec(block.text ?? "") ?? [];
      return number === undefined ? { mark: (block.toolUse ?? block.toolResult)?.toolUseId, madeUp: isMadeUp(block) } : all[Number(number)];
    });
    const isGone = blocks.every(({ thought, sent, madeUp }) => (thought ? !sent : madeUp && !isMadeUp(wires[0]?.content[0])));
    const wire = isGone ? { role, content: [] } : wires.shift();
    if (wire?.role !== role) throw new Error("pi's messages with marks are not those without");
    const paired = blocks.flatMap(({ thought, own, sent, mark, madeUp }) => {
      if (thought) return [{ thought, own, ...(sent ? { wire: wire.content.shift() } : {}) }];
      // Where pi made two ids one, it takes one result for both, and makes none up.
      if (madeUp && !isMadeUp(wire.content[0])) return [];
      return [{ ...wire.content.shift(), ...(mark ? { mark } : {}) }];
    });
    // Where one id stands in turns of two models, pi knows the result of the second by the first one's new id alone, and makes one up.
    while (isMadeUp(wire.content[0])) {
      const invented = wire.content.shift();
      const { mark } = result.at(-1).content.find(({ toolUse }) => toolUse?.toolUseId === invented.toolResult.toolUseId) ?? {};
      paired.push({ ...invented, mark });
    }
    if (wire.content.length > 0 || paired.some((block) => block.mark && !block.toolUse && !block.toolResult))
      throw new Error("pi's blocks with marks are not those without");
    if (paired.length > 0) result.push({ role, content: paired });
  }
  if (wires.length > 0) throw new Error("pi sent messages that it does not send with marks");
  return result;
}

/** Whether pi sends a thought. */
function isSent(thought, own) {
  if (thought.redacted) return own && isBase64(thought.thinkingSignature);
  return !isBlank(whole(thought.thinking));
}

function isBase64(text) {
  try {
    return Boolean(text) && atob(text).length > 0;
  } catch {
    return false;
  }
}

/** Changes what is sent of thoughts; `undefined` for nothing. */
const thinking =
  (change) =>
  ({ messages }, _ours, request) => {
    for (const block of messages.flatMap(({ content }) => content)) {
      if (!block.thought) continue;
      const wire = change(block, request);
      if (wire === undefined) delete block.wire;
      else block.wire = wire;
    }
  };

export const THINKING = [
  {
    name: "thinking of another model is not sent",
    reason: "pi makes it a text of the assistant, which shows one model's thoughts to another as its own words",
    right: "here",
    source: "pi 1.5.2 drops it too",
    hides: ["a user begins", "roles alternate"],
    rewrite: thinking(({ own, wire }) => (own ? wire : undefined)),
  },
  {
    name: "thinking with a placeholder for a signature is not sent",
    reason: "some gateways write `reasoning_content` where they have no signature, and the service refuses it",
    right: "here",
    source: "OpenClaw drops such a block (vector R9)",
    hides: ["a user begins", "roles alternate"],
    rewrite: thinking(({ thought, wire }) =>
      !thought.redacted && thought.thinkingSignature?.trim() === "reasoning_content" ? undefined : wire,
    ),
  },
  {
    name: "thinking of a signature alone is kept",
    reason: "adaptive thinking gives such blocks, and the next turn fails without them",
    right: "here",
    source: "OpenClaw keeps them (vector R8); rig's `reasoning_end`",
    rewrite: thinking(({ thought, own, wire }, { model }) => {
      const { thinkingSignature: signature } = thought;
      if (wire || !own || thought.redacted || !isClaude(model) || isBlank(signature ?? "") || signature.trim() === "reasoning_content")
        return wire;
      return { reasoningContent: { reasoningText: { text: whole(thought.thinking), signature } } };
    }),
  },
  {
    name: "DeepSeek gets no thinking back",
    reason: "it refuses `reasoningContent` in replayed messages",
    right: "here",
    source: "langchain-aws #401",
    hides: ["a user begins", "roles alternate"],
    rewrite: thinking(({ wire }, { model }) => (isDeepSeek(model) ? undefined : wire)),
  },
  {
    name: "GPT-5.6 gets no thinking back but redacted",
    reason: "it refuses the text of reasoning in replayed messages",
    right: "here",
    source: "inspect_ai #5217, stdapi.ai #283",
    hides: ["a user begins", "roles alternate"],
    rewrite: thinking(({ thought, wire }, { model }) => (isSol(model) && !thought.redacted ? undefined : wire)),
  },
  {
    name: "redacted thinking goes back to models that take it",
    reason: "Nova, gpt-oss and Llama are not known to take it (DeepSeek is above)",
    right: "here",
    source: "LiteLLM 1.110.2",
    hides: ["a user begins", "roles alternate"],
    rewrite: thinking(({ thought, wire }, { model }) => (takesNoRedacted(model) && thought.redacted ? undefined : wire)),
  },
  {
    name: "a model that is not known to think gets its thinking back as text",
    reason: "whether it takes `reasoningContent` is not known, and every model takes text",
    right: "either",
    source: "OpenClaw does so for all models but Claude; pi sends `reasoningText` without a signature",
    rewrite: thinking(({ thought, wire }, { model }) => {
      if (!wire?.reasoningContent?.reasoningText || isClaude(model) || takesUnsignedThinking(model)) return wire;
      return { text: whole(thought.thinking) };
    }),
  },
];

/** The messages with what is sent in the place of the thoughts. */
export function spoken(messages) {
  const resolved = messages.map(({ role, content }) => ({
    role,
    content: content.flatMap((block) => (block.thought ? [block.wire ?? []].flat() : [block])),
  }));
  return resolved.filter(({ content }) => content.length > 0);
}

/** The messages without the marks of calls and results. */
export const unmarked = (messages) =>
  messages.map(({ role, content }) => ({ role, content: content.map(({ mark: _, ...block }) => block) }));
