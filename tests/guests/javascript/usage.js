// Token counts and what they cost.

import { count } from "./wire.js";

const FREE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0 };

/** Usage of a turn of which Bedrock told none. */
export function unknownUsage() {
  return { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, total: 0, cost: { ...FREE } };
}

/** Reads `metadata.usage`. Fails where it is not what the API reference says. */
export function readUsage(usage, cost) {
  if (usage === null || typeof usage !== "object" || Array.isArray(usage)) throw new TypeError("expected an object");
  // The cache's counts come under two names.
  const of = (...names) => names.map((name) => usage[name] ?? undefined).find((value) => value !== undefined);
  const tokens = (...names) => count(of(...names) ?? 0);
  const input = tokens("inputTokens");
  const output = tokens("outputTokens");
  const cacheRead = tokens("cacheReadInputTokens", "cacheReadInputTokenCount");
  const cacheWrite = tokens("cacheWriteInputTokens", "cacheWriteInputTokenCount");
  const hours = (usage.cacheDetails ?? []).filter((detail) => detail.ttl === "1h");
  const cacheWriteLong = hours.reduce((sum, detail) => sum + count(detail.inputTokens ?? 0), 0);
  const total = count(of("totalTokens") ?? input + output);
  const counted = { input, output, cacheRead, cacheWrite, cacheWriteLong, total };
  return { ...counted, cost: price(counted, cost) };
}

/** In US dollars: the highest tier that the whole input exceeds; an hour in the cache costs twice the input. */
function price({ input, output, cacheRead, cacheWrite, cacheWriteLong }, cost) {
  const whole = input + cacheRead + cacheWrite;
  const tiers = cost.tiers.filter((tier) => whole > tier.inputTokensAbove);
  const rates = tiers.reduce((best, tier) => (tier.inputTokensAbove > (best.inputTokensAbove ?? -1) ? tier : best), cost);
  const dollars = (tokens, rate) => (rate / 1e6) * tokens;
  const long = Math.min(cacheWriteLong, cacheWrite);
  const priced = {
    input: dollars(input, rates.input),
    output: dollars(output, rates.output),
    cacheRead: dollars(cacheRead, rates.cacheRead),
    cacheWrite: dollars(cacheWrite - long, rates.cacheWrite) + dollars(long, 2 * rates.input),
  };
  return { ...priced, total: priced.input + priced.output + priced.cacheRead + priced.cacheWrite };
}
