// The catalog: the foundation models that Bedrock lists, and the model that a name means.

import { explain, plain } from "./failures.js";
import { parse } from "./wire.js";

/** What to list. */
export function sources({ models, discovery }) {
  if (models.length > 0 || discovery.enabled === false) return [];
  return [{ operation: "ListFoundationModels", parameters: [] }];
}

/** The catalog of the pages that came. */
export function assemble({ models, discovery }, _region, pages) {
  if (pages.length === 0) return catalog({ models, source: models.length > 0 ? "config" : "disabled" });
  const failures = pages.flatMap(({ failed }) => (failed ? [explain(failed)] : []));
  const listed = pages.filter(({ source }) => source.operation === "ListFoundationModels");
  const bodies = listed.flatMap(({ bodies, failed, earlier }) => (failed && earlier ? earlier.bodies : bodies));
  const isStale = listed.some(({ failed, earlier }) => failed && earlier);
  const source = isStale ? "stale-cache" : pages.every(({ cached }) => cached) ? "cache" : "live";
  try {
    const found = rows(bodies.flatMap((body) => parse(body).modelSummaries), discovery);
    const nothing = failures.length > 0 && found.models.length === 0;
    return catalog({ source: nothing ? "failed" : source, failures, ...found });
  } catch (error) {
    const failure = plain("damaged", `The listing cannot be read: ${error.message}`, null, true);
    return catalog({ source: "failed", failures: [...failures, failure] });
  }
}

/** The models that names mean. This provider knows ids, and no other names. */
export function resolve(names, { defaultModel, discovery }, rows) {
  return names.map((name) => {
    const id = name === "" || name === "default" ? defaultModel : name;
    if (!id) return null;
    const row = rows.find((row) => row.id === id);
    if (row) return { model: row, basis: "listed", lookup: null };
    return { model: { ...model({}, id, discovery), name: id }, basis: "assumed", lookup: null };
  });
}

function catalog({ models = [], leftOut = [], source, failures = [] }) {
  return { models, leftOut, source: { tag: source }, failures, notices: [] };
}

function rows(summaries, discovery) {
  const [models, leftOut] = [[], []];
  const ids = new Set();
  for (const summary of summaries) {
    const id = typeof summary?.modelId === "string" ? summary.modelId.toWellFormed() : "";
    const reason = why(summary, id, ids, discovery.providerFilter);
    ids.add(id);
    if (reason) leftOut.push({ id, reason, message: `The model is left out: ${reason}.` });
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
