// Requests as pi makes them, generated: a model, a conversation, options, and which of the simulator's answers comes.
import fc from "fast-check";
import { MODELS } from "./models.mjs";
import { NO_USAGE, ODD_TOOLS, PLAIN_TOOLS, mostly, odd, plain, prompt, seldom, sometimes } from "./parts.mjs";

const user = (content) => ({ role: "user", content, timestamp: 0 });
const assistant = (content, stopReason, author) => ({ role: "assistant", content, stopReason, author, timestamp: 0 });
const text = (text) => ({ type: "text", text });
const answers = (calls, results) =>
  calls.map(({ id, name }, index) => ({
    role: "toolResult",
    toolCallId: id,
    toolName: name,
    timestamp: 0,
    isError: false,
    ...results[index],
  }));

/** A user asks and the assistant answers, perhaps after it called tools. */
const plainExchange = fc
  .record({
    asked: plain.said,
    thoughts: plain.thoughts,
    said: plain.text,
    calls: mostly([1, fc.constant([])], [1, plain.calls]),
    results: fc.array(plain.result, { minLength: 3, maxLength: 3 }),
    moreThoughts: plain.thoughts,
    last: plain.text,
  })
  .map(({ asked, thoughts, said, calls, results, moreThoughts, last }) => {
    const worked = calls.length === 0 ? [] : [assistant([...thoughts, text(said), ...calls], "toolUse"), ...answers(calls, results)];
    return [user(asked), ...worked, assistant([...moreThoughts, text(last)], "stop")];
  });
const plainMessages = fc
  .tuple(fc.array(plainExchange, { maxLength: 2 }), mostly([6, prompt], [2, plain.said], [2, fc.constant(null)]), prompt)
  .map(([exchanges, last, otherwise]) => {
    if (last !== null) return [...exchanges.flat(), user(last)];
    // The last answer is taken away where results of tools stand before it, so that the model is to go on from them.
    const messages = exchanges.flat().slice(0, -1);
    return messages.at(-1)?.role === "toolResult" ? messages : [...exchanges.flat(), user(otherwise)];
  });

/** A turn of the assistant with the results of its calls, most of which are there. */
const oddTurn = fc
  .record({
    author: odd.author,
    ending: odd.ending,
    thoughts: odd.thoughts,
    said: fc.array(odd.text.map(text), { maxLength: 2 }),
    calls: odd.calls,
    results: fc.array(odd.result, { minLength: 3, maxLength: 3 }),
    turned: fc.boolean(),
    interruption: seldom(odd.said.map(user)),
  })
  .map(({ author, ending, thoughts, said, calls, results, turned, interruption }) => {
    const stop = ending === "stop" && calls.length > 0 ? "toolUse" : ending;
    const given = answers(calls, results)
      .filter((result) => result.given)
      .map(({ given: _, ...result }) => result);
    if (turned) given.reverse();
    // What a user says while tools run comes between their results.
    const between = interruption && given.length > 1 ? [interruption] : [];
    return [assistant([...thoughts, ...said, ...calls], stop, author), ...given.slice(0, 1), ...between, ...given.slice(1)];
  });
const system = odd.text.map((content) => ({ role: "system", content, timestamp: 0 }));
const oddMessages = fc
  .record({
    first: mostly([9, odd.said.map((said) => [user(said)])], [1, fc.constant([])]),
    exchanges: fc.array(
      fc
        .tuple(mostly([4, odd.said.map(user)], [1, fc.constant(null)]), seldom(system), oddTurn)
        .map(([said, system, turn]) => [said, system, ...turn].filter(Boolean)),
      { maxLength: 3 },
    ),
    last: mostly([6, prompt.map((said) => [user(said)])], [2, odd.said.map((said) => [user(said)])], [2, fc.constant([])]),
  })
  .map(({ first, exchanges, last }) => [...first, ...exchanges.flat(), ...last])
  .filter((messages) => messages.some(({ role }) => role === "user"));

const options = fc.record({
  reasoning: sometimes(fc.constantFrom("minimal", "low", "medium", "high", "xhigh", "max")),
  thinkingBudgets: seldom(fc.constantFrom({ low: 1500, high: 5000 }, { medium: 100 })),
  temperature: sometimes(fc.constantFrom(0, 0.5, 1)),
  maxTokens: sometimes(fc.constantFrom(10, 900, 3000, 4096)),
  cacheRetention: sometimes(fc.constantFrom("none", "short", "long")),
  toolChoice: sometimes(fc.constantFrom("auto", "any", "none", { type: "tool", name: "clock" })),
});

/** Ways in which an answer can be odd, or not come. */
const FAULTS = [
  ...["throttling", "validation", "internal-server", "model-stream-error", "service-unavailable"].map(
    (kind) => `sim.exception.${kind}.after-4`,
  ),
  "sim.exception.throttling.after-0",
  "sim.error-frame.after-3",
  "sim.truncate.after-5",
  "sim.cut-mid-frame.after-5",
  "sim.reset.after-5",
  "sim.bad-crc.after-4",
  "sim.malformed-json.after-4",
  "sim.leftover",
  "sim.drip",
  "sim.unknown-events",
  "sim.malformed-tool",
  "sim.guardrail",
  "sim.citations",
  "sim.server-tools",
  "sim.refusal",
  "sim.no-metadata",
  "sim.stop.max_tokens",
  "sim.stop.stop_sequence",
  "sim.stop.model_context_window_exceeded",
  "sim.stop.content_filtered",
  "sim.stop.malformed_tool_use",
  "sim.stop.something_new",
  "sim.stop.tool_use",
  "sim.http.403-denied",
  "sim.http.400-too-long",
  "sim.http.404",
  "sim.http.424",
];

const parts = (messages, tools, systemPrompt) =>
  fc.record({
    model: fc.constantFrom(...MODELS),
    systemPrompt,
    tools,
    messages,
    options,
    fault: mostly([6, fc.constant(undefined)], [4, fc.constantFrom(...FAULTS)]),
  });
const usualPrompt = sometimes(fc.constant("Be a quarryman."));
const plainTools = mostly([4, fc.constant(PLAIN_TOOLS)], [1, fc.constant(undefined)]);

/** A request, and `upstream`, which model of the simulator answers it. */
export const requests = mostly(
  [3, parts(plainMessages, plainTools, usualPrompt)],
  [
    2,
    parts(
      oddMessages,
      mostly([3, plainTools], [2, fc.subarray(ODD_TOOLS).map((odd) => [...PLAIN_TOOLS, ...odd])]),
      mostly([2, usualPrompt], [1, odd.text]),
    ),
  ],
).map(({ model: { standIn, ...model }, systemPrompt, tools, messages, options, fault }) => ({
  model,
  context: { systemPrompt, messages: messages.map((message) => written(message, model)), tools },
  options: Object.fromEntries(
    Object.entries(options).filter(([name, value]) => value !== undefined && (name !== "toolChoice" || isPossible(value, tools))),
  ),
  upstream: fault ?? standIn ?? model.id,
}));

/** A choice among tools that are not there is the caller's mistake, which each side tells in its own way. */
function isPossible(choice, tools = []) {
  return choice === "auto" || choice === "none" || tools.some(({ name }) => choice === "any" || name === choice.name);
}

/** The message as pi keeps it: with its author's name. */
function written({ author, ...message }, model) {
  if (message.role !== "assistant") return message;
  return { ...message, api: model.api, provider: model.provider, model: model.id, usage: NO_USAGE, ...author };
}
