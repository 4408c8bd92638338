// pi-agent-core, unmodified: its streamProxy, by hand and under its Agent, which runs tools itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, streamProxy } from "@earendil-works/pi-agent-core";
import { normalizeContext } from "@earendil-works/pi-ai";
import { BROKEN, CLAUDE, NOVA, PNG, SCHEMAS, fallsIdleWithinASecond, inFlight, run } from "./checks.mjs";

const [BASE, KEY] = process.argv.slice(2);
const VERSION = JSON.parse(readFileSync(new URL("node_modules/@earendil-works/pi-agent-core/package.json", import.meta.url))).version;
const TOOLS = Object.entries(SCHEMAS).map(([name, parameters]) => ({ name, description: `The tool ${name}`, parameters }));
const user = (content) => ({ role: "user", content, timestamp: 0 });
const result = (call, content, isError = false) => ({
  role: "toolResult", toolCallId: call.id, toolName: call.name, content: [{ type: "text", text: content }], isError, timestamp: 0,
});

const model = (id) => ({
  id, name: id, api: "bedrock-converse-stream", provider: "amazon-bedrock", baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com",
  reasoning: true, input: ["text", "image"], cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }, contextWindow: 200_000, maxTokens: 64_000,
});
const proxied = { authToken: KEY, proxyUrl: BASE };

/** Streams a turn to its end, and checks the order of pi's events on the way. */
async function turn(id, context, options = {}) {
  const events = [];
  for await (const event of streamProxy(model(id), context, { ...proxied, ...options })) events.push({ ...event, partial: undefined });
  const last = events.at(-1);
  const final = last.type === "done" ? last.message : last.error;
  assert.ok(final, JSON.stringify(last));
  const text = final.content.filter((block) => block.type === "text").map((block) => block.text).join("");
  return { events, types: events.map((event) => event.type), final, text, calls: final.content.filter((block) => block.type === "toolCall") };
}

const named = (calls) => calls.map(({ name, arguments: input }) => [name, input]);

const checks = {
  async "text, with usage and cost"() {
    const { types, text, final } = await turn(CLAUDE, { systemPrompt: "Be a quarryman.", messages: [user("Tell me about bedrock")] });
    assert.deepEqual([types[0], types[1], types.at(-2), types.at(-1)], ["start", "text_start", "text_end", "done"]);
    for (const part of ["Tell me about bedrock", CLAUDE, "Be a quarryman."]) assert.ok(text.includes(part), text);
    assert.equal(final.stopReason, "stop");
    assert.ok(final.usage.input > 0 && final.usage.output > 0 && final.usage.cost.total > 0, JSON.stringify(final.usage));
  },

  async "a transcript whose system messages bring the prompt and the tools"() {
    const context = normalizeContext({ systemPrompt: "Be a quarryman.", messages: [user("Use add on 2 and 3.5")], tools: TOOLS });
    assert.deepEqual(Object.keys(context), ["messages"]);
    assert.deepEqual(named((await turn(CLAUDE, context)).calls), [["add", { a: 2, b: 3.5 }]]);
    const changed = { role: "system", content: "", toolsAdded: [TOOLS[2]], toolsRemoved: [{ name: "add" }], sections: { mood: "Be brief." }, timestamp: 0 };
    const later = [...context.messages.slice(0, 1), changed, user("Use add on 1 and 2, or the clock")];
    assert.deepEqual(named((await turn(CLAUDE, { messages: later })).calls), [["clock", {}]]);
    assert.match((await turn(CLAUDE, { messages: [...context.messages.slice(0, 1), changed, user("Hello")] })).text, /Be a quarryman\. Be brief\./);
  },

  async "a tool loop with tools in parallel"() {
    for (const id of [CLAUDE, NOVA]) {
      const messages = [user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock")];
      const first = await turn(id, { messages, tools: TOOLS });
      assert.equal(first.final.stopReason, "toolUse", first.final.errorMessage);
      assert.deepEqual(named(first.calls), [["add", { a: 2, b: 3.5 }], ["get_weather", { city: "Oslo" }], ["clock", {}]]);
      messages.push(first.final, ...first.calls.map((call) => result(call, `result of ${call.name}`, call.name === "clock")));
      const second = await turn(id, { messages, tools: TOOLS });
      for (const part of ['add answered "result of add"', 'get_weather answered "result of get_weather"', 'clock failed with "result of clock"']) {
        assert.ok(second.text.includes(part), second.text || second.final.errorMessage);
      }
    }
  },

  async "an Agent runs its tools by itself"() {
    const ran = [];
    const tools = TOOLS.slice(0, 2).map((tool) => ({
      ...tool, label: tool.name,
      async execute(_id, input) {
        ran.push([tool.name, input]);
        return { content: [{ type: "text", text: tool.name === "add" ? `${input.a + input.b}` : `21 degrees in ${input.city}` }], details: null };
      },
    }));
    const agent = new Agent({
      initialState: { systemPrompt: "Be a quarryman.", model: model(CLAUDE), thinkingLevel: "low", tools },
      streamFn: (which, context, options) => streamProxy(which, context, { ...options, ...proxied }),
    });
    await agent.prompt("Use add on 2 and 3.5, then get_weather in Oslo");
    assert.deepEqual(ran, [["add", { a: 2, b: 3.5 }], ["get_weather", { city: "Oslo" }]], JSON.stringify(agent.state.messages.at(-1)));
    const last = agent.state.messages.at(-1);
    assert.equal(last.stopReason, "stop", last.errorMessage);
    assert.match(last.content.at(-1).text, /add answered "5\.5".*get_weather answered "21 degrees in Oslo".*Be a quarryman/);
  },

  async "thinking, kept across turns with a tool between"() {
    const options = { reasoning: "low", maxTokens: 6000 };
    const messages = [user("Please call get_weather for Paris")];
    const first = await turn(CLAUDE, { messages, tools: TOOLS }, options);
    const thought = first.final.content[0];
    assert.ok(thought.type === "thinking" && thought.thinking && thought.thinkingSignature, first.final.errorMessage ?? JSON.stringify(thought));
    assert.ok(first.types.indexOf("thinking_end") < first.types.indexOf("toolcall_start"));
    messages.push(first.final, result(first.calls[0], "21 degrees"));
    const second = await turn(CLAUDE, { messages, tools: TOOLS }, options);
    assert.match(second.text, /get_weather answered "21 degrees"/, second.final.errorMessage);
    messages.push(second.final, user("Thank you. Is it warm?"));
    assert.match((await turn(CLAUDE, { messages, tools: TOOLS }, options)).text, /this conversation has 5 messages/);
  },

  async "images, of the user and of a tool"() {
    const image = { type: "image", data: PNG.toString("base64"), mimeType: "image/png" };
    const seen = await turn(CLAUDE, { messages: [user([{ type: "text", text: "What do you see?" }, image])] });
    assert.ok(seen.text.includes(`1 image: png, ${PNG.length} bytes`), seen.text || seen.final.errorMessage);
    const messages = [user("Please call get_weather for Paris")];
    const first = await turn(CLAUDE, { messages, tools: TOOLS });
    messages.push(first.final, { ...result(first.calls[0], "a picture"), content: [image] });
    assert.ok((await turn(CLAUDE, { messages, tools: TOOLS })).text.includes("1 image: png"));
  },

  async "the limit of tokens, and a cached prompt"() {
    const cut = await turn(NOVA, { messages: [user("count to 500")] }, { maxTokens: 10 });
    assert.deepEqual([cut.final.stopReason, cut.text.length], ["length", 40]);
    const context = { systemPrompt: "A long rule, for pi by proxy. ".repeat(60), messages: [user("Hello")] };
    const [first, second] = [(await turn(CLAUDE, context)).final.usage, (await turn(CLAUDE, context)).final.usage];
    assert.ok(first.cacheWrite > 100 && first.cacheRead === 0, JSON.stringify(first));
    assert.deepEqual([second.cacheRead, second.cacheWrite], [first.cacheWrite, 0]);
  },

  async "what is refused is told"() {
    const told = {
      "sim.http.429": /Too many requests/, "no.such-model": /model/, "sim.http.400-too-long": /too long/, "sim.http.500": /unexpected error/,
      "sim.http.403-denied": /access/,
    };
    for (const [id, reason] of Object.entries(told)) {
      const { types, final } = await turn(id, { messages: [user("Hello")] });
      assert.deepEqual([types.at(-1), final.stopReason], ["error", "error"], id);
      assert.match(final.errorMessage, reason, id);
    }
    const { final } = await turn(NOVA, { messages: [user("Hello")] }, { authToken: "wrong" });
    assert.match(final.errorMessage, /^Proxy error: .*key/);
    const wrong = await turn(NOVA, { messages: [{ content: "Hello" }] });
    assert.match(wrong.final.errorMessage ?? "", /messages\[0\]\.role/, JSON.stringify(wrong.final));
  },

  async "a stream that breaks is an error, and what came before it stays"() {
    for (const id of BROKEN) {
      const { types, final, text } = await turn(id, { messages: [user("Hello")] });
      assert.deepEqual([types.at(-1), final.stopReason], ["error", "error"], id);
      assert.ok(final.errorMessage && !final.errorMessage.startsWith("Connection closed by proxy"), `${id}: ${final.errorMessage}`);
      assert.ok(text && "You wrote".startsWith(text.slice(0, 9)), `${id}: ${text}`);
    }
  },

  async "odd streams come whole"() {
    for (const id of ["sim.drip", "sim.slow.5", "sim.unknown-events"]) {
      const { text, types, final } = await turn(id, { messages: [user("echo a word")] });
      assert.deepEqual([types.at(-1), text], ["done", "a word"], `${id}: ${final.errorMessage}`);
    }
  },

  async "an abort ends the request"() {
    const abort = new AbortController();
    const events = [];
    for await (const event of streamProxy(model("sim.slow.20"), { messages: [user("count to 5000")] }, { ...proxied, signal: abort.signal })) {
      events.push(event);
      if (events.length === 4) {
        assert.ok((await inFlight(BASE, KEY)) >= 1);
        abort.abort();
      }
    }
    assert.deepEqual([events.at(-1).type, events.at(-1).reason], ["error", "aborted"]);
    await fallsIdleWithinASecond(BASE, KEY);
  },
};

await run(`pi-agent-core ${VERSION}`, checks);
