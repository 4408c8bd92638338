// The admin listener's page in headless Chromium: who gets in, what is shown, what can be changed, and who cannot change it.
// Pictures of it are left in a folder.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { join } from "node:path";
import puppeteer from "puppeteer-core";

const { admin, token, base, key, candidate, browser: executablePath, pictures } = JSON.parse(process.argv[2]);
const bearer = { authorization: `Bearer ${token}` };
const digits = candidate.slice(0, 12);

const browser = await puppeteer.launch({
  executablePath,
  headless: "shell",
  args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-proxy-server"],
});

const checks = [];
const check = (name, run) => checks.push([name, run]);

/** Asks until it is so. */
async function until(page, what, holds, ...told) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    if (await page.evaluate(holds, ...told)) return;
    if (Date.now() > deadline) assert.fail(`${what}; the page has:\n${await page.evaluate(() => document.body.innerText)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const status = async () => (await fetch(`${admin}/admin/v1/status`, { headers: bearer })).json();
const shows = (page, text) => until(page, `it does not show ${text}`, (text) => document.body.innerText.includes(text), text);

/** Presses a button, and waits for the dialog. */
async function propose(page, selector) {
  await until(page, `${selector} is not there`, (selector) => {
    const button = document.querySelector(selector);
    return button && !button.disabled && button.offsetParent !== null;
  }, selector);
  await page.evaluate((selector) => document.querySelector(selector).click(), selector);
  await until(page, "no dialog", () => document.getElementById("change").open);
}

/** Presses a button, agrees in the dialog, and waits for what came of it. */
async function change(page, selector, result) {
  await propose(page, selector);
  await page.evaluate(() => document.getElementById("change-do").click());
  await until(page, "it does not end", () => document.getElementById("change-do").textContent === "Close");
  await shows(page, result);
}

const closeDialog = (page) => page.evaluate(() => document.getElementById("change-do").click());

const page = await browser.newPage();
const requested = new Set();
const complaints = [];
page.on("request", (request) => requested.add(new URL(request.url()).origin));
page.on("console", (message) => ["error", "warn"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

async function picture(name, width, scheme = "light") {
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  const widest = await page.evaluate(() =>
    [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth && !one.closest(".scroll, pre")).map((one) => `${one.tagName} ${one.id} ${one.className}`));
  assert.ok(beyond <= 0, `${name}: the page is ${beyond} pixels wider than its window: ${widest.join("; ")}`);
}

check("a wrong token is refused, in words", async () => {
  const response = await page.goto(`${admin}/`);
  assert.match(response.headers()["content-security-policy"], /default-src 'none'.*frame-ancestors 'none'/);
  assert.equal(response.headers()["cache-control"], "no-store");
  await until(page, "no question for the token", () => !document.getElementById("entrance").hidden);
  await picture("entrance", 360);
  assert.deepEqual(complaints, []);
  await page.type("#token", "wrong");
  await page.keyboard.press("Enter");
  await shows(page, "the admin token is missing or wrong");
  assert.ok(complaints.length > 0 && complaints.every((told) => told.includes("401")), complaints.join("\n"));
  complaints.length = 0;
  assert.equal(await page.evaluate(() => document.getElementById("board").hidden), true);
});

check("the token of the address lets in, and leaves the address", async () => {
  await page.goto("about:blank");
  await page.goto(`${admin}/#token=${encodeURIComponent(token)}`);
  await until(page, "the board is not shown", () => !document.getElementById("board").hidden);
  assert.equal(page.url(), `${admin}/`);
  assert.deepEqual(await page.cookies(), []);
});

check("versions, reports, differences and models are shown", async () => {
  await shows(page, digits);
  await shows(page, "checks passed");
  await until(page, "no difference", () => document.getElementById("shadow").textContent.includes("Usage did not)"));
  for (const details of await page.$$("details")) await details.evaluate((shown) => (shown.open = true));
  await shows(page, "Usage did not)");
  await shows(page, "input of translate");
  await until(page, "no steps", () => [...document.querySelectorAll("#versions .step")].some((step) => step.innerText.includes("checks")));
  await until(page, "no models", () => document.querySelectorAll("#models option").length > 0);
});

check("what is unfolded stays so while the page is read again", async () => {
  const body = JSON.stringify({ model: "sim.no-metadata", messages: [{ role: "user", content: "Hello" }] });
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  await (await fetch(`${base}/v1/chat/completions`, { method: "POST", headers, body })).text();
  await until(page, "the differences are not counted on", () => document.getElementById("shadow").innerText.includes("4 ×"));
  assert.equal(await page.evaluate(() => document.querySelector("#shadow details").open), true);
});

check("a prompt is streamed, and its request is listed meanwhile", async () => {
  await page.type("#prompt", "Tell me of quarries");
  await page.evaluate(() => (document.getElementById("model").value = "sim.slow.100"));
  await page.click("#ask");
  await until(page, "the request is not listed", () => document.getElementById("requests").innerText.includes("(operator)"));
  await until(page, "nothing is streamed", () => document.getElementById("answer").innerText.length > 0);
  await picture("streaming", 1200);
  await until(page, "the answer does not end", () => document.getElementById("answer-end").innerText.startsWith("Ended: stop"));
  await until(page, "the request stays listed", () => document.getElementById("requests-count").innerText === "none");
});

check("a model that is not there is told", async () => {
  await page.evaluate(() => (document.getElementById("model").value = "no.such-model"));
  await page.click("#ask");
  await until(page, "no failure is told", () => document.getElementById("answer-end").innerText.startsWith("Failed: "));
  complaints.length = 0;
});

check("the last hour is drawn, with the capacity", async () => {
  const trend = await (await fetch(`${admin}/admin/v1/trend`, { headers: bearer })).json();
  const ended = trend.slots.reduce((sum, slot) => sum + slot.requests, 0);
  assert.ok(ended >= 6, JSON.stringify(trend));
  const chart = (name) =>
    page.evaluate((name) => {
      const figure = document.getElementById(name);
      const legend = [...figure.querySelectorAll(".legend li")].map((entry) => entry.innerText.replace(/\s+/g, " ").trim());
      const paths = [...figure.querySelectorAll("path")].map((path) => path.getAttribute("d"));
      const titles = [...figure.querySelectorAll("title")].map((title) => title.textContent);
      const label = figure.querySelector("svg").getAttribute("aria-label");
      return { legend, paths, titles, label, height: figure.querySelector("svg").getBoundingClientRect().height };
    }, name);
  await until(page, "the failure is not drawn", () => /client [1-9]/.test(document.querySelector("#trend-failures .legend")?.innerText.replace(/\s+/g, " ")));
  const requests = await chart("trend-requests");
  const serving = (await status()).serving.slice(0, 12);
  const drawn = requests.legend.find((entry) => entry.includes(serving));
  assert.ok(drawn && Number(drawn.split(" ").at(-1)) >= 6 - 1, JSON.stringify(requests));
  assert.match(requests.paths[0], /^M[\d.]+ [\d.]+h5v[\d.]+h-5z/);
  assert.ok(requests.height > 50 && requests.titles.some((title) => title.includes(serving)), JSON.stringify(requests));
  assert.match((await chart("trend-failures")).label, /^Failed requests by blame: client [1-9]/);
  assert.match((await chart("trend-first")).legend[0], /^median [\d,.]+ m?s$/);
  assert.ok((await chart("trend-first")).paths[0].startsWith("M"));
  assert.match((await chart("trend-tokens")).legend[1], /^output [1-9]/);
  assert.match(await page.evaluate(() => document.getElementById("capacity").innerText), /^0 of [\d,]+ requests that fit \(bound: \w+\)$/);
  assert.equal(await page.evaluate(() => document.getElementById("waiting").hidden), true);
});

const activate = async () =>
  `[data-same="activate ${(await status()).versions.find((one) => one.digest.endsWith(candidate)).digest}"]`;

check("a change that is under way is cancelled", async () => {
  await propose(page, await activate());
  await page.evaluate(() => ["change-do", "change-cancel"].forEach((button) => document.getElementById(button).click()));
  await shows(page, "Activate: it was cancelled");
  await shows(page, "The journal says at which step it was cancelled.");
  await closeDialog(page);
  // Whoever cancels too late finds it made.
  if ((await status()).serving.endsWith(candidate)) await fetch(`${admin}/admin/v1/rollback`, { method: "POST", headers: bearer });
});

check("a version is activated, and rolled back", async () => {
  const button = await activate();
  const before = (await status()).serving;
  await until(page, "the button is not there", (button) => document.querySelector(button)?.offsetParent !== null, button);
  await page.evaluate((button) => document.querySelector(button).click(), button);
  await page.evaluate(() => document.getElementById("change-do").click());
  // It says other words, and the configuration accepts none: each kind is shown with its smallest input.
  await until(page, "it is not asked", () => document.getElementById("change-do").textContent.startsWith("Accept "));
  assert.equal((await status()).serving, before, "nothing was changed");
  for (const details of await page.$$("#change-differences details")) await details.evaluate((shown) => (shown.open = true));
  const listed = await page.evaluate(() => document.getElementById("change-differences").innerText);
  assert.match(listed, /wording\/delta\/error\/failure.message/);
  assert.match(listed, /Usage did not\)[^]*The smallest input of translate/);
  await picture("differences", 360);
  complaints.length = 0;
  // A list that is another one by now accepts nothing.
  const headers = { ...bearer, "content-type": "application/json" };
  const stale = JSON.stringify({ version: candidate, acceptList: candidate });
  const refused = await fetch(`${admin}/admin/v1/activate`, { method: "POST", headers, body: stale });
  assert.equal(refused.status, 409, await refused.text());
  assert.equal((await status()).serving, before, "nothing was changed");
  await page.evaluate(() => document.getElementById("change-do").click());
  await until(page, "it does not end", () => document.getElementById("change-do").textContent === "Close");
  await shows(page, "Activate: done");
  // It was held against all it has to pass when the shadow began.
  await shows(page, "The version had passed every step before.");
  const journal = await (await fetch(`${admin}/admin/v1/journal`, { headers: bearer })).json();
  const accepted = journal.filter((line) => line.event === "accepted");
  assert.equal(accepted.length, 1, JSON.stringify(accepted));
  assert.ok(accepted[0].by.startsWith("the page"), accepted[0].by);
  assert.ok(accepted[0].kinds.every(({ kind, by }) => kind.startsWith("wording/") && by === "list"), JSON.stringify(accepted));
  await picture("activated", 360, "dark");
  await closeDialog(page);
  assert.ok((await status()).serving.endsWith(candidate));
  await until(page, "it is not shown as serving", (digits) => document.getElementById("serving").innerText.includes(digits), digits);
  await change(page, "#rollback", "Roll back: done");
  await closeDialog(page);
  assert.ok(!(await status()).serving.endsWith(candidate));
});

check("pinning and unpinning; what a pin forbids is told", async () => {
  await change(page, "#pin", "Pin: done");
  await closeDialog(page);
  assert.notEqual((await status()).pinned, null);
  await change(page, `[aria-label^="Activate"][aria-label*="${digits}"]`, "refused");
  await shows(page, "is pinned: no other version is activated until");
  await closeDialog(page);
  complaints.length = 0;
  await until(page, "it cannot be unpinned", () => document.getElementById("pin").innerText === "Unpin…");
  await change(page, "#pin", "Unpin: done");
  await closeDialog(page);
  assert.equal((await status()).pinned, null);
});

async function beginCanary() {
  const body = JSON.stringify({ version: candidate, share: 10 });
  const headers = { ...bearer, "content-type": "application/json" };
  const begun = await fetch(`${admin}/admin/v1/canary`, { method: "POST", headers, body });
  assert.equal(begun.status, 200, await begun.text());
}

check("a canary is shown, stopped, and promoted", async () => {
  await beginCanary();
  await shows(page, "10 % of new requests");
  for (const [name, width, scheme] of [["wide", 1600, "light"], ["wide-dark", 1600, "dark"], ["narrow", 360, "light"], ["narrow-dark", 360, "dark"]]) {
    await picture(name, width, scheme);
  }
  await change(page, "#stop-canary", "Stop the canary: done");
  await closeDialog(page);
  assert.equal((await status()).canary, undefined);
  await beginCanary();
  await change(page, "#promote", "Promote the canary: done");
  await closeDialog(page);
  assert.ok((await status()).serving.endsWith(candidate));
});

check("every button can be reached by the keyboard", async () => {
  const seen = new Set();
  await page.evaluate(() => document.activeElement?.blur());
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    seen.add(await page.evaluate(() => document.activeElement.id));
  }
  for (const wanted of ["rollback", "pin", "model", "prompt", "ask", "models-again"]) assert.ok(seen.has(wanted), wanted);
});

check("pages of other origins change nothing and frame nothing", async () => {
  const before = (await status()).serving;
  const hostile = `<!doctype html><iframe name="f"></iframe><iframe src="${admin}/"></iframe>
    <form method="post" enctype="text/plain" target="f" action="${admin}/admin/v1/rollback"><input name='{"by":"' value='x"}'></form>`;
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(hostile));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  for (const host of ["127.0.0.1", "localhost"]) {
    const foreign = await browser.newPage();
    const answers = [];
    foreign.on("response", (response) => answers.push([new URL(response.url()).pathname, response.status()]));
    await foreign.goto(`http://${host}:${server.address().port}/`);
    const framed = await foreign.evaluate(() => {
      try {
        return frames[1].document.body.innerText;
      } catch {
        return "out of reach";
      }
    });
    assert.ok(framed === "out of reach" || framed === "", framed);
    const outcomes = await foreign.evaluate(async (admin, token) => {
      const url = `${admin}/admin/v1/rollback`;
      const tries = [
        { method: "POST", mode: "no-cors", body: "{}" },
        { method: "POST", body: "{}", headers: { "content-type": "application/json" } },
        // Even a page that has stolen the token.
        { method: "POST", body: "{}", headers: { authorization: `Bearer ${token}` } },
      ];
      document.forms[0].submit();
      return Promise.all(tries.map((options) => fetch(url, options).then((got) => got.type, () => "failed")));
    }, admin, token);
    assert.deepEqual(outcomes, ["opaque", "failed", "failed"]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const posted = answers.filter(([path]) => path === "/admin/v1/rollback").map(([, code]) => code);
    assert.ok(posted.length > 0 && posted.every((code) => code === 403), JSON.stringify(answers));
    await foreign.close();
  }
  server.close();
  assert.equal((await status()).serving, before);
});

check("nothing was asked elsewhere, and nothing went wrong in the page", async () => {
  assert.deepEqual([...requested].filter((origin) => origin !== "null"), [admin]);
  assert.deepEqual(complaints, []);
});

let failed = 0;
for (const [name, run] of checks) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack}`);
  }
}
await browser.close();
process.exit(failed === 0 ? 0 : 1);
