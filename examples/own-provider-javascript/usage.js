// Token counts and what they cost.

import { valueOf } from "./options.js";
import { count } from "./wire.js";

const FREE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 };

/** Usage of a turn of which Bedrock told none. */
export function unknownUsage() {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, total: 0, cost: { ...FREE } };
}

/** Reads `metadata.usage`. `tier` is the service tier that answered; `wrong` is told the names of counts that are none. */
export function readUsage(usage, model, options, tier, wrong) {
  if (usage === null || typeof usage !== "object" || Array.isArray(usage)) throw new TypeError("expected an object");
  // The cache's counts come under two names.
  const tokens = (...names) => {
    const name = names.find((name) => (usage[name] ?? undefined) !== undefined);
    return name === undefined ? undefined : counted(usage[name], name, wrong);
  };
  let input = tokens("inputTokens") ?? 0;
  const output = tokens("outputTokens") ?? 0;
  const cacheRead = tokens("cacheReadInputTokens", "cacheReadInputTokenCount") ?? 0;
  const cacheWrite = tokens("cacheWriteInputTokens", "cacheWriteInputTokenCount") ?? 0;
  const details = usage.cacheDetails ?? [];
  if (!Array.isArray(details)) wrong("cacheDetails");
  const hours = Array.isArray(details) ? details.filter((detail) => detail?.ttl === "1h") : [];
  const long = ({ inputTokens }) => counted(inputTokens ?? 0, "cacheDetails.inputTokens", wrong) ?? 0;
  const cacheWriteLong = hours.reduce((sum, detail) => sum + long(detail), 0);
  let total = tokens("totalTokens") ?? input + output;
  const cached = cacheRead + cacheWrite;
  if (cached > 0 && input >= cached && inputCountsCache(model)) {
    // Bedrock's total is the sum of its counts, so it has the cached tokens twice.
    if (total === input + output + cached) total -= cached;
    input -= cached;
  }
  if (options.totalTokens === "sum") total = Math.max(total, input + output + cached);
  const counts = { input, output, cacheRead, cacheWrite, cacheWriteLong, total };
  const factors = options.serviceTierCost;
  return { ...counts, cost: price(counts, model.cost, Object.hasOwn(factors, tier) ? factors[tier] : 1) };
}

/** A count; undefined where it is none, which costs no other count. */
function counted(value, name, wrong) {
  try {
    return count(value);
  } catch {
    wrong(name);
    return undefined;
  }
}

/** OpenAI's closed models count cached tokens in the input too. What an ARN hides, the model's other names may tell. */
function inputCountsCache({ id, name, params, extras }) {
  const canonical = extras.find((extra) => extra.name === "canonicalModelId")?.value;
  const names = [canonical, valueOf(params)?.canonicalModelId, id, name];
  const simple = names.map((name) => `${name ?? ""}`.toLowerCase().replace(/[\s_.:]+/g, "-"));
  const any = (pattern) => simple.some((name) => pattern.test(name));
  return any(/gpt-/) && !any(/gpt-oss|claude|nova/);
}

/** In US dollars: the highest tier that the whole input exceeds; an hour in the cache costs twice the input; all times the factor. */
function price({ input, output, cacheRead, cacheWrite, cacheWriteLong }, cost, factor) {
  const whole = input + cacheRead + cacheWrite;
  const tiers = cost.tiers.filter((tier) => whole > tier.inputTokensAbove);
  const rates = tiers.reduce((best, tier) => (tier.inputTokensAbove > (best.inputTokensAbove ?? -1) ? tier : best), cost);
  const dollars = (tokens, rate) => (rate / 1e6) * tokens * factor;
  const long = Math.min(cacheWriteLong, cacheWrite);
  const priced = {
    input: dollars(input, rates.input),
    output: dollars(output, rates.output),
    cacheRead: dollars(cacheRead, rates.cacheRead),
    cacheWrite: dollars(cacheWrite - long, rates.cacheWrite) + dollars(long, 2 * rates.input),
  };
  return { ...priced, total: priced.input + priced.output + priced.cacheRead + priced.cacheWrite };
}
