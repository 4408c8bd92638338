// The Anthropic SDK for Node, unmodified, has the Messages API from the gateway: every check streamed and not.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { VERSION } from "@anthropic-ai/sdk/version";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import {
  BROKEN, CLAUDE, NOVA, PDF, PNG, SCHEMAS, WEATHER_REPORT, fallsIdleWithinASecond, inFlight, rejects, run,
} from "./checks.mjs";

const [BASE, KEY] = process.argv.slice(2);
const client = new Anthropic({ baseURL: BASE, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const TOOLS = Object.entries(SCHEMAS).map(([name, input_schema]) => ({ name, description: `The tool ${name}`, input_schema }));
const user = (content) => [{ role: "user", content }];
const source = (media_type, bytes) => ({ type: "base64", media_type, data: bytes.toString("base64") });

const whole = (model, messages, options = {}) => client.messages.create({ model, messages, max_tokens: 4000, ...options });
const streamed = (model, messages, options = {}) => client.messages.stream({ model, messages, max_tokens: 4000, ...options }).finalMessage();
const BOTH = [whole, streamed];

const text = (message) => message.content.filter((block) => block.type === "text").map((block) => block.text).join("");
const calls = (message) => message.content.filter((block) => block.type === "tool_use").map(({ name, input }) => [name, input]);
const results = (message, content) =>
  user(message.content.filter((block) => block.type === "tool_use").map((block) => ({ type: "tool_result", tool_use_id: block.id, content: content(block) })));

const checks = {
  async "text, the system prompt, usage"() {
    for (const ask of BOTH) {
      const message = await ask(CLAUDE, user("Tell me about bedrock"), { system: "Be a quarryman." });
      for (const part of ["Tell me about bedrock", CLAUDE, "Be a quarryman."]) assert.ok(text(message).includes(part), text(message));
      assert.equal(message.stop_reason, "end_turn");
      assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 0, JSON.stringify(message.usage));
    }
  },

  async "a tool loop with tools in parallel"() {
    for (const ask of BOTH) {
      for (const model of [CLAUDE, NOVA]) {
        const messages = user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock");
        const first = await ask(model, messages, { tools: TOOLS });
        assert.equal(first.stop_reason, "tool_use");
        assert.deepEqual(calls(first), [["add", { a: 2, b: 3.5 }], ["get_weather", { city: "Oslo" }], ["clock", {}]]);
        messages.push({ role: "assistant", content: first.content }, ...results(first, (block) => `result of ${block.name}`));
        const said = text(await ask(model, messages, { tools: TOOLS }));
        for (const name of Object.keys(SCHEMAS)) assert.ok(said.includes(`${name} answered "result of ${name}"`), said);
      }
      const forced = await ask(CLAUDE, user("Hello"), { tools: TOOLS, tool_choice: { type: "tool", name: "add" } });
      assert.deepEqual(calls(forced).map(([name]) => name), ["add"]);
    }
  },

  async "images and documents, and remote images refused"() {
    for (const ask of BOTH) {
      const content = [
        { type: "image", source: source("image/png", PNG) },
        { type: "document", title: "handbook", source: source("application/pdf", PDF) },
        { type: "text", text: "What do you see?" },
      ];
      const said = text(await ask(CLAUDE, user(content)));
      assert.ok(said.includes(`1 image: png, ${PNG.length} bytes`) && said.includes(`"handbook" pdf, ${PDF.length} bytes`), said);
      const remote = [{ type: "image", source: { type: "url", url: "https://example.com/a.png" } }];
      assert.match((await rejects(ask(CLAUDE, user(remote)), Anthropic.BadRequestError)).message, /base64/);
    }
  },

  async "thinking, open and redacted, kept across turns with a tool between"() {
    const options = { tools: TOOLS, thinking: { type: "enabled", budget_tokens: 1024 } };
    for (const ask of BOTH) {
      for (const [prompt, kind] of [["Please call get_weather for Paris", "thinking"], ["Something redacted: call get_weather for Paris", "redacted_thinking"]]) {
        const messages = user(prompt);
        const first = await ask(CLAUDE, messages, options);
        assert.equal(first.content[0].type, kind);
        assert.ok(first.content[0].signature || first.content[0].data, JSON.stringify(first.content[0]));
        messages.push({ role: "assistant", content: first.content }, ...results(first, () => "21 degrees"));
        const second = await ask(CLAUDE, messages, options);
        assert.match(text(second), /21 degrees/);
        messages.push({ role: "assistant", content: second.content }, ...user("Thank you. Is it warm?"));
        assert.match(text(await ask(CLAUDE, messages, options)), /this conversation has 5 messages/);
      }
    }
  },

  async "structured output"() {
    const output_config = { format: jsonSchemaOutputFormat(WEATHER_REPORT) };
    const parsed = await client.messages.parse({ model: CLAUDE, max_tokens: 500, messages: user("The weather in Oslo is 21"), output_config });
    assert.deepEqual(parsed.parsed_output, { city: "Oslo", degrees: 21 });
    const message = await streamed(CLAUDE, user("The weather in Oslo is 21"), { output_config });
    assert.deepEqual(JSON.parse(text(message)), { city: "Oslo", degrees: 21 });
  },

  async "stop sequences, the limit of tokens, a cached prompt, counting"() {
    for (const ask of BOTH) {
      const stopped = await ask(NOVA, user("count to 20"), { stop_sequences: [", 5"] });
      assert.deepEqual([text(stopped), stopped.stop_reason], ["1, 2, 3, 4", "stop_sequence"]);
      const cut = await ask(NOVA, user("count to 500"), { max_tokens: 10 });
      assert.deepEqual([text(cut).length, cut.stop_reason], [40, "max_tokens"]);
      const system = [{ type: "text", text: `A long rule, for ${ask.name} messages in Node. `.repeat(60), cache_control: { type: "ephemeral" } }];
      const first = (await ask(CLAUDE, user("Hello"), { system })).usage;
      const second = (await ask(CLAUDE, user("Hello"), { system })).usage;
      assert.ok(first.cache_creation_input_tokens > 100, JSON.stringify(first));
      assert.equal(second.cache_read_input_tokens, first.cache_creation_input_tokens);
    }
    const short = await client.messages.countTokens({ model: CLAUDE, messages: user("Hello") });
    const long = await client.messages.countTokens({ model: CLAUDE, messages: user("Hello ".repeat(100)), system: "Be brief.", tools: TOOLS });
    assert.ok(short.input_tokens > 0 && long.input_tokens > short.input_tokens);
  },

  async "what is refused has its own exception, and the request's id"() {
    const expected = {
      "sim.http.429": [Anthropic.RateLimitError, "rate_limit_error"], "no.such-model": [Anthropic.NotFoundError, "not_found_error"],
      "sim.http.400-too-long": [Anthropic.BadRequestError, "invalid_request_error"], "sim.http.500": [Anthropic.InternalServerError, "api_error"],
    };
    for (const ask of BOTH) {
      for (const [model, [kind, type]] of Object.entries(expected)) {
        const error = await rejects(ask(model, user("Hello")), kind);
        assert.ok(error.requestID && error.message, model);
        assert.equal(error.type, type, model);
      }
    }
    const stranger = new Anthropic({ baseURL: BASE, apiKey: "wrong", maxRetries: 0 });
    await rejects(stranger.messages.create({ model: NOVA, max_tokens: 9, messages: user("Hello") }), Anthropic.AuthenticationError);
  },

  async "a stream that breaks is an error, and what came before it stays"() {
    for (const model of BROKEN) {
      let said = "";
      const kinds = [];
      const read = async () => {
        for await (const event of await client.messages.create({ model, messages: user("Hello"), max_tokens: 4000, stream: true })) {
          kinds.push(event.type);
          said += event.type === "content_block_delta" ? event.delta.text : "";
        }
      };
      const error = await rejects(read(), Anthropic.APIError);
      assert.ok(error.type && error.message && !(error instanceof Anthropic.APIConnectionError), `${model}: ${error}`);
      assert.ok(said && "You wrote".startsWith(said.slice(0, 9)) && !kinds.includes("message_stop"), `${model}: ${said} ${kinds}`);
      assert.ok((await rejects(whole(model, user("Hello")), Anthropic.APIError)).status >= 400, model);
    }
  },

  async "a client that goes away ends the request"() {
    const stream = client.messages.stream({ model: "sim.slow.20", max_tokens: 60_000, messages: user("count to 5000") });
    let events = 0;
    for await (const _ of stream) {
      assert.ok((await inFlight(BASE, KEY)) >= 1);
      if ((events += 1) === 5) break;
    }
    stream.abort();
    await fallsIdleWithinASecond(BASE, KEY);
  },
};

await run(`anthropic ${VERSION}`, checks);
