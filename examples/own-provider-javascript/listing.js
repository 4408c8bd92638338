// `discover`: the models that Bedrock lists.

import { explain, plain } from "./failures.js";
import { parse } from "./wire.js";

export class Listing {
  constructor(settings) {
    this.settings = settings;
    this.supplies = [];
  }

  /** Goes on with what was needed last. */
  resume(supplies) {
    const { models, discovery } = this.settings;
    this.supplies.push(...supplies);
    if (models.length > 0) return done({ models, source: "config" });
    if (discovery.enabled === false) return done({ source: "disabled" });
    const needs = discovery.enabled ? ["foundation-models"] : ["credential-source", "foundation-models"];
    const next = needs[this.supplies.length];
    if (!discovery.enabled && this.supplies.length > 0 && !this.supplies[0].val) return done({ source: "disabled" });
    if (next) return { tag: "needs", val: [{ tag: next }] };
    const { bodies, failed } = this.supplies.at(-1).val;
    if (failed) return done({ source: "failed", failures: [explain(failed)] });
    try {
      return done({ source: "live", ...rows(bodies.flatMap((body) => parse(body).modelSummaries), discovery) });
    } catch (error) {
      const failure = plain("damaged", `The listing cannot be read: ${error.message}`, null, true);
      return done({ source: "failed", failures: [failure] });
    }
  }
}

function done({ models = [], leftOut = [], source, failures = [] }) {
  return { tag: "done", val: { models, leftOut, source: { tag: source }, failures, notices: [] } };
}

function rows(summaries, discovery) {
  const [models, leftOut] = [[], []];
  const ids = new Set();
  for (const summary of summaries) {
    const id = typeof summary?.modelId === "string" ? summary.modelId.toWellFormed() : "";
    const reason = why(summary, id, ids, discovery.providerFilter);
    ids.add(id);
    if (reason) leftOut.push({ id, reason, message: `It is left out: ${reason}.` });
    else models.push(model(summary, id, discovery));
  }
  return { models, leftOut };
}

/** Why a model is left out, in a word. */
function why(summary, id, ids, filter) {
  if (!id.trim()) return "blank-id";
  if (ids.has(id)) return "duplicate";
  if (summary.responseStreamingSupported !== true) return "not-streaming";
  if (!Array.isArray(summary.outputModalities) || !summary.outputModalities.includes("TEXT")) return "not-text";
  if (summary.modelLifecycle?.status !== "ACTIVE") return "not-active";
  if (filter.length > 0 && !filter.includes(`${summary.providerName}`.toLowerCase())) return "filtered";
  return null;
}

function model(summary, id, { defaultContextWindow, defaultMaxTokens }) {
  const name = typeof summary.modelName === "string" && summary.modelName.trim() ? summary.modelName.toWellFormed() : id;
  const kinds = Array.isArray(summary.inputModalities) ? summary.inputModalities : ["TEXT"];
  const input = kinds.filter((kind) => kind === "TEXT" || kind === "IMAGE").map((kind) => kind.toLowerCase());
  const cost = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, tiers: [] };
  const limits = { contextWindow: defaultContextWindow, maxTokens: defaultMaxTokens };
  return { id, name, reasoning: false, input, cost, ...limits, params: null, extras: [] };
}
