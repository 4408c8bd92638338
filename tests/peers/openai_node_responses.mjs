// The OpenAI SDK for Node, unmodified, has the Responses API from the gateway: every check streamed and not.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { VERSION } from "openai/version";
import {
  BROKEN, CLAUDE, NOVA, PDF, PNG, SCHEMAS, WEATHER_REPORT, dataUrl, fallsIdleWithinASecond, inFlight, rejects, run,
} from "./checks.mjs";

const [BASE, KEY] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: KEY, maxRetries: 0, timeout: 30_000 });
const TOOLS = Object.entries(SCHEMAS).map(([name, parameters]) => ({ type: "function", name, description: `The tool ${name}`, parameters, strict: false }));
const user = (content) => [{ role: "user", content }];

const whole = (model, input, options = {}) => client.responses.create({ model, input, store: false, ...options });

/** What the SDK's own accumulator makes of the events. */
async function streamed(model, input, options = {}) {
  const stream = client.responses.stream({ model, input, store: false, ...options });
  const numbers = [];
  stream.on("event", (event) => numbers.push(event.sequence_number));
  const response = await stream.finalResponse();
  assert.deepEqual(numbers, numbers.map((_, place) => place));
  return response;
}

const BOTH = [whole, streamed];
const calls = (response) => response.output.filter((item) => item.type === "function_call").map((item) => [item.name, JSON.parse(item.arguments)]);
const text = (response) => response.output.flatMap((item) => (item.type === "message" ? item.content : [])).map((part) => part.text).join("");
const results = (response, output) =>
  response.output.filter((item) => item.type === "function_call").map((item) => ({ type: "function_call_output", call_id: item.call_id, output: output(item) }));

const checks = {
  async "text, roles, usage"() {
    for (const ask of BOTH) {
      const response = await ask(CLAUDE, [{ role: "developer", content: "Be a quarryman." }, ...user("Tell me about bedrock")]);
      for (const part of ["Tell me about bedrock", CLAUDE, "Be a quarryman."]) assert.ok(text(response).includes(part), text(response));
      assert.equal(response.status, "completed");
      const { input_tokens: input, output_tokens: output, total_tokens: total } = response.usage;
      assert.ok(input > 0 && output > 0 && total === input + output, JSON.stringify(response.usage));
      assert.match(text(await ask(CLAUDE, "Hello", { instructions: "Be a quarryman." })), /told me: "Be a quarryman\."/);
    }
  },

  async "a tool loop with tools in parallel, items passed back"() {
    for (const ask of BOTH) {
      const input = user("Use add on 2 and 3.5, then get_weather in Oslo, then the clock");
      const first = await ask(CLAUDE, input, { tools: TOOLS });
      assert.deepEqual(calls(first), [["add", { a: 2, b: 3.5 }], ["get_weather", { city: "Oslo" }], ["clock", {}]]);
      input.push(...first.output, ...results(first, (item) => `result of ${item.name}`));
      const said = text(await ask(CLAUDE, input, { tools: TOOLS }));
      for (const name of Object.keys(SCHEMAS)) assert.ok(said.includes(`${name} answered "result of ${name}"`), said);
    }
  },

  async "images and files, and remote images refused"() {
    for (const ask of BOTH) {
      const parts = [
        { type: "input_text", text: "What do you see?" },
        { type: "input_image", image_url: dataUrl("image/png", PNG), detail: "auto" },
        { type: "input_file", filename: "handbook.pdf", file_data: dataUrl("application/pdf", PDF) },
      ];
      const said = text(await ask(CLAUDE, user(parts)));
      assert.ok(said.includes(`1 image: png, ${PNG.length} bytes`) && said.includes(`pdf, ${PDF.length} bytes`), said);
      const remote = [{ type: "input_image", image_url: "https://example.com/a.png", detail: "auto" }];
      assert.match((await rejects(ask(CLAUDE, user(remote)), OpenAI.BadRequestError)).message, /data:/);
    }
  },

  async "thinking, kept across turns with a tool between"() {
    const options = { tools: TOOLS, reasoning: { effort: "low", summary: "auto" }, include: ["reasoning.encrypted_content"], max_output_tokens: 6000 };
    for (const ask of BOTH) {
      const input = user("Please call get_weather for Paris");
      const first = await ask(CLAUDE, input, options);
      assert.equal(first.output[0].type, "reasoning");
      assert.ok(first.output[0].encrypted_content && first.output[0].summary[0].text.startsWith("The user writes"), JSON.stringify(first.output[0]));
      input.push(...first.output, ...results(first, () => "21 degrees"));
      assert.match(text(await ask(CLAUDE, input, options)), /get_weather answered "21 degrees"/);
    }
  },

  async "structured output, and the limit of tokens"() {
    const format = { type: "json_schema", name: "weather", schema: WEATHER_REPORT, strict: true };
    for (const ask of BOTH) {
      const response = await ask(CLAUDE, "The weather in Oslo is 21", { text: { format } });
      assert.deepEqual(JSON.parse(text(response)), { city: "Oslo", degrees: 21 });
    }
    const cut = await whole(NOVA, "count to 500", { max_output_tokens: 16 });
    assert.deepEqual([cut.status, cut.incomplete_details.reason, text(cut).length], ["incomplete", "max_output_tokens", 64]);
  },

  async "what is refused has its own exception, and the request's id"() {
    const expected = { "sim.http.429": OpenAI.RateLimitError, "no.such-model": OpenAI.NotFoundError, "sim.http.400-too-long": OpenAI.BadRequestError, "sim.http.500": OpenAI.InternalServerError };
    for (const ask of BOTH) {
      for (const [model, kind] of Object.entries(expected)) {
        const error = await rejects(ask(model, "Hello"), kind);
        assert.ok(error.requestID && error.message, model);
      }
    }
    const stranger = new OpenAI({ baseURL: `${BASE}/v1`, apiKey: "wrong", maxRetries: 0 });
    await rejects(stranger.responses.create({ model: NOVA, input: "Hello" }), OpenAI.AuthenticationError);
    assert.match((await rejects(whole(NOVA, "Hello", { previous_response_id: "resp_1" }), OpenAI.BadRequestError)).message, /previous_response_id/);
  },

  async "a stream that breaks fails, and what came before it stays"() {
    for (const model of BROKEN) {
      const events = [];
      try {
        for await (const event of await client.responses.create({ model, input: "Hello", stream: true, store: false })) events.push(event);
        assert.equal(events.at(-1).type, "response.failed", model);
        assert.ok(events.at(-1).response.error.message, model);
      } catch (error) {
        assert.ok(error instanceof OpenAI.APIError && !(error instanceof OpenAI.APIConnectionError) && error.message, `${model}: ${error.stack}`);
      }
      const said = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta).join("");
      assert.ok(said && "You wrote".startsWith(said.slice(0, 9)), `${model}: ${said}`);
      assert.ok(!events.some((event) => ["response.completed", "response.incomplete"].includes(event.type)), model);
      assert.ok((await rejects(whole(model, "Hello"), OpenAI.APIError)).status >= 400, model);
    }
  },

  async "a client that goes away ends the request"() {
    const stream = await client.responses.create({ model: "sim.slow.20", input: "count to 5000", stream: true, store: false });
    let events = 0;
    for await (const _ of stream) {
      assert.ok((await inFlight(BASE, KEY)) >= 1);
      if ((events += 1) === 6) break;
    }
    await fallsIdleWithinASecond(BASE, KEY);
  },
};

await run(`openai ${VERSION}, Responses,`, checks);
