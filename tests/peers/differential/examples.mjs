// Requests that are too seldom to be left to chance.
import { MODELS } from "./models.mjs";
import { NO_USAGE, PLAIN_TOOLS } from "./parts.mjs";

const named = (id) => {
  const { standIn, ...model } = MODELS.find((model) => model.id.includes(id));
  return { model, upstream: standIn ?? model.id };
};
const user = (content) => ({ role: "user", content, timestamp: 0 });
const text = (text) => ({ type: "text", text });
const IMAGE = { type: "image", data: "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", mimeType: "image/gif" };
const asks = (id, messages, { options = {}, tools, ...more } = {}) => ({ ...named(id), context: { messages, tools }, options, ...more });
const by = ({ model: { id: model, api, provider } }, ...content) => ({
  role: "assistant",
  content,
  api,
  provider,
  model,
  stopReason: "stop",
  usage: NO_USAGE,
  timestamp: 0,
});
const call = (id) => ({ type: "toolCall", id, name: "clock", arguments: {} });
const result = (toolCallId) => ({
  role: "toolResult",
  toolCallId,
  toolName: "clock",
  content: [text("noon")],
  isError: false,
  timestamp: 0,
});

export const EXAMPLES = [
  asks("sonnet-4-5", [user("Go on."), by(named("sonnet-4-5"), text("Once upon a time "))]),
  asks("sonnet-4-6", [user("Go on."), by(named("sonnet-4-6"), text("Once upon a time"))]),
  asks("nova-micro", [user([IMAGE, text(" "), IMAGE, text("What do you see?")])]),
  asks("sonnet-4-5", [user("think of something redacted")], { options: { reasoning: "low" } }),
  asks("opus-4-8", [user("Hello")], { options: { reasoning: "max" } }),
  asks("sonnet-4-5", [user("echo a word")], { upstream: "sim.reset.after-9" }),
  asks("opus-4-8", [user("think of something redacted")], {
    upstream: "sim.exception.throttling.after-9",
    options: { maxTokens: 10, reasoning: "low" },
  }),
  asks("sonnet-4-5", [user("Read the clock")], { upstream: "sim.malformed-tool", tools: PLAIN_TOOLS }),
  asks("sonnet-4-5", [user("Please call get_weather for Paris")], { upstream: "sim.exception.throttling.after-6", tools: PLAIN_TOOLS }),
  asks("haiku-4-5", [user("What time is it?"), by(named("haiku-4-5"), call("same"), call("same")), result("same"), user("Well?")], {
    tools: PLAIN_TOOLS,
  }),
  asks("sonnet-4-6", [user("Hello"), by(named("sonnet-4-6"), text("One.")), by(named("sonnet-4-6"), text("Two.")), user("Three?")]),
  asks("sonnet-4-6", [by(named("sonnet-4-6"), text("Hello.")), user("Hello?")]),
  asks("opus-4-8", [user("Hello"), by(named("opus-4-8"), { type: "thinking", thinking: "A stone.", thinkingSignature: "EqQBCkgIBhABGAIiQNTkBz8=" }), user("Well?")]),
  asks("titan-text", [user("Use the clock")], { tools: PLAIN_TOOLS, options: { toolChoice: "any" } }),
];
