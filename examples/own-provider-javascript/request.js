// `prepare` and `count-tokens`: a conversation to the exact request of ConverseStream, and of CountTokens.

import { bytes, parse } from "./wire.js";

const FORMATS = { "image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp" };
const NAME = 64;

/** An attachment's place in the body. */
class Place {
  constructor(index) {
    this.index = index;
  }
}

/** Makes the request. The error of a WIT `result` is thrown: all the problems. */
export function prepare(settings, region, model, context, options) {
  const { body, ...request } = converse(settings, model, context, options);
  return { operation: "ConverseStream", ...request, body: parts(body) };
}

/** Makes the request that counts the tokens of what `prepare` would send. CountTokens takes the ids of foundation models alone. */
export function countTokens(settings, region, model, context, options) {
  const { body, modelId, ...request } = converse(settings, model, context, options);
  const { messages, system, toolConfig } = body;
  const counted = { input: { converse: { messages, system, toolConfig } } };
  const foundation = modelId.replace(/^(?:[a-z]{2}|apac|global|us-gov)\.(?=.*\.)/, "");
  return { operation: "CountTokens", ...request, modelId: foundation, body: parts(counted) };
}

function converse(settings, model, context, options) {
  const notices = [];
  const notice = (kind, message) => {
    if (!notices.some((known) => known.kind === kind)) notices.push({ kind, message });
  };
  const names = new Names(context.tools);
  const hasTools = context.tools.length > 0;
  const messages = [];
  const add = (role, content) => {
    if (content.length === 0) return;
    const last = messages.at(-1);
    if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content });
  };
  for (const { tag, val } of context.messages) {
    if (tag === "user") add("user", said(val, model, notice));
    else if (tag === "system") add("user", said([{ tag: "text", val }], model, notice));
    else if (tag === "assistant") add("assistant", answered(val, names, hasTools));
    else if (tag === "tool-result") add("user", [result(val, model, notice, hasTools)]);
    else notice("unknown-message", `A message of the role ${val.name} was left out.`);
  }
  if (messages.length === 0) {
    throw [{ path: "messages", message: "the conversation has no message to send", expected: "a message with text" }];
  }
  if (messages[0].role === "assistant") messages.unshift({ role: "user", content: [{ text: "…" }] });

  const body = { messages };
  if (context.systemPrompt?.trim()) body.system = [{ text: context.systemPrompt }];
  const inference = {};
  for (const name of ["maxTokens", "temperature", "topP"]) {
    if (options[name] !== undefined && options[name] !== null) inference[name] = options[name];
  }
  if (options.stopSequences.length > 0) inference.stopSequences = options.stopSequences;
  body.inferenceConfig = inference;
  if (hasTools && options.toolChoice?.tag !== "none") body.toolConfig = tools(context.tools, options.toolChoice, names);
  const guardrail = options.guardrail ?? settings.guardrail;
  if (guardrail) {
    body.guardrailConfig = {
      guardrailIdentifier: guardrail.identifier,
      guardrailVersion: guardrail.version,
      trace: guardrail.trace ?? undefined,
      streamProcessingMode: guardrail.streamProcessingMode ?? undefined,
    };
  }
  if (options.requestMetadata.length > 0) body.requestMetadata = Object.fromEntries(options.requestMetadata);
  if (options.thinking && options.thinking !== "off") notice("thinking-ignored", "Thinking was left out: this provider does not support it.");
  if (options.outputSchema) notice("schema-ignored", "The output schema was left out: this provider does not support it.");
  if (options.systemTools.length > 0) notice("system-tools-ignored", "System tools were left out: this provider does not support them.");
  return { modelId: model.id, body, carry: names.carry(), notices };
}

/** What the user, or a tool, said. */
function said(blocks, model, notice) {
  const takesImages = model.input.length === 0 || model.input.includes("image");
  const content = [];
  for (const { tag, val } of blocks) {
    if (tag === "text" || tag === "guarded-text") {
      if (val.trim()) content.push({ text: val.toWellFormed() });
    } else if (tag === "image" && takesImages && Object.hasOwn(FORMATS, val.mediaType)) {
      content.push({ image: { format: FORMATS[val.mediaType], source: { bytes: new Place(val.index) } } });
    } else if (tag !== "cache-point") {
      notice("attachment-omitted", "An attachment was replaced by a text that says so.");
      content.push({ text: `[${tag} omitted]` });
    }
  }
  return content;
}

/** The value of JSON text of the conversation. Text that cannot be read is a problem of the request. */
function read(json, path) {
  try {
    return parse(json);
  } catch (error) {
    throw [{ path, message: `this JSON cannot be read: ${error.message}`, expected: "JSON that is less deeply nested" }];
  }
}

function answered({ content }, names, hasTools) {
  const blocks = [];
  for (const { tag, val } of content) {
    if (tag === "text" && val.text.trim()) blocks.push({ text: val.text.toWellFormed() });
    else if (tag === "tool-call" && hasTools) {
      blocks.push({ toolUse: { toolUseId: val.id, name: names.wire(val.name), input: read(val.arguments, "messages") } });
    } else if (tag === "tool-call") blocks.push({ text: `[called ${val.name} with ${val.arguments}]` });
  }
  return blocks;
}

function result({ toolCallId, toolName, content, isError }, model, notice, hasTools) {
  const given = said(content, model, notice);
  if (!hasTools) {
    const texts = given.map((block) => block.text ?? "[image]");
    return { text: `[${toolName} gave: ${texts.join(" ")}]` };
  }
  const own = given.length > 0 ? given : [{ text: "(nothing)" }];
  return { toolResult: { toolUseId: toolCallId, content: own, status: isError ? "error" : "success" } };
}

function tools(list, choice, names) {
  const specs = list.map(({ name, description, parameters }) => ({
    toolSpec: {
      name: names.wire(name),
      description: description || undefined,
      inputSchema: { json: { type: "object", ...read(parameters, "tools") } },
    },
  }));
  const chosen = { any: () => ({ any: {} }), auto: () => ({ auto: {} }), tool: (name) => ({ tool: { name: names.wire(name) } }) };
  return { tools: specs, toolChoice: choice ? chosen[choice.tag](choice.val) : undefined };
}

/** Names that Bedrock takes, for names that it may not take. */
class Names {
  constructor(tools) {
    this.own = new Map();
    this.taken = new Set();
    /** The number that the next name of the same plain form tries first. */
    this.numbers = new Map();
    for (const { name } of tools) this.wire(name);
  }

  wire(name) {
    if (this.own.has(name)) return this.own.get(name);
    const plain = name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, NAME) || "tool";
    let wire = plain;
    let number = this.numbers.get(plain) ?? 2;
    for (; this.taken.has(wire); number += 1) wire = `${plain.slice(0, NAME - 6)}_${number}`;
    this.numbers.set(plain, number);
    this.own.set(name, wire);
    this.taken.add(wire);
    return wire;
  }

  /** What the turn has to know: names that are not those of the conversation. */
  carry() {
    const mapped = [...this.own].filter(([name, wire]) => name !== wire).map(([name, wire]) => [wire, name]);
    return mapped.length === 0 ? new Uint8Array() : bytes(JSON.stringify({ tools: Object.fromEntries(mapped) }));
  }
}

/** The body's JSON, cut where attachments go. */
function parts(body) {
  const list = [];
  let json = "";
  const write = (value) => {
    if (value instanceof Place) {
      list.push({ tag: "json", val: bytes(`${json}"`) }, { tag: "blob", val: value.index });
      json = '"';
    } else if (Array.isArray(value)) {
      json += "[";
      value.forEach((element, index) => {
        json += index > 0 ? "," : "";
        write(element);
      });
      json += "]";
    } else if (value !== null && typeof value === "object" && !JSON.isRawJSON?.(value)) {
      json += "{";
      Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .forEach(([name, member], index) => {
          json += `${index > 0 ? "," : ""}${JSON.stringify(name)}:`;
          write(member);
        });
      json += "}";
    } else json += JSON.stringify(value);
  };
  write(body);
  return [...list, { tag: "json", val: bytes(json) }];
}
