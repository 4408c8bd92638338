// What happened to versions, the latest first.

import { id, make, moment, short, show } from "./dom.js";

/** As many lines are shown. */
const SHOWN = 40;

const WORDS = {
  cancelled: (line) => `${line.change} cancelled ${line.step ? `at ${line.step}` : "while it waited"}: ${line.reason}`,
  verified: (line) => `${line.name} passed ${line.passed} checks`,
  accepted: (line) =>
    `differences from ${short(line.against)} accepted: ${line.kinds.map(({ kind, by }) => `${kind} (${by})`).join(", ")}`,
  activated: () => "activated",
  "rolled-back": (line) => `${short(line.to)} restored by a rollback from ${short(line.from)}`,
  quarantined: (line) => `quarantined: ${line.reason}`,
  died: (line) =>
    line.signal ? `the process crashed with this version: signal ${line.signal}` : "the process was killed while this version was active",
  "canary-begun": (line) => `canary started: ${line.part}`,
  "canary-ended": (line) => `canary ended: ${line.reason}`,
  "shadow-begun": (line) => `shadow started: ${line.share} % of the requests`,
  "shadow-ended": (line) => `shadow ended: ${line.reason}`,
  offered: (line) => `offered by ${line.file}` + (line.refused ? ` and rejected: ${line.refused}` : ""),
  pinned: () => "pinned",
  unpinned: () => "unpinned",
  pruned: () => "file removed",
};

export function showJournal(lines) {
  // Steps that were passed stand with their version.
  const told = lines.filter((line) => line.event !== "step" || line.failure).slice(-SHOWN).reverse();
  show(id("journal"), told.length > 0 ? told.map(entry) : [make("li", "note", "The journal is empty.")]);
}

function entry(line) {
  const failed = line.event === "step";
  const text = failed ? `${line.step} failed: ${line.failure}` : (WORDS[line.event]?.(line) ?? line.event);
  return make(
    "li",
    "entry",
    make("time", "note", moment(line.at)),
    line.digest ? make("code", "", short(line.digest)) : null,
    make("span", failed || line.event === "quarantined" || line.refused ? "problem" : "", text),
    line.by ? make("span", "note", line.by) : null,
  );
}
