// Changing something: it is asked once, and the steps are shown as the gateway takes them.

import { change, read } from "./api.js";
import { kinds, summary } from "./differences.js";
import { id, lasting, make, say, short, show } from "./dom.js";

/** Between two looks at the journal while a change is made, in milliseconds. */
const PAUSE = 250;

let wanted = null;
/** Cancels the change that is under way; none while there is none. */
let underWay = null;
let whenDone = async () => {};

export function setUpChanges(done) {
  whenDone = done;
  id("change-do").addEventListener("click", () => (wanted ? makeChange() : close()));
  id("change-cancel").addEventListener("click", close);
  // Closing the dialog cancels what is under way, and shows what became of it.
  id("change").addEventListener("cancel", (event) => {
    if (!underWay) return;
    event.preventDefault();
    close();
  });
}

/** Asks whether to make a change: `{ title, text, label, path, asked, checked }`; `checked`: whether steps are taken. */
export function propose(proposed) {
  wanted = proposed;
  say(id("change-title"), proposed.title);
  say(id("change-text"), proposed.text);
  say(id("change-problem"), "");
  say(id("change-do"), proposed.label);
  show(id("change-steps"), []);
  show(id("change-differences"), proposed.differences ? kinds(proposed.differences) : []);
  id("change-do").disabled = false;
  id("change-cancel").hidden = false;
  if (!id("change").open) id("change").showModal();
}

function close() {
  if (underWay) underWay.abort();
  else id("change").close();
}

async function makeChange() {
  const proposed = wanted;
  const { path, asked, title } = proposed;
  wanted = null;
  underWay = new AbortController();
  id("change-do").disabled = true;
  show(id("change-differences"), []);
  say(id("change-do"), "Under way…");
  const follow = followed();
  try {
    const answer = await change(path, asked ?? {}, underWay.signal);
    follow.stop();
    if (answer.steps.length > 0) show(id("change-steps"), answer.steps.map(step));
    const name = answer.name ? `${answer.name} (${short(answer.version)})` : short(answer.version);
    tell(`${title.replace(/\?$/, "")}: ${answer.unchanged ? "nothing to change" : "done"}, ${name}`, false);
    // What it does differently is compared each time: that depends on the active version.
    const compared = ["destinations", "behaviour"];
    const passed = proposed.checked && answer.steps.every(({ step }) => compared.includes(step));
    const before = passed ? " The version had passed every step before." : "";
    say(id("change-text"), answer.unchanged ? "There was nothing to change." : `Done.${before}`);
  } catch (problem) {
    follow.stop();
    const cancelled = problem.name === "AbortError";
    const message = cancelled ? "it was cancelled" : problem.step ? `${problem.step}: ${problem.message}` : problem.message;
    tell(`${title.replace(/\?$/, "")}: ${cancelled ? message : `refused. ${message}`}`, true);
    say(id("change-text"), cancelled ? "The journal says at which step it was cancelled." : "The gateway reports no change.");
    if (problem.differences) {
      underWay = null;
      propose(accepting(proposed, problem.differences));
      return whenDone();
    }
    say(id("change-problem"), message);
  }
  underWay = null;
  id("change-cancel").hidden = true;
  say(id("change-do"), "Close");
  id("change-do").disabled = false;
  id("change-do").focus();
  await whenDone();
}

/** The same change with these differences accepted: this list, and no other that the gateway may have by then. */
export function accepting(proposed, differences) {
  const plain = proposed.plain ?? proposed;
  const open = differences.kinds.filter((kind) => !kind.accepted).length;
  return {
    ...plain,
    plain,
    text: summary(differences, short(differences.against)),
    label: `Accept ${open === 1 ? "this difference" : `these ${open} differences`} and ${plain.label.toLowerCase()}`,
    asked: { ...plain.asked, acceptList: differences.list },
    differences,
  };
}

/** Shows the steps that the journal tells of from now on. */
function followed() {
  let goesOn = true;
  let after = null;
  const look = async () => {
    while (goesOn) {
      const lines = await read("/admin/v1/journal").catch(() => []);
      after ??= lines.at(-1)?.seq ?? 0;
      const steps = lines.filter((line) => line.seq > after && line.event === "step");
      if (goesOn && steps.length > 0) show(id("change-steps"), steps.map(step));
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  };
  look();
  return { stop: () => (goesOn = false) };
}

/** A step, with what it came to. */
export function step({ step: name, failure, detail, milliseconds }) {
  const state = make("span", failure ? "mark bad" : "mark good", failure ? "failed" : "passed");
  const text = failure ?? detail;
  return make("li", "step", make("b", "", name), state, make("span", "note", lasting(milliseconds)), text && make("span", "", text));
}

/** Tells what a change came to. */
function tell(text, isProblem) {
  id("result").hidden = false;
  id("result").classList.toggle("bad", isProblem);
  say(id("result"), text);
}
