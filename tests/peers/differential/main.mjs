// pi-ai and the gateway are given the same requests, and their bodies and messages are compared.
//
//     node main.mjs http://127.0.0.1:PORT BODIES
//
// PORT is the simulator's. Writes `{"endpoint": …}` to standard output, which is what the gateway has to take for Bedrock, and reads
// `{"base": …, "key": …}`, where the gateway then is. Every body goes to the file BODIES, a line of JSON each. Exits 1 if
// anything differed that is not listed, or if something is listed that no request shows any more.
//
// QUARRY_DIFFERENTIAL_SEED and QUARRY_DIFFERENTIAL_RUNS look further than a run of the tests does; QUARRY_DIFFERENTIAL_PATH goes to the
// very request that a failure names by its seed and path.
import assert from "node:assert/strict";
import fs from "node:fs";
import readline from "node:readline/promises";
import fc from "fast-check";
import { ANSWERS, compareAnswers } from "./answers.mjs";
import { askGateway, askPi, messagesOfPi } from "./ask.mjs";
import { BODIES, NOT_SENT, compareBodies } from "./bodies.mjs";
import { requests } from "./contexts.mjs";
import { EXAMPLES } from "./examples.mjs";
import { Recorder } from "./recorder.mjs";
import { marked } from "./thinking.mjs";

const [simulator, file] = process.argv.slice(2);
const seed = Number(process.env.QUARRY_DIFFERENTIAL_SEED ?? 20_261_121);
const numRuns = Number(process.env.QUARRY_DIFFERENTIAL_RUNS ?? 400);

const path = process.env.QUARRY_DIFFERENTIAL_PATH;

const recorder = new Recorder(simulator);
const endpoint = await recorder.listen();
console.log(JSON.stringify({ endpoint }));
const gateway = JSON.parse(await readline.createInterface({ input: process.stdin }).question(""));

const shown = new Map([...BODIES, ...NOT_SENT, ...ANSWERS].map(({ name }) => [name, 0]));
const count = { requests: 0, bodies: 0, equalBodies: 0, messages: 0, refused: 0 };
const lines = [];

/** Asks both sides, and gives what differed and is not listed. */
async function compare(request) {
  const { upstream } = request;
  const pi = await recorder.during(() => askPi(endpoint, request), { upstream });
  assert.equal(pi.exchanges.length, 1, `pi sent ${pi.exchanges.length} requests: ${pi.result.errorMessage}`);
  const here = await recorder.during(() => askGateway(gateway, request), { upstream, replay: pi.exchanges[0] });
  count.requests += 1;
  const told = (names) => names.forEach((name) => shown.set(name, shown.get(name) + 1));
  if (here.exchanges.length === 0) {
    const reasons = NOT_SENT.filter(({ words }) => words.test(here.result.errorMessage)).map(({ name }) => name);
    told(reasons);
    return reasons.length > 0 ? [] : [`the gateway sent nothing: ${here.result.errorMessage}`];
  }
  assert.equal(here.exchanges.length, 1, `the gateway sent ${here.exchanges.length} requests`);

  const [theirs, ours] = [pi, here].map(({ exchanges: [{ body }] }) => JSON.parse(body));
  const marks = await messagesOfPi({ ...request, context: marked(request.context) });
  const bodies = compareBodies(theirs, ours, marks, request);
  told(bodies.applied);
  count.bodies += 1;
  count.equalBodies += bodies.applied.length === 0;
  const rows = BODIES.filter(({ name }) => bodies.applied.includes(name));
  const breaks = {};
  for (const { name, breaks: rules = [] } of rows) for (const rule of rules) (breaks[rule] ??= []).push(name);
  // The model that was asked for, and not the stand-in that answered: what a body may hold goes by the model.
  const line = (side, body, more) => lines.push({ name: `request ${count.requests} of ${side}`, modelId: request.model.id, body, ...more });
  line("pi-ai", theirs, { breaks, mayBreak: rows.flatMap(({ hides = [] }) => hides) });
  line("the gateway", ours);

  const unlisted = [...bodies.unlisted];
  const [{ status: piStatus }, { status, text }] = [pi.exchanges[0], here.exchanges[0]];
  const staged = upstream.startsWith("sim.http.");
  if (status !== 200 && !staged) unlisted.push(`the simulator refused what the gateway sent: ${text}`);
  if (piStatus !== 200 && !staged && bodies.applied.length === 0)
    unlisted.push("the simulator refused what pi sent, and took the same of the gateway");
  if (piStatus !== status) {
    count.refused += 1;
    return unlisted;
  }
  const answers = compareAnswers(pi.result, here.result, request);
  told(answers.applied);
  count.messages += 1;
  return [...unlisted, ...answers.unlisted];
}

const property = fc.asyncProperty(requests, async (request) => {
  const unlisted = await compare(request);
  if (unlisted.length > 0) throw new Error(unlisted.join("\n"));
});
const outcome = await fc.check(property, {
  seed,
  path,
  numRuns,
  examples: EXAMPLES.map((request) => [request]),
  interruptAfterTimeLimit: 120_000,
  markInterruptAsFailure: true,
});
recorder.close();
fs.writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

const problems = [];
if (outcome.failed) {
  const { errorInstance, counterexample, counterexamplePath, numShrinks } = outcome;
  problems.push(
    `not listed (seed ${seed}, path ${counterexamplePath}, ${numShrinks} times made smaller):\n${errorInstance?.message ?? "the time ran out"}\n${JSON.stringify(counterexample?.[0])}`,
  );
} else {
  for (const [name, times] of shown) if (times === 0) problems.push(`listed, and shown by no request any more: ${name}`);
  for (const name of ["bodies", "messages"]) if (count[name] < 100) problems.push(`only ${count[name]} ${name} were compared`);
}
for (const [name, times] of shown) console.log(`${String(times).padStart(5)} × ${name}`);
console.log(JSON.stringify(count));
for (const problem of problems) console.log(`FAILED ${problem}`);
process.exit(problems.length > 0 ? 1 : 0);
