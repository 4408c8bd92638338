// The page's beginning: lets its user in, and reads the gateway's state each second while the page is seen.

import { forgetToken, hasToken, keepToken, read, takeTokenOfAddress } from "./api.js";
import { setUpChanges } from "./changes.js";
import { id, say } from "./dom.js";
import { showJournal } from "./journal.js";
import { readModels, setUpPlayground } from "./playground.js";
import { showRequests } from "./requests.js";
import { showCapacity, showTrend, showWaiting } from "./trend.js";
import { showCanary, showShadow } from "./trials.js";
import { setUpVersions, showVersions } from "./versions.js";

/** Between two readings, in milliseconds. */
const PAUSE = 1000;

let timer;
let reading = false;
let open = false;
let journal = { key: "", lines: [] };
let report = { key: "", value: null };

/** Reads all that changes, and shows it. */
async function refresh() {
  clearTimeout(timer);
  if (reading) return;
  reading = true;
  try {
    const paths = ["/admin/v1/status", "/admin/v1/requests", "/admin/v1/trend"];
    const [status, requests, trend] = await Promise.all(paths.map(read));
    await readRest(status);
    enter();
    say(id("connection"), "");
    showVersions(status, journal.lines);
    showCanary(status);
    showShadow(status, report.value);
    showTrend(trend, status);
    showWaiting(status);
    showCapacity(status);
    showRequests(requests, Date.now());
    showJournal(journal.lines);
  } catch (problem) {
    if (problem.status === 401) return ask(problem);
    say(id("connection"), `${problem.message}; the page shows the last known state`);
  } finally {
    reading = false;
  }
  if (!document.hidden) timer = setTimeout(refresh, PAUSE);
}

/** What is long is read where something changed. */
async function readRest(status) {
  const { versions, ...rest } = status;
  const states = versions.map(({ service, ...version }) => version);
  const key = JSON.stringify([states, rest.serving, rest.pinned, rest.canary?.digest, rest.shadow?.running, rest.unaccepted]);
  if (key !== journal.key) journal = { key, lines: await read("/admin/v1/journal") };
  const found = status.shadow ? JSON.stringify(status.shadow) : "";
  if (found !== report.key) report = { key: found, value: found && (await read("/admin/v1/shadow")) };
}

function enter() {
  if (open) return;
  open = true;
  id("entrance").hidden = true;
  id("board").hidden = false;
  readModels();
}

/** Asks for the token; `problem` is what the gateway said to the one before, where there was one. */
function ask(problem) {
  open = false;
  forgetToken();
  id("board").hidden = true;
  id("entrance").hidden = false;
  say(id("connection"), "");
  say(id("token-problem"), problem?.message ?? "");
  id("token").focus();
}

function letIn(event) {
  event.preventDefault();
  keepToken(id("token").value.trim());
  id("token").value = "";
  refresh();
}

async function begin() {
  try {
    const { needsToken } = await read("/entrance.json");
    if (needsToken && !hasToken()) return ask(null);
    refresh();
  } catch (problem) {
    say(id("connection"), problem.message);
    setTimeout(begin, PAUSE);
  }
}

addEventListener("hashchange", () => {
  takeTokenOfAddress();
  refresh();
});
document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(timer) : open && refresh()));
id("token-form").addEventListener("submit", letIn);
setUpChanges(() => {
  journal.key = "";
  return refresh();
});
setUpVersions();
setUpPlayground();
takeTokenOfAddress();
begin();
