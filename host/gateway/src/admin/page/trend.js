// The last hour: requests by version, failures by blame, times and tokens; and what of the capacity is in use.

import { draw, meter } from "./charts.js";
import { id, say, short } from "./dom.js";
import { named } from "./versions.js";

/** As many slots are an hour. */
const SLOTS = 120;

/** The classes of the colours of versions: the active one has the first, a candidate the second. */
const VERSIONS = ["c-active", "c-trial", "c-third", "c-fourth"];

const BLAMES = { client: "c-client", host: "c-host", provider: "c-provider", upstream: "c-upstream" };

const count = (number) => Number(number).toLocaleString("en", { maximumFractionDigits: 0 });
const compact = (number) => Number(number).toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });
const time = (milliseconds) =>
  milliseconds < 1000 ? `${count(milliseconds)} ms` : `${(milliseconds / 1000).toLocaleString("en", { maximumFractionDigits: 1 })} s`;
const sum = (values) => values.reduce((all, value) => all + (value ?? 0), 0);

/** Shows the last hour. */
export function showTrend({ slotSeconds, now, slots }, status) {
  const slot = slotSeconds * 1000;
  const last = Math.floor(now / slot) * slot;
  const columns = Array.from({ length: SLOTS }, (_, at) => last - (SLOTS - 1 - at) * slot);
  const at = new Map(slots.map((one) => [one.begin, one]));
  const of = (value) => columns.map((begin) => (at.has(begin) ? value(at.get(begin)) : null));
  const moment = (begin) => new Date(begin).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const chart = (name, rest) =>
    draw(id(name), {
      columns,
      ...rest,
      told: (index, begin) => {
        const parts = rest.series.filter(({ values }) => values[index]).map(({ name, values }) => `${name} ${rest.unit(values[index])}`);
        return parts.length > 0 ? `${moment(begin)}: ${parts.join(", ")}` : "";
      },
    });
  chart("trend-requests", {
    title: "Requests by version", kind: "bars", unit: count, nothing: "no requests", series: versions(slots, of, status),
  });
  chart("trend-failures", {
    title: "Failed requests by blame", kind: "bars", unit: count, nothing: "no failures",
    series: Object.entries(BLAMES).map(([blame, className]) => {
      const values = of(({ failed }) => failed.find((one) => one.blame === blame)?.requests ?? 0);
      return { name: blame, className, values, total: count(sum(values)) };
    }),
  });
  chart("trend-first", {
    title: "Time to the first token", kind: "lines", unit: time, nothing: "no answers",
    series: [["median", "p50", "c-active"], ["95 %", "p95", "c-quiet"]].map(([name, part, className]) => {
      const values = of(({ firstToken }) => firstToken?.[part] ?? null);
      const latest = values.findLast((value) => value !== null);
      return { name, className, values, total: latest === undefined ? "–" : time(latest) };
    }),
  });
  chart("trend-tokens", {
    title: "Tokens", kind: "bars", unit: compact, nothing: "no tokens",
    series: [["input", "inputTokens", "c-quiet"], ["output", "outputTokens", "c-active"]].map(([name, part, className]) => {
      const values = of((one) => one[part]);
      return { name, className, values, total: compact(sum(values)) };
    }),
  });
}

/** The series of each version: the active one, a candidate, then those with most requests; the rest are one. */
function versions(slots, of, { serving, canary }) {
  const requests = new Map();
  for (const { versions } of slots) {
    for (const { version, requests: more } of versions) requests.set(version, (requests.get(version) ?? 0) + more);
  }
  const first = [short(serving), short(canary?.digest)];
  const place = (version) => (first.includes(version) ? first.indexOf(version) : 2);
  const order = [...requests.keys()].sort((a, b) => place(a) - place(b) || requests.get(b) - requests.get(a));
  const found = ({ versions }, version) => versions.find((one) => one.version === version)?.requests ?? 0;
  const told = order.slice(0, VERSIONS.length);
  const series = told.map((version, index) => {
    // The colour of a candidate is its own, also where the active version has no requests yet.
    const className = version === "none" ? "c-quiet" : VERSIONS[Math.max(index, place(version))] ?? VERSIONS.at(-1);
    return { name: nameOf(version), className, values: of((slot) => found(slot, version)), total: count(requests.get(version)) };
  });
  const values = of((slot) => slot.requests - sum(told.map((version) => found(slot, version))));
  if (sum(values) > 0) series.push({ name: "others", className: "c-quiet", values, total: count(sum(values)) });
  return series;
}

const nameOf = (version) => (version === "none" ? "not assigned" : version === "other" ? "others" : named(version));

/** Shows what of the capacity is in use. */
export function showCapacity({ capacity }) {
  const figure = id("capacity");
  figure.hidden = !capacity;
  if (!capacity) return;
  const { requests: most, bound, saturated, shares } = capacity;
  const used = shares.find(({ share }) => share === "requests")?.inUse ?? 0;
  const full = saturated ? ": saturated, /readyz is 503" : "";
  meter(figure, { label: `${count(used)} of ${count(most)} requests that fit (bound: ${bound})${full}`, used, most, isFull: saturated });
}

/** Shows which changed settings wait for a restart. */
export function showWaiting({ awaitingRestart = [] }) {
  id("waiting").hidden = awaitingRestart.length === 0;
  say(id("waiting"), `Changed settings that take effect after a restart: ${awaitingRestart.join(", ")}`);
}
