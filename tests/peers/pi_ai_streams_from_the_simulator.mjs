// pi-ai streams from the simulator: the provider that OpenClaw uses, with only its model's baseUrl overridden.
//
//     node pi_ai_streams_from_the_simulator.mjs http://127.0.0.1:PORT
//
// Prints a line for each check, with the reason where one fails, and exits 1 if any did.

import assert from "node:assert/strict";
import { normalizeContext } from "@earendil-works/pi-ai";
import { stream } from "@earendil-works/pi-ai/api/bedrock-converse-stream";
import { run } from "./checks.mjs";

const endpoint = process.argv[2];
const CLAUDE = "us.anthropic.claude-sonnet-4-6";
const NOVA = "amazon.nova-lite-v1:0";
const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.from("not really an image")]).toString("base64");

const model = (id, more = {}) => ({
  id,
  name: id,
  api: "bedrock-converse-stream",
  provider: "amazon-bedrock",
  baseUrl: endpoint,
  reasoning: true,
  input: ["text", "image"],
  cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  contextWindow: 200000,
  maxTokens: 4096,
  ...more,
});

const user = (content) => ({ role: "user", content, timestamp: 0 });
const tool = (name, properties, required) => ({ name, description: name, parameters: { type: "object", properties, required } });
const WEATHER = tool("get_weather", { city: { type: "string" } }, ["city"]);
const ADD = tool("add", { a: { type: "number" }, b: { type: "number" } }, ["a", "b"]);
const CLOCK = tool("clock", {}, []);

/** Streams one turn and gives its events, the final message and the joined text. */
async function turn(id, messages, { tools, options = {}, ...more } = {}) {
  const context = normalizeContext({ messages: typeof messages === "string" ? [user(messages)] : messages, tools, ...more });
  const events = [];
  let final;
  // The SDK tries again after throttling and server errors; one attempt is enough to see what comes.
  for await (const event of stream(model(id), context, { region: "us-east-1", ...options })) {
    events.push(event);
    if (event.type === "done") final = event.message;
    if (event.type === "error") final = event.error;
  }
  assert.ok(final, "a stream ends with done or error");
  const text = final.content.filter((block) => block.type === "text").map((block) => block.text).join("");
  return { events, final, text, types: events.map((event) => event.type) };
}

const calls = ({ final }) => final.content.filter((block) => block.type === "toolCall").map(({ name, arguments: input }) => [name, input]);

async function fails(id, reason, prompt = "Hello") {
  const result = await turn(id, prompt);
  assert.equal(result.types.at(-1), "error", `${id} must fail, but ended with ${result.types.at(-1)}`);
  assert.match(result.final.errorMessage, reason, `${id}: ${result.final.errorMessage}`);
  return result;
}

const checks = {
  async "text is streamed"() {
    const { types, final, text } = await turn(CLAUDE, "Tell me about bedrock");
    assert.deepEqual([types[0], types[1], types.at(-2), types.at(-1)], ["start", "text_start", "text_end", "done"]);
    assert.ok(types.filter((type) => type === "text_delta").length > 5);
    for (const part of ["Tell me about bedrock", "simulator", CLAUDE, "us-east-1"]) assert.ok(text.includes(part), text);
    assert.deepEqual([final.stopReason, final.rawStopReason], ["stop", "end_turn"]);
    assert.ok(final.usage.input > 0 && final.usage.output > 0 && final.usage.cost.total > 0, JSON.stringify(final.usage));
  },

  async "over HTTP/1.1 and with a bearer token too"() {
    const one = await turn(NOVA, "echo one", { options: { env: { AWS_BEDROCK_FORCE_HTTP1: "1" } } });
    assert.equal(one.text, "one");
    const two = await turn(NOVA, "Tell me about bedrock", { options: { bearerToken: "token" } });
    assert.match(two.text, /with a bearer token/);
  },

  async "maxTokens cuts"() {
    const { final, text } = await turn(NOVA, "count to 500", { options: { maxTokens: 10 } });
    assert.deepEqual([final.stopReason, text.length], ["length", 40]);
  },

  async "a tool loop goes round"() {
    const messages = [user("Please call get_weather for Paris")];
    const first = await turn(CLAUDE, messages, { tools: [WEATHER, ADD], systemPrompt: "Be brief." });
    assert.equal(first.final.stopReason, "toolUse", first.final.errorMessage);
    assert.deepEqual(calls(first), [["get_weather", { city: "Paris" }]]);
    assert.ok(first.types.includes("toolcall_start") && first.types.filter((type) => type === "toolcall_delta").length > 2);
    const call = first.final.content.find((block) => block.type === "toolCall");
    messages.push(first.final, {
      role: "toolResult", toolCallId: call.id, toolName: call.name, content: [{ type: "text", text: "21 degrees" }], isError: false, timestamp: 0,
    });
    const second = await turn(CLAUDE, messages, { tools: [WEATHER, ADD] });
    assert.equal(second.final.stopReason, "stop", second.final.errorMessage);
    assert.match(second.text, /get_weather answered "21 degrees"/);
  },

  async "tools are called in parallel, and without arguments"() {
    const both = await turn(CLAUDE, "Use add on 2 and 3.5, then get_weather in Oslo", { tools: [WEATHER, ADD] });
    assert.deepEqual(calls(both), [["add", { a: 2, b: 3.5 }], ["get_weather", { city: "Oslo" }]]);
    for (const id of [CLAUDE, NOVA]) assert.deepEqual(calls(await turn(id, "Read the clock", { tools: [CLOCK] })), [["clock", {}]], id);
  },

  async "thinking comes first, and its signature survives the replay"() {
    const messages = [user("Please call get_weather for Paris")];
    const options = { reasoning: "low", maxTokens: 3000 };
    const first = await turn(CLAUDE, messages, { tools: [WEATHER], options });
    assert.equal(first.final.stopReason, "toolUse", first.final.errorMessage);
    const thought = first.final.content[0];
    assert.ok(thought.type === "thinking" && thought.thinking && thought.thinkingSignature, JSON.stringify(thought));
    assert.ok(first.types.indexOf("thinking_start") < first.types.indexOf("toolcall_start"));
    const call = first.final.content.find((block) => block.type === "toolCall");
    messages.push(first.final, {
      role: "toolResult", toolCallId: call.id, toolName: call.name, content: [{ type: "text", text: "21" }], isError: false, timestamp: 0,
    });
    const second = await turn(CLAUDE, messages, { tools: [WEATHER], options });
    assert.equal(second.final.stopReason, "stop", second.final.errorMessage);
    const sealed = await turn(CLAUDE, "think of something redacted", { options });
    assert.ok(sealed.final.content[0].redacted && sealed.final.content[0].thinkingSignature.length > 40, JSON.stringify(sealed.final.content[0]));
  },

  async "images are seen"() {
    const content = [{ type: "text", text: "What do you see?" }, { type: "image", data: PNG, mimeType: "image/png" }];
    assert.match((await turn(CLAUDE, [user(content)])).text, /1 image: png, 27 bytes/);
  },

  async "a cached prompt is written once and read after that"() {
    const ask = async () => (await turn(CLAUDE, "Hello", { systemPrompt: "A long rule, for pi. ".repeat(40) })).final.usage;
    const [first, second] = [await ask(), await ask()];
    assert.ok(first.cacheWrite > 100 && first.cacheRead === 0, JSON.stringify(first));
    assert.deepEqual([second.cacheRead, second.cacheWrite], [first.cacheWrite, 0]);
  },

  async "what is refused is told"() {
    await fails("no.such-model", /^Validation error: The provided model identifier is invalid\./);
    await fails("anthropic.claude-sonnet-4-6", /on-demand throughput isn’t supported/);
    await fails("sim.http.400-validation", /^Validation error: /);
    await fails("sim.http.403-denied", /^AccessDeniedException: You don't have access/);
    const expired = await fails("sim.http.403-expired", /expired/);
    const { status, requestId } = expired.final.diagnostics[0].details;
    assert.deepEqual([status, typeof requestId], [403, "string"]);
    await fails("sim.http.404", /^ResourceNotFoundException: /);
    await fails("sim.http.424", /^ModelErrorException: /);
    await fails("sim.http.408", /^ModelTimeoutException: /);
    await fails("sim.http.429", /^Throttling error: Too many requests/);
    await fails("sim.http.500", /^Internal server error: /);
    await fails("sim.http.503", /^Service unavailable: /);
    await fails("sim.http.503-html", /is not valid JSON/);
  },

  async "stream exceptions keep what came before them"() {
    const messages = {
      throttling: /Too many requests/, validation: /asked for this/, "internal-server": /unexpected error/,
      "model-stream-error": /invalid sequence/, "service-unavailable": /unable to process/,
    };
    for (const [name, reason] of Object.entries(messages)) {
      const { text, types } = await fails(`sim.exception.${name}.after-4`, reason);
      assert.ok(types.includes("text_delta") && "You wrote".startsWith(text.slice(0, 9)) && text, `${name}: ${text}`);
      assert.deepEqual((await fails(`sim.exception.${name}.after-0`, reason)).types, ["error"]);
    }
    await fails("sim.error-frame.after-3", /asked to fail|InternalFailure/);
  },

  async "streams that end too soon are errors"() {
    await fails("sim.truncate.after-5", /ended without a stop reason/);
    await fails("sim.cut-mid-frame.after-5", /./);
    await fails("sim.reset.after-5", /./);
    await fails("sim.bad-crc.after-3", /checksum/i);
    await fails("sim.malformed-json.after-3", /JSON/);
    await fails("sim.refusal", /Provider stopped with: refusal/);
    await fails("sim.guardrail", /Provider stopped with: guardrail_intervened/);
    await fails("sim.stop.malformed_model_output", /Provider stopped with: malformed_model_output/);
  },

  async "a silent stream can be aborted"() {
    const abort = new AbortController();
    const events = [];
    for await (const event of stream(model("sim.silence.after-3"), { messages: [user("Hello")] }, { region: "us-east-1", signal: abort.signal })) {
      events.push(event);
      if (event.type === "text_delta") setTimeout(() => abort.abort(), 50);
    }
    assert.deepEqual([events.at(-1).type, events.at(-1).reason], ["error", "aborted"]);
  },

  async "odd streams come whole"() {
    for (const id of ["sim.drip", "sim.slow.5", "sim.no-metadata", "sim.unknown-events"]) {
      const { text, types, final } = await turn(id, "echo a word");
      assert.deepEqual([types.at(-1), text], ["done", "a word"], `${id}: ${final.errorMessage}`);
    }
    assert.match((await turn("sim.citations", "Hello")).text, /bedrock is what lies under the soil/);
    assert.equal((await turn("sim.server-tools", "Hello")).types.at(-1), "done");
    const spoiled = await turn("sim.malformed-tool", "Use add", { tools: [ADD] });
    assert.ok(spoiled.types.includes("toolcall_start"), spoiled.types.join());
  },
};

await run("pi-ai", checks);
