// What messages are made of: texts, images, thinking, calls and results, as pi keeps them. Each comes in a `plain` kind, which every
// model takes, and an `odd` one: what is in sessions that moved between models, were cut off, or came from careless tools.
import fc from "fast-check";

// One pixel each; the simulator looks at the bytes no further than that they are base64.
const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const SIGNATURE = "EqQBCkgIBhABGAIiQNTkBz8=";

const object = (properties) => ({ type: "object", properties, required: Object.keys(properties) });
export const PLAIN_TOOLS = [
  { name: "get_weather", description: "Tells the weather of a city.", parameters: object({ city: { type: "string" } }) },
  { name: "add", description: "Adds two numbers.", parameters: object({ a: { type: "number" }, b: { type: "number" } }) },
  { name: "clock", description: "Tells the time.", parameters: object({}) },
];
export const ODD_TOOLS = [
  { name: "get-time", description: "Tells the time of a zone.", parameters: object({ zone: { type: "string" } }) },
  {
    name: "search",
    description: "Searches.",
    parameters: { anyOf: [object({ query: { type: "string" } }), object({ url: { type: "string" } })] },
  },
  { name: "note", description: "Notes.", parameters: { properties: { text: { type: "string" } } } },
  {
    name: "lookup",
    description: "Looks up.",
    constrainedSampling: { type: "json_schema", strict: "prefer" },
    parameters: { type: "object", properties: { word: { type: "string" }, language: { type: "string" } }, required: ["word"] },
  },
  { name: "silent", description: "", parameters: object({ text: { type: "string" } }) },
];

/** What a message of the assistant says of tokens: pi wants it there. */
export const NO_USAGE = {
  input: 0,
  output: 0,
  cacheRead: 0,
  cacheWrite: 0,
  totalTokens: 0,
  cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 },
};

/** One of some kinds, by weight. */
export const mostly = (...kinds) => fc.oneof(...kinds.map(([weight, arbitrary]) => ({ weight, arbitrary })));
/** A value, or in half of all requests none. */
export const sometimes = (arbitrary) => mostly([1, arbitrary], [1, fc.constant(undefined)]);
/** A value in one of eight. */
export const seldom = (arbitrary) => mostly([1, arbitrary], [7, fc.constant(undefined)]);

const words = mostly(
  [6, fc.constantFrom("A stone.", "Bedrock lies under the soil.", "Grüße, 石, \ud83e\udea8!", "- one\n- two", " spaces around ")],
  [2, fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter((text) => text.trim() !== "")],
  [1, fc.constantFrom("a control \u0001 and \u001b", "x".repeat(3000))],
);
const blank = fc.constantFrom("", " ", "\n\t", "\u00a0", "\ufeff", "\ud83d", "\udc00 ");
const halves = fc.constantFrom("half \ud83d of a pair", "\udc00 the other half");
const oddText = mostly([6, words], [2, blank], [1, halves]);

/** What the simulator answers to: words, tools that it is to call, thinking that it is to hide. */
export const prompt = fc.constantFrom(
  "Hello",
  "Tell me about bedrock",
  "echo a word",
  "count to 40",
  "Please call get_weather for Paris",
  "Use add on 2 and 3.5, then get_weather in Oslo",
  "Read the clock",
  "Use get-time",
  "Use search, then note",
  "think of something redacted",
);

const textBlock = (text) => ({ type: "text", text });
const image = fc.constantFrom(
  { type: "image", data: PNG, mimeType: "image/png" },
  { type: "image", data: GIF, mimeType: "image/gif" },
  { type: "image", data: PNG, mimeType: "image/jpg" },
  { type: "image", data: PNG, mimeType: "image/webp" },
);
const plainContent = fc.array(mostly([5, words.map(textBlock)], [2, image]), { minLength: 1, maxLength: 3 });
const oddContent = fc.array(mostly([5, oddText.map(textBlock)], [2, image]), { maxLength: 4 });

const thought = (thinking, more) => ({ type: "thinking", thinking, ...more });
const signed = words.map((text) => thought(text, { thinkingSignature: SIGNATURE }));
const oddThinking = mostly(
  [3, signed],
  [2, fc.constant(thought("", { thinkingSignature: SIGNATURE }))],
  [2, words.map((text) => thought(text))],
  [1, blank.map((text) => thought(text, { thinkingSignature: "" }))],
  [1, words.map((text) => thought(text, { thinkingSignature: "reasoning_content" }))],
  [2, fc.constant(thought("[Reasoning redacted]", { thinkingSignature: "3q2+7w==", redacted: true }))],
  [
    1,
    fc
      .constantFrom({ thinkingSignature: "!!!not-base64!!!" }, { thinkingSignature: "" }, {})
      .map((more) => thought("", { redacted: true, ...more })),
  ],
);

const plainId = fc.stringMatching(/^tooluse_[a-zA-Z0-9]{22}$/);
const oddId = mostly(
  [4, plainId],
  // 450 characters are usual; two of one beginning are what cutting makes one of.
  [2, fc.constantFrom("1111", "2222").map((end) => `call_${"A".repeat(70)}${end}|fc_${"b".repeat(20)}`)],
  [1, fc.stringMatching(/^[a-zA-Z0-9]{9}$/)],
  [1, fc.nat(2).map((number) => `functions.look:${number}`)],
);
const plainInput = fc.constantFrom({ city: "Oslo" }, { a: 2, b: 3.5 }, { deep: [{ er: null }, true, "x"] }, {});
const oddInput = mostly(
  [4, plainInput],
  [1, fc.constant({ text: "half \ud83d" })],
  [1, fc.constant({ "": "nameless", kept: [{ "": 1 }] })],
);

const names = (tools) => fc.constantFrom(...tools.map(({ name }) => name));
const call = (id, name, input) => fc.record({ type: fc.constant("toolCall"), id, name, arguments: input });

/** Who wrote a message of the assistant: the model itself, or another, here or elsewhere. */
const oddAuthor = mostly(
  [5, fc.constant({})],
  [1, fc.constant({ api: "openai-responses", provider: "openai", model: "gpt-5.2" })],
  [1, fc.constant({ model: "us.anthropic.claude-3-5-haiku-20241022-v1:0" })],
);

export const plain = {
  text: words,
  said: mostly([2, words], [1, plainContent]),
  thoughts: mostly([3, fc.constant([])], [2, signed.map((block) => [block])]),
  calls: fc.uniqueArray(call(plainId, names(PLAIN_TOOLS), plainInput), { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
  result: fc.record({ content: plainContent, isError: mostly([5, fc.constant(false)], [1, fc.constant(true)]) }),
};
export const odd = {
  text: oddText,
  said: mostly([1, oddText], [1, oddContent]),
  thoughts: fc.array(oddThinking, { maxLength: 2 }),
  calls: fc.array(call(oddId, names([...PLAIN_TOOLS, ...ODD_TOOLS]), oddInput), { maxLength: 3 }),
  result: fc.record({ content: oddContent, isError: fc.boolean(), given: mostly([6, fc.constant(true)], [1, fc.constant(false)]) }),
  author: oddAuthor,
  ending: mostly([8, fc.constant("stop")], [1, fc.constantFrom("error", "aborted", "length")]),
};
