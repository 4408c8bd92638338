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
  serviceTierCost: [factors, 'an object of factors that are not negative, such as {"flex": 0.5}'],
};

/** Options of a turn, and sentences about values that are none: a model's `params` first, then those of the opening. */
export function readOptions(params, extras) {
  const options = { totalTokens: "service", malformedArguments: "empty", serviceTierCost: {}, problems: [] };
  const set = (name, json) => {
    if (!Object.hasOwn(OPTIONS, name)) return;
    const [fits, expected] = OPTIONS[name];
    const value = valueOf(json);
    if (!fits(value)) options.problems.push(`${name} is ${json}, which is left out; expected ${expected}`);
    else options[name] = name === "serviceTierCost" ? { ...options[name], ...value } : value;
  };
  for (const [name, value] of Object.entries(valueOf(params) ?? {})) set(name, JSON.stringify(value));
  for (const { name, value } of extras) set(name, value);
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
