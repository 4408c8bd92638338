// The candidates: one that gets a part of the requests, and one that runs beside them.

import { propose } from "./changes.js";
import { facts, folded, id, make, many, moment, show } from "./dom.js";
import { named } from "./versions.js";

const buttons = [
  ["promote", "Promote the canary?", "All new requests use the candidate.", "Promote", "/admin/v1/canary/promote"],
  ["stop-canary", "Stop the canary?", "The candidate gets no new requests.", "Stop", "/admin/v1/canary/stop"],
  ["stop-shadow", "Stop the shadow?", "Its report stays available.", "Stop", "/admin/v1/shadow/stop"],
];
for (const [button, title, text, label, path] of buttons) {
  id(button).addEventListener("click", () => propose({ title, text, label, path }));
}

export function showCanary({ canary }) {
  id("canary-buttons").hidden = !canary;
  if (!canary) {
    return show(id("canary"), [make("p", "note", "No canary is running. ", make("code", "", "quarry provider canary"))]);
  }
  const { rule } = canary;
  show(id("canary"), [
    facts([
      ["Version", named(canary.digest)],
      ["Share", rule.share === undefined ? `the requests of the key ${rule.key}` : `${rule.share} % of new requests`],
      ["Since", moment(canary.since)],
      ["Promoted", canary.promoteAfter && `automatically after ${many(canary.promoteAfter, "request")}`],
      ["Candidate", ended(canary.candidate)],
      ["Active version", ended(canary.serving)],
    ]),
  ]);
}

const ended = ({ well, badly }) => `${well} well, ${badly} badly`;

export function showShadow({ shadow }, report) {
  id("shadow-buttons").hidden = !shadow?.running;
  if (!shadow) {
    return show(id("shadow"), [make("p", "note", "No shadow was started. ", make("code", "", "quarry provider shadow"))]);
  }
  const kinds = report?.kinds ?? [];
  const none = shadow.compared > 0 ? "No difference so far." : "No comparison so far.";
  show(id("shadow"), [
    facts([
      ["Version", named(shadow.digest)],
      ["Against", named(shadow.against)],
      ["Share", shadow.running ? `${shadow.share} % of the requests` : "stopped"],
      ["Since", moment(shadow.since)],
      ["Compared", many(shadow.compared, "input")],
      ["Differ", many(shadow.differing, "input")],
      ["Not compared", shadow.dropped ? many(shadow.dropped, "input") : null],
    ]),
    kinds.length > 0 ? make("ul", "cards", ...kinds.map(kind)) : make("p", "note", none),
    report?.beyond ? make("p", "note", `${many(report.beyond, "difference")} of further kinds`) : null,
  ].filter(Boolean));
}

function kind(found) {
  const details = folded(`kind ${found.kind}`, [make("code", "", found.kind), ` ${found.count} ×`]);
  details.append(
    facts([
      ["First seen", moment(found.firstSeen)],
      ["First in", found.firstIn],
      ["Place", found.place],
      ["Active version", found.old ?? "nothing"],
      ["Candidate", found.new ?? "nothing"],
      ["No specimen", found.withheld],
    ]),
  );
  if (found.specimen) {
    const text = JSON.stringify(found.specimen.given, null, 2);
    details.append(make("p", "note", `The smallest input of ${found.specimen.verb} that shows it:`), make("pre", "", text));
  }
  return make("li", "card", details);
}
