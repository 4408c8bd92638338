// The requests under way.

import { id, lasting, make, many, say, short, show } from "./dom.js";

export function showRequests({ total, requests }, now) {
  const shown = requests.length < total ? `, the latest ${requests.length} are shown` : "";
  say(id("requests-count"), total === 0 ? "none" : many(total, "request") + shown);
  show(id("requests"), requests.map((request) => row(request, now)));
}

function row(request, now) {
  const code = (text) => make("code", "", text);
  const number = (text) => make("td", "number", text);
  return make(
    "tr",
    "",
    make("td", "", request.model ?? "(being read)"),
    make("td", "", code(request.endpoint)),
    make("td", "", request.key),
    make("td", "", code(short(request.version))),
    number(lasting(Math.max(0, now - request.since))),
    number(request.stream || request.deltas > 0 ? String(request.deltas) : "–"),
    make("td", "", code(request.id ?? "")),
  );
}
