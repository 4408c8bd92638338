// The OpenAI SDK for Node, unmodified, has Chat Completions from the gateway: every check streamed and not.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { VERSION } from "openai/version";
import {
  BROKEN, CLAUDE, NOVA, PDF, PNG, SCHEMAS, WEATHER_REPORT, dataUrl, fallsIdleWithinASecond, inFlight, rejects, run,
} from "./checks.mjs";

const [BASE, KEY] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const TOOLS = Object.entries(SCHEMAS).map(([name, parameters]) => ({ type: "function", function: { name, description: `The tool ${name}`, parameters } }));
const user = (content) => [{ role: "user", content }];

/** An answer, streamed or not, in one form. */
const answer = ({ choices: [choice, ...more], usage }) => {
  assert.deepEqual([choice.index, more.length, choice.message.role], [0, 0, "assistant"]);
  const { message } = choice;
  return {
    message, usage, finish: choice.finish_reason, text: message.content ?? "", reasoning: message.reasoning_content ?? "",
    calls: (message.tool_calls ?? []).map((call) => [call.function.name, JSON.parse(call.function.arguments)]),
  };
};

async function whole(model, messages, options = {}) {
  return answer(await client.chat.completions.create({ model, messages, ...options }));
}

/** What the SDK's own accumulator makes of the chunks, whose form is checked. */
async function streamed(model, messages, options = {}) {
  const stream = client.chat.completions.stream({ model, messages, stream_options: { include_usage: true }, ...options });
  const chunks = [];
  stream.on("chunk", (chunk) => chunks.push(structuredClone(chunk)));
  const completion = await stream.finalChatCompletion();
  assert.equal(new Set(chunks.map((chunk) => chunk.id)).size, 1);
  assert.deepEqual(chunks.filter((chunk) => chunk.usage), [chunks.at(-1)], "the usage is the last chunk, and only there");
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.deepEqual(chunks.slice(0, -1).map((chunk) => Boolean(chunk.choices[0].finish_reason)).indexOf(true), chunks.length - 2);
  const indexes = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []).map((call) => call.index);
  assert.deepEqual([...new Set(indexes)], [...new Set(indexes)].map((_, place) => place), "tool indexes are dense");
  const built = answer(completion);
  // The SDK joins the members that it knows; what a client keeps besides it joins itself.
  built.reasoning = chunks.map((chunk) => chunk.choices[0]?.delta.reasoning_content ?? "").join("");
  built.chunks = chunks;
  return built;
}

const BOTH = [whole, streamed];

const checks = {
  async "text, with usage"() {
    for (const ask of BOTH) {
      const { text, finish, usage } = await ask(CLAUDE, user("Tell me about bedrock"));
      for (const part of ["Tell me about bedrock", "simulator", CLAUDE]) assert.ok(text.includes(part), text);
      assert.equal(finish, "stop");
      assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0, JSON.stringify(usage));
      assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
    }
  },

  async "system and developer roles"() {
    for (const ask of BOTH) {
      for (const role of ["system", "developer"]) {
        const { text } = await ask(CLAUDE, [{ role, content: "Be a quarryman." }, ...user("Hello")]);
        assert.match(text, /told me: "Be a quarryman\."/);
      }
    }
  },

  async "a tool loop"() {
    for (const ask of BOTH) {
      for (const model of [CLAUDE, NOVA]) {
        const messages = user("Please call get_weather for Paris");
        const first = await ask(model, messages, { tools: TOOLS });
        assert.deepEqual([first.finish, first.calls], ["tool_calls", [["get_weather", { city: "Paris" }]]]);
        messages.push(first.message, { role: "tool", tool_call_id: first.message.tool_calls[0].id, content: "21 degrees" });
        const second = await ask(model, messages, { tools: TOOLS });
        assert.equal(second.finish, "stop");
        assert.match(second.text, /get_weather answered "21 degrees"/);
      }
    }
  },

  async "the SDK's own runner calls the tools"() {
    const parse = JSON.parse;
    const tools = [
      { type: "function", function: { name: "get_weather", description: "Weather", parameters: SCHEMAS.get_weather, parse, function: ({ city }) => `21 degrees in ${city}` } },
      { type: "function", function: { name: "add", description: "Adds", parameters: SCHEMAS.add, parse, function: ({ a, b }) => `${a + b}` } },
    ];
    for (const stream of [false, true]) {
      const runner = client.chat.completions.runTools({ model: CLAUDE, messages: user("Use add on 2 and 3.5, then get_weather in Oslo"), tools, stream });
      const text = await runner.finalContent();
      for (const part of ['add answered "5.5"', 'get_weather answered "21 degrees in Oslo"']) assert.ok(text.includes(part), text);
    }
  },

  async "parallel tools, and a tool without arguments"() {
    for (const ask of BOTH) {
      const { calls } = await ask(CLAUDE, user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock"), { tools: TOOLS });
      assert.deepEqual(calls, [["add", { a: 2, b: 3.5 }], ["get_weather", { city: "Oslo" }], ["clock", {}]]);
      const forced = await ask(CLAUDE, user("Hello"), { tools: TOOLS, tool_choice: { type: "function", function: { name: "add" } } });
      assert.deepEqual(forced.calls.map(([name]) => name), ["add"]);
    }
  },

  async "images and documents as data URLs, and remote images refused"() {
    for (const ask of BOTH) {
      const parts = [
        { type: "text", text: "What do you see?" },
        { type: "image_url", image_url: { url: dataUrl("image/png", PNG) } },
        { type: "file", file: { filename: "handbook.pdf", file_data: dataUrl("application/pdf", PDF) } },
      ];
      const { text } = await ask(CLAUDE, user(parts));
      assert.ok(text.includes(`1 image: png, ${PNG.length} bytes`) && text.includes(`pdf, ${PDF.length} bytes`), text);
      const remote = [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }];
      assert.match((await rejects(ask(CLAUDE, user(remote)), OpenAI.BadRequestError)).message, /data:/);
    }
  },

  async "thinking, kept across turns with a tool between"() {
    const options = { tools: TOOLS, reasoning_effort: "low", max_tokens: 6000 };
    const messages = user("Please call get_weather for Paris");
    const first = await whole(CLAUDE, messages, options);
    assert.match(first.reasoning, /^The user writes/);
    messages.push(first.message, { role: "tool", tool_call_id: first.message.tool_calls[0].id, content: "21 degrees" });
    const second = await whole(CLAUDE, messages, options);
    assert.match(second.text, /21 degrees/);
    messages.push(second.message, ...user("Thank you. Is it warm?"));
    assert.match((await whole(CLAUDE, messages, options)).text, /this conversation has 5 messages/);
    const stream = await streamed(CLAUDE, user("Please call get_weather for Paris"), options);
    assert.match(stream.reasoning, /^The user writes/);
    const thinks = stream.chunks.findIndex((chunk) => chunk.choices[0]?.delta.reasoning_content);
    assert.ok(thinks >= 0 && thinks < stream.chunks.findIndex((chunk) => chunk.choices[0]?.delta.tool_calls));
  },

  async "structured output"() {
    const response_format = { type: "json_schema", json_schema: { name: "weather", schema: WEATHER_REPORT, strict: true } };
    for (const ask of BOTH) {
      const { text } = await ask(CLAUDE, user("The weather in Oslo is 21"), { response_format });
      assert.deepEqual(JSON.parse(text), { city: "Oslo", degrees: 21 });
    }
    const parsed = await client.chat.completions.parse({ model: CLAUDE, messages: user("The weather in Oslo is 21"), response_format });
    assert.equal(parsed.choices[0].finish_reason, "stop");
  },

  async "stop sequences, the limit of tokens, a cached prompt"() {
    for (const ask of BOTH) {
      const stopped = await ask(NOVA, user("count to 20"), { stop: [", 5"] });
      assert.deepEqual([stopped.text, stopped.finish], ["1, 2, 3, 4", "stop"]);
      const rule = `A long rule, for ${ask.name} chat in Node. `.repeat(60);
      const usages = [];
      for (const _ of [1, 2]) usages.push((await ask(CLAUDE, [{ role: "system", content: rule }, ...user("Hello")])).usage);
      const cached = usages.map((usage) => usage.prompt_tokens_details.cached_tokens);
      assert.ok(cached[0] === 0 && cached[1] > 100, JSON.stringify(usages));
    }
    const cut = await whole(NOVA, user("count to 500"), { max_completion_tokens: 10 });
    assert.deepEqual([cut.text.length, cut.finish], [40, "length"]);
    // The SDK's accumulator throws at this end, as it does with OpenAI's own answers; the chunks say it too.
    let finish, text = "";
    for await (const chunk of await client.chat.completions.create({ model: NOVA, messages: user("count to 500"), max_tokens: 10, stream: true })) {
      assert.equal(finish, undefined);
      text += chunk.choices[0].delta.content ?? "";
      finish = chunk.choices[0].finish_reason ?? undefined;
    }
    assert.deepEqual([text.length, finish], [40, "length"]);
  },

  async "the models are listed"() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.ok(ids.includes(CLAUDE) && ids.length > 10 && new Set(ids).size === ids.length);
    assert.equal((await client.models.retrieve(NOVA)).id, NOVA);
  },

  async "what is refused has its own exception, and the request's id"() {
    const expected = {
      "sim.http.429": OpenAI.RateLimitError, "sim.http.404": OpenAI.NotFoundError, "no.such-model": OpenAI.NotFoundError,
      "sim.http.400-validation": OpenAI.BadRequestError, "sim.http.400-too-long": OpenAI.BadRequestError,
      "sim.http.500": OpenAI.InternalServerError, "sim.http.503": OpenAI.InternalServerError,
    };
    for (const ask of BOTH) {
      for (const [model, kind] of Object.entries(expected)) {
        const error = await rejects(ask(model, user("Hello")), kind);
        assert.ok(error.requestID && error.message && error.type, model);
        if (model === "sim.http.400-too-long") assert.equal(error.code, "context_length_exceeded");
      }
    }
    const stranger = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: "wrong", maxRetries: 0 });
    await rejects(stranger.chat.completions.create({ model: NOVA, messages: user("Hello") }), OpenAI.AuthenticationError);
  },

  async "a stream that breaks is an error, and what came before it stays"() {
    for (const model of BROKEN) {
      let said = "", finish = null;
      const read = async () => {
        for await (const chunk of await client.chat.completions.create({ model, messages: user("Hello"), stream: true })) {
          said += chunk.choices[0].delta.content ?? "";
          finish = chunk.choices[0].finish_reason;
        }
      };
      const error = await rejects(read(), OpenAI.APIError);
      assert.ok(error.message && !(error instanceof OpenAI.APIConnectionError), `${model}: ${error}`);
      assert.ok(finish === null && said && "You wrote".startsWith(said.slice(0, 9)), `${model}: ${said}`);
      assert.ok((await rejects(whole(model, user("Hello")), OpenAI.APIError)).status >= 400, model);
    }
  },

  async "a client that goes away ends the request"() {
    const stream = await client.chat.completions.create({ model: "sim.slow.20", messages: user("count to 5000"), stream: true });
    let chunks = 0;
    for await (const _ of stream) {
      assert.ok((await inFlight(BASE, KEY)) >= 1);
      if ((chunks += 1) === 3) break;
    }
    await fallsIdleWithinASecond(BASE, KEY);
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 200);
    const silent = client.chat.completions.create({ model: "sim.silence.after-0", messages: user("Hello") }, { signal: abort.signal });
    await rejects(silent, OpenAI.APIUserAbortError);
    await fallsIdleWithinASecond(BASE, KEY);
  },
};

await run(`openai ${VERSION}, Chat Completions,`, checks);
