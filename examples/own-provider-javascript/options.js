// How a turn is read where pi and OpenClaw disagree, and what a service tier costs. The defaults are pi's rules.

import { parse } from "./wire.js";

const oneOf = (...words) => (value) => words.includes(value);

function factors(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return false;
  return Object.values(value).every((factor) => typeof factor === "number" && factor >= 0);
}

// What a value may be, and how to say so.
const OPTIONS = {
  totalTokens: [oneOf("service", "sum"), '"service" or "sum"'],
  malformedArguments: [oneOf("empty", "fail"), '"empty" or "fail"'],
  serviceTierCost: [factors, 'an object of factors of 0 or more, such as {"flex": 0.5}'],
};

/** Options of a turn, out of the model's `params`, and sentences about values that are none. */
export function readOptions(params) {
  const options = { totalTokens: "service", malformedArguments: "empty", serviceTierCost: {}, problems: [] };
  for (const [name, value] of Object.entries(valueOf(params) ?? {})) {
    if (!Object.hasOwn(OPTIONS, name)) continue;
    const [fits, expected] = OPTIONS[name];
    if (fits(value)) options[name] = value;
    else options.problems.push(`${name} was ignored: it is ${JSON.stringify(value)}; expected ${expected}`);
  }
  return options;
}

/** The value of JSON text; undefined where it is none. */
export function valueOf(json) {
  try {
    return parse(json ?? "");
  } catch {
    return undefined;
  }
}
