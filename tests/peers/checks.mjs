// What the Node clients share: checks that run one after another and print a line each, and what is sent in many of them.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

// Thinks with a budget, so that the simulator insists on getting its thinking back before tool results.
export const CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
export const NOVA = "us.amazon.nova-lite-v1:0";

export const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const PDF = Buffer.from("%PDF-1.4\n% a page about bedrock\n%%EOF\n");

const object = (properties) => ({ type: "object", properties, required: Object.keys(properties), additionalProperties: false });
export const SCHEMAS = {
  get_weather: object({ city: { type: "string" } }),
  add: object({ a: { type: "number" }, b: { type: "number" } }),
  clock: { type: "object", properties: {} },
};
export const WEATHER_REPORT = object({ city: { type: "string" }, degrees: { type: "integer" } });

// A stream that breaks after some words. None of these may look like an answer.
export const BROKEN = [
  ...["throttling", "validation", "internal-server", "model-stream-error", "service-unavailable"].map((kind) => `sim.exception.${kind}.after-4`),
  "sim.error-frame.after-4", "sim.truncate.after-5", "sim.cut-mid-frame.after-5", "sim.reset.after-5", "sim.bad-crc.after-4",
  "sim.malformed-json.after-4", "sim.huge-frame.after-4", "sim.no-metadata",
];

export const dataUrl = (type, bytes) => `data:${type};base64,${bytes.toString("base64")}`;

export async function rejects(promise, kind) {
  let result;
  try {
    result = await promise;
  } catch (error) {
    assert.ok(error instanceof kind, `${kind.name} was expected, and came: ${error?.stack ?? error}`);
    return error;
  }
  assert.fail(`${kind.name} was expected, and came: ${JSON.stringify(result)}`);
}

/** How many requests the gateway is answering, by its own count; the reading itself is none of them. */
export async function inFlight(base, key) {
  const response = await fetch(`${base}/metrics`, { headers: { Authorization: `Bearer ${key}` } });
  const lines = (await response.text()).split("\n");
  const values = lines.filter((line) => line.startsWith("quarry_requests_in_flight{")).map((line) => Number(line.split(" ").at(-1)));
  assert.ok(values.length > 0, lines.join("\n"));
  return values.reduce((sum, value) => sum + value, 0);
}

/** An aborted request must leave nothing running behind it. */
export async function fallsIdleWithinASecond(base, key) {
  const deadline = performance.now() + 1000;
  for (let left; (left = await inFlight(base, key)) > 0; ) {
    assert.ok(performance.now() < deadline, `${left} requests still run`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Runs all checks, whatever becomes of each, and ends the program: with 1 when one failed. */
export async function run(title, checks) {
  let failures = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok ${name}`);
    } catch (error) {
      failures += 1;
      console.log(`FAILED ${name}: ${error.stack}`);
    }
  }
  const total = Object.keys(checks).length;
  console.log(`${title} on Node ${process.versions.node}: ${total - failures} of ${total} checks passed`);
  process.exit(failures || !total ? 1 : 0);
}
