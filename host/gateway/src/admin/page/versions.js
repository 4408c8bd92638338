// The versions: what each does, what it passed, and what can be done with it.

import { read } from "./api.js";
import { accepting, propose, step } from "./changes.js";
import { facts, folded, id, make, many, moment, say, short, show } from "./dom.js";

/** Classes of the states' marks. */
const MARKS = { serving: "good", canary: "trial", retiring: "quiet", verified: "quiet", quarantined: "bad" };

/** What can be done, by the state. */
const DEEDS = { canary: ["activate"], retiring: ["activate"], verified: ["activate"], quarantined: ["verify"] };

let known = { previous: null, pinned: null, serving: "", names: new Map(), unaccepted: null };

export function setUpVersions() {
  id("rollback").addEventListener("click", () =>
    propose({
      title: "Roll back?",
      text: `New requests use ${named(known.previous)} again. Requests under way finish on their version.`,
      label: "Roll back",
      path: "/admin/v1/rollback",
    }),
  );
  id("pin").addEventListener("click", () => propose(known.pinned ? unpinning() : pinning()));
}

const pinning = () => ({
  title: "Pin?",
  text: `No other version is activated in place of ${named(known.serving)} until the pin is removed.`,
  label: "Pin",
  path: "/admin/v1/pin",
});

const unpinning = () => ({
  title: "Unpin?",
  text: `Other versions can be activated in place of ${named(known.serving)} again.`,
  label: "Unpin",
  path: "/admin/v1/unpin",
});

export function showVersions(status, journal) {
  const names = new Map(status.versions.flatMap(({ digest, name }) => [[digest, name], [short(digest), name]]));
  const { previous, pinned, serving, unaccepted } = status;
  known = { previous, pinned, serving, names, unaccepted };
  say(id("serving"), named(status.serving));
  id("rollback").disabled = !status.previous;
  say(id("pin"), status.pinned ? "Unpin…" : "Pin…");
  id("pinned").hidden = !status.pinned;
  say(id("pinned"), status.pinned ? `${named(status.pinned)} is pinned: no other version is activated.` : "");
  show(id("versions"), status.versions.map((version) => card(version, journal)));
}

/** What a version calls itself, with its digest's beginning. */
export function named(digest) {
  const name = known.names.get(digest);
  return name ? `${name} (${short(digest)})` : short(digest);
}

function card(version, journal) {
  const { digest, name, state, service } = version;
  const deeds = (DEEDS[state] ?? []).map((deed) => button(deed, digest));
  const title = make(
    "div",
    "title",
    make("h3", "", name || "(never loaded) ", " ", make("code", "", short(digest))),
    make("div", "row", make("span", `mark ${MARKS[state] ?? "quiet"}`, state), ...deeds),
  );
  title.querySelector("code").title = digest;
  const report = facts([
    ["Conformance", version.checks === undefined ? "passed at build time" : `${many(version.checks, "check")} passed`],
    ["Checked", version.verifiedAt && moment(version.verifiedAt)],
    ["From", version.source],
    ["Not accepted", known.unaccepted?.digest === digest ? known.unaccepted.kinds.join(", ") : null],
    ["Quarantined", version.quarantined],
    ["Fails", version.failing && `${version.failing}; it stays active because no other version may be`],
    ["Requests", service && `${many(service.requests, "request")}, ${service.underWay} under way`],
    ["Faults", service && `${service.faults} confirmed, ${service.failedCalls} failed calls`],
    ["Loaded", service && moment(service.since)],
  ]);
  return make("li", "card", title, report, steps(digest, journal));
}

function button(deed, digest) {
  const activate = {
    title: "Activate?",
    text: `New requests use ${named(digest)}. Requests under way finish on their version.`,
    label: "Activate",
    path: "/admin/v1/activate",
  };
  const verify = {
    title: "Verify again?",
    text: `The gate checks ${named(digest)} again. If it passes, its quarantine is lifted.`,
    label: "Verify",
    path: "/admin/v1/verify",
  };
  const proposed = deed === "verify" ? verify : activate;
  const made = make("button", "", `${proposed.label}…`);
  made.type = "button";
  made.dataset.same = `${deed} ${digest}`;
  made.setAttribute("aria-label", `${proposed.label} ${named(digest)}`);
  made.addEventListener("click", () => begin({ ...proposed, asked: { version: digest }, checked: true }));
  return made;
}

/** Asks whether to make a change; where its version was refused for what it does differently, with these differences accepted. */
async function begin(proposed) {
  const { unaccepted, serving } = known;
  const { version } = proposed.asked;
  const isKnown = proposed.label === "Activate" && unaccepted?.digest === version && unaccepted.against === serving;
  const differences = isKnown ? await read("/admin/v1/differences").catch(() => null) : null;
  propose(differences?.digest === version ? accepting(proposed, differences) : proposed);
}

/** The steps of the last time that the version was held against what it has to pass. */
function steps(digest, journal) {
  const lines = journal.filter((line) => line.event === "step" && line.digest === digest);
  const begins = lines.findLastIndex((line) => line.step === "imports" || line.step === "digest");
  const last = lines.slice(Math.max(0, begins));
  if (last.length === 0) return null;
  return folded(`steps of ${digest}`, [`Steps, ${moment(last[0].at)}`], make("ol", "plain", ...last.map(step)));
}
