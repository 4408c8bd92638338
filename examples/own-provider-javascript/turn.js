// `translate`: frames of a ConverseStream response to deltas. How they are batched makes no difference.

import { Blocks } from "./blocks.js";
import { plain, streamException } from "./failures.js";
import { interventions } from "./guardrail.js";
import { readOptions } from "./options.js";
import { readUsage, unknownUsage } from "./usage.js";
import { EVENTS, exact, exception, parse, text, withoutHalves } from "./wire.js";

/** How many different notices a turn gives: a peer that invents names without end must not fill the memory. */
const NOTICES = 64;

const GOOD = ["end_turn", "stop_sequence", "tool_use"];
const CUT_OFF = ["max_tokens", "model_context_window_exceeded"];
// By Bedrock's word: kind, what to do.
const BAD = {
  guardrail_intervened: ["content-filtered", "a guardrail stopped or changed the answer; its trace names the policy"],
  content_filtered: ["content-filtered", "the model's content filter stopped the answer"],
  refusal: ["refused", "the model refuses the request: change it, or use another model"],
  malformed_model_output: ["model-output", "try again, or request a shorter answer"],
  malformed_tool_use: ["model-output", "try again, or request a shorter answer"],
};

const DAMAGED = "try again; if the error persists, a proxy between the gateway and Bedrock changes the stream";
const SILENT = "try again, or allow a longer silence (some models think for minutes)";
const LIMITED = "request a shorter answer, or raise the limit";

export class Turn {
  constructor({ model, carry, requestId }) {
    this.model = model;
    this.options = readOptions(model.params);
    this.toolNames = names(carry);
    this.requestId = requestId;
    this.begun = false;
    this.ended = false;
    this.rawStopReason = null;
    // Null until `metadata` came.
    this.usage = null;
    // What Bedrock says of the answer besides, by its own names.
    this.told = {};
    this.noticed = new Set();
    this.blocks = new Blocks(this);
  }

  /** Takes frames, gives deltas. */
  push({ frames, bytes }) {
    const deltas = [];
    let at = 0;
    const take = (length) => bytes.subarray(at, (at += length));
    for (const { messageType, nameLength, payloadLength } of frames) {
      if (this.ended) break;
      const name = text(take(nameLength));
      const payload = take(payloadLength);
      if (messageType.tag === "event") this.event(name, payload, deltas);
      else if (messageType.tag === "exception") this.exception(name, payload, deltas);
      else if (messageType.tag === "error") this.unmodelled(name, payload, deltas);
      else this.unknownType(messageType.val, name, deltas);
    }
    return deltas;
  }

  /** Ends the turn: `done` only where `messageStop` and `metadata` came. */
  finish(ending) {
    const deltas = [];
    if (this.ended) return deltas;
    const whole = this.rawStopReason !== null && this.usage !== null;
    // Once everything came, a connection that then breaks or falls silent changes nothing.
    if (whole && ending.tag === "damaged") {
      this.notice("damaged-end", "", `bytes behind the end of the answer were left out: ${ending.val}`, deltas);
    }
    if (whole && ["complete", "idle", "broken", "damaged"].includes(ending.tag)) this.complete(deltas);
    else this.fail(this.meaning(ending), deltas);
    return deltas;
  }

  event(name, payload, deltas) {
    if (!Object.hasOwn(EVENTS, name)) {
      this.notice("unknown-event", name, `Bedrock sent the unknown event ${name}, which was left out`, deltas);
      return;
    }
    let event;
    try {
      event = EVENTS[name](exact(withoutHalves(text(payload))));
    } catch (error) {
      this.damaged(`the payload of ${name} cannot be read: ${error.message}`, deltas);
      return;
    }
    if (name === "messageStart" && (event.role ?? "assistant") !== "assistant") {
      this.damaged(`the message has the role ${event.role}; expected assistant`, deltas);
      return;
    }
    if (name === "messageStart" && this.begun) {
      this.notice("repeated-event", name, "Bedrock started the message a second time, which was ignored", deltas);
    }
    if (name !== "contentBlockStop" && !this.begun) {
      this.begun = true;
      deltas.push({ tag: "start" });
      for (const message of this.options.problems) {
        deltas.push({ tag: "notice", val: { kind: "unknown-option", message: message.toWellFormed() } });
      }
    }
    this.unknownMembers(name, event.unknown, deltas);
    const { contentBlockIndex = 0 } = event;
    if (name === "contentBlockDelta" && event.delta) this.blocks.feed(contentBlockIndex, event.delta, deltas);
    else if (name === "contentBlockStart" && event.start) this.blocks.start(contentBlockIndex, event.start, deltas);
    else if (name === "contentBlockStop") this.blocks.end(contentBlockIndex, deltas);
    else if (name === "messageStop") {
      this.rawStopReason = event.stopReason ?? "";
      this.keep(event, ["additionalModelResponseFields"]);
    } else if (name === "metadata") {
      this.metadata(event, deltas);
    }
  }

  /** It may come before `messageStop`, and more than once: the last one with a usage holds. */
  metadata(event, deltas) {
    const wrong = (name) => this.notice("unreadable-usage", name, `the usage's ${name} was left out, because it is no count`, deltas);
    try {
      if (event.usage !== undefined) this.usage = readUsage(event.usage, this.model, this.options, event.serviceTier?.type, wrong);
    } catch (error) {
      this.notice("unreadable-usage", "", `the usage was left out, because Bedrock's event cannot be read: ${error.message}`, deltas);
    }
    this.usage ??= unknownUsage();
    // Bedrock sends it empty where no server tool ran.
    const serverToolUsage = event.usage?.serverToolUsage ?? {};
    if (JSON.stringify(serverToolUsage) !== "{}") this.keep({ serverToolUsage }, ["serverToolUsage"]);
    this.keep(event, ["metrics", "trace", "performanceConfig"]);
    if (typeof event.serviceTier?.type === "string") this.told.serviceTier = event.serviceTier.type.toWellFormed();
  }

  keep(event, members) {
    for (const name of members.filter((name) => event[name] !== undefined)) this.told[name] = event[name];
  }

  complete(deltas) {
    for (const wireIndex of [...this.blocks.readers.keys()]) this.blocks.rest(wireIndex, deltas);
    const raw = this.rawStopReason;
    if (!GOOD.includes(raw) && !CUT_OFF.includes(raw)) {
      const [kind, hint] = Object.hasOwn(BAD, raw) ? BAD[raw] : [{ tag: "other", val: `stop-reason:${raw}` }, null];
      const message = (kind === "refused" && this.refusal()) || `Provider stopped with: ${raw}`;
      const policies = raw === "guardrail_intervened" && interventions(this.told.trace);
      const more = policies ? `a guardrail stopped or changed the answer (${policies})`.toWellFormed() : hint;
      this.fail(plain(kind, message, more, kind === "model-output"), deltas);
      return;
    }
    // A call that was never stopped may be cut off. Where a limit did that, the call's end says why it has no arguments.
    if (!CUT_OFF.includes(raw) && [...this.blocks.open.values()].some((block) => block.kind === "tool")) {
      this.fail(plain("model-output", "Provider completed stream with an incomplete tool call", "try again", true), deltas);
      return;
    }
    for (const wireIndex of [...this.blocks.open.keys()]) this.blocks.stop(wireIndex, deltas);
    if (this.blocks.malformedCall) {
      const message = "Provider completed tool call with malformed JSON arguments";
      this.fail(plain("model-output", message, "try again", true), deltas);
      return;
    }
    // Some models say `end_turn` after a tool call; the content is what counts.
    const good = this.blocks.calledTools ? "tool-use" : "stop";
    const reason = { tag: CUT_OFF.includes(raw) ? "length" : good };
    this.ended = true;
    deltas.push({ tag: "done", val: { reason, rawStopReason: raw, usage: this.usage, details: this.details() } });
  }

  /** Anthropic's reason for a refusal, where it was asked for. */
  refusal() {
    const details = this.told.additionalModelResponseFields?.stop_details;
    if (details === null || typeof details !== "object" || Array.isArray(details)) return null;
    const word = (value, none) => (typeof value === "string" ? value : none).toWellFormed();
    const category = word(details.category, "unknown");
    const explanation = word(details.explanation, "no explanation given");
    return `Anthropic refusal (category: ${category}): ${explanation}`;
  }

  exception(name, payload, deltas) {
    let body = { unknown: [] };
    try {
      body = exception(parse(withoutHalves(text(payload))));
    } catch {
      // Its name says enough.
    }
    let message = body.message || body.Message;
    const original = body.originalMessage;
    if (original && !message?.includes(original)) message = message ? `${message} (${original})` : original;
    this.fail(streamException(name, body.originalStatusCode ?? null, message, this.model.id), deltas);
  }

  /** `:message-type: error`: its code and message were headers. */
  unmodelled(code, payload, deltas) {
    this.fail(streamException(code, null, readable(payload), this.model.id), deltas);
  }

  unknownType(type, name, deltas) {
    const message = `Bedrock sent a frame of the unknown message type ${type}`;
    this.notice("unknown-message-type", `${type}:${name}`, message, deltas);
  }

  damaged(what, deltas) {
    this.fail(plain("damaged", `Bedrock's stream is damaged: ${what}`.toWellFormed(), DAMAGED, true), deltas);
  }

  /** An ending that is not the end of a whole turn. */
  meaning({ tag, val }) {
    const again = "try again";
    const lacks = this.rawStopReason === null ? "a stop reason" : "metadata";
    const meanings = {
      complete: () => plain("truncated", `Bedrock stream ended without ${lacks}`, again, true),
      aborted: () => plain("aborted", "Request was aborted", null, false),
      idle: () => plain("timeout", `Bedrock sent nothing for ${duration(val)}`, SILENT, true),
      broken: () => plain("transport", `The connection to Bedrock broke: ${val}`, again, true),
      damaged: () => plain("damaged", `Bedrock's stream is damaged: ${val}`, DAMAGED, true),
      limited: () => plain({ tag: "other", val: "limit" }, `The answer exceeded the gateway's limit: ${val}`, LIMITED, false),
    };
    return meanings[tag]();
  }

  /** Gives `error`, once, as the last delta. What came before stays with the client. */
  fail(failure, deltas) {
    if (this.ended) return;
    this.ended = true;
    const usage = this.usage ?? unknownUsage();
    const told = { ...failure, requestId: this.requestId };
    deltas.push({ tag: "error", val: { failure: told, rawStopReason: this.rawStopReason, usage, details: this.details() } });
  }

  details() {
    const { serviceTier, serverToolUsage, additionalModelResponseFields, metrics, trace, performanceConfig } = this.told;
    const json = (value) => (value === undefined ? null : JSON.stringify(value).toWellFormed());
    return {
      serviceTier: serviceTier ?? null,
      serverToolUsage: json(serverToolUsage),
      additionalResponseFields: json(additionalModelResponseFields),
      metrics: json(metrics),
      trace: json(trace),
      performanceConfig: json(performanceConfig),
    };
  }

  toolName(onTheWire) {
    return Object.hasOwn(this.toolNames, onTheWire) ? this.toolNames[onTheWire] : onTheWire;
  }

  /** Tells something, once a turn. */
  notice(kind, about, message, deltas) {
    const key = `${kind}:${about}`;
    if (this.noticed.has(key) || this.noticed.size >= NOTICES) return;
    this.noticed.add(key);
    deltas.push({ tag: "notice", val: { kind, message: `${message}`.toWellFormed() } });
  }

  unknownMembers(at, members, deltas) {
    for (const name of members) {
      this.notice("unknown-member", `${at}.${name}`, `Bedrock sent the unknown member ${at}.${name}, which was left out`, deltas);
    }
  }
}

/** Tool names that `prepare` mapped, by the name on the wire. A carry of another version says nothing. */
function names(carry) {
  try {
    return parse(text(carry)).tools ?? {};
  } catch {
    return {};
  }
}

/** Text for a person of bytes that may be anything. */
function readable(bytes) {
  try {
    return text(bytes).trim();
  } catch {
    return String.fromCharCode(...bytes).trim();
  }
}

function duration(milliseconds) {
  return milliseconds < 1000 ? `${milliseconds} ms` : `${Math.floor(milliseconds / 100) / 10} s`;
}
