// A prompt to a model, on the path that clients' requests take.

import { post, read } from "./api.js";
import { id, lasting, make, many, say, show } from "./dom.js";

let stopped = null;

export function setUpPlayground() {
  id("playground").addEventListener("submit", (event) => {
    event.preventDefault();
    ask(id("model").value.trim(), id("prompt").value);
  });
  id("ask-stop").addEventListener("click", () => stopped?.abort());
  id("models-again").addEventListener("click", readModels);
}

export async function readModels() {
  say(id("models-problem"), "");
  try {
    const { data } = await read("/admin/v1/models");
    show(id("models"), data.map((model) => Object.assign(make("option", "", model.id), { value: model.id })));
    show(id("models-list"), data.map((model) => make("li", "", make("code", "", model.id))));
    say(id("models-count"), `(${many(data.length, "model")})`);
    if (!id("model").value && data.length > 0) id("model").value = data[0].id;
  } catch (problem) {
    say(id("models-problem"), `The models cannot be listed: ${problem.message}`);
  }
}

async function ask(model, prompt) {
  if (stopped) return;
  stopped = new AbortController();
  const answer = id("answer");
  answer.textContent = "";
  id("answer-end").classList.remove("problem");
  say(id("answer-end"), "Asking…");
  id("ask").disabled = true;
  id("ask-stop").disabled = false;
  const began = performance.now();
  const lasted = () => lasting(Math.round(performance.now() - began));
  try {
    const body = { model, stream: true, stream_options: { include_usage: true }, messages: [{ role: "user", content: prompt }] };
    const response = await post("/admin/v1/chat/completions", body, { signal: stopped.signal });
    const told = { reason: "", tokens: "" };
    for await (const event of events(response.body)) take(event, answer, told);
    say(id("answer-end"), [`Ended: ${told.reason || "without a reason"}`, told.tokens, lasted()].filter(Boolean).join(", "));
  } catch (problem) {
    id("answer-end").classList.toggle("problem", problem.name !== "AbortError");
    say(id("answer-end"), problem.name === "AbortError" ? `Stopped after ${lasted()}` : `Failed: ${problem.message}`);
  } finally {
    stopped = null;
    id("ask").disabled = false;
    id("ask-stop").disabled = true;
  }
}

function take(event, answer, told) {
  if (event.error) throw new Error(event.error.message);
  const [choice] = event.choices ?? [];
  if (choice?.delta?.content) answer.append(choice.delta.content);
  if (choice?.finish_reason) told.reason = choice.finish_reason;
  if (event.usage) told.tokens = `${event.usage.prompt_tokens} tokens in, ${event.usage.completion_tokens} out`;
}

/** The documents of a stream of server-sent events. */
async function* events(body) {
  let rest = "";
  for await (const bytes of decoded(body)) {
    const lines = (rest + bytes).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const data = line.startsWith("data:") ? line.slice(5).trim() : "";
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

async function* decoded(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
