// What a version does differently from the active one, and was not accepted: each kind with the smallest input that shows it.

import { facts, folded, make, many } from "./dom.js";

/** The kinds of a list of differences, those that nobody accepted first. */
export function kinds(differences) {
  const open = (found) => (found.accepted ? 1 : 0);
  return [...differences.kinds].sort((one, other) => open(one) - open(other)).map(kind);
}

/** A list that was refused, as the gateway tells it, with what a version is called. */
export function summary({ compared, differing }, active) {
  return `${many(differing, "input")} of ${Number(compared).toLocaleString("en")} differ from ${active}. Nothing was changed.`;
}

function kind(found) {
  const details = folded(`difference ${found.kind}`, [make("code", "", found.kind), ` ${found.count} ×: ${found.about}`]);
  details.append(
    facts([
      ["Accepted", found.accepted && `by ${found.accepted.by}`],
      ["First in", found.firstIn],
      ["Place", found.place],
      ["Active has", found.old ?? "nothing"],
      ["Candidate has", found.new ?? "nothing"],
      ["No specimen", found.withheld],
    ]),
  );
  if (found.specimen) {
    const text = JSON.stringify(found.specimen.given, null, 2);
    details.append(make("p", "note", `The smallest input of ${found.specimen.verb} that shows it:`), make("pre", "", text));
  }
  return make("li", "card", details);
}
