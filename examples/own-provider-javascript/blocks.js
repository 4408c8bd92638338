// Content blocks: from Bedrock's, found by `contentBlockIndex`, to pi's, numbered in the order in which they began.

import { exact, parse, withoutHalves } from "./wire.js";

// Nova puts its thinking into its text, between these.
const MARKS = ["<thinking>", "</thinking>"];

const REDACTED = "[Reasoning redacted]";

/** Blocks of one answer. `turn` is told of what cannot be. */
export class Blocks {
  constructor(turn) {
    this.turn = turn;
    /** The open blocks by Bedrock's index, in the order in which they began. */
    this.open = new Map();
    /** Of texts that may have marks: what is held back, and whether it is before them (0), between (1) or behind (2). */
    this.readers = new Map();
    this.next = 0;
    this.calledTools = false;
    /** Whether a call's arguments were no object, where that is to end the turn. */
    this.malformedCall = false;
  }

  find(wireIndex) {
    return this.open.get(wireIndex);
  }

  /** Opens a block that the client sees. */
  begin(wireIndex, members) {
    const block = { wireIndex, contentIndex: this.next, ...members };
    this.next += 1;
    this.open.set(wireIndex, block);
    return block;
  }

  /** `contentBlockStart`. A block of the same index that was never stopped ends here. */
  start(wireIndex, { toolUse, toolResult, image, unknown }, deltas) {
    this.end(wireIndex, deltas);
    if (toolUse !== undefined) {
      this.turn.unknownMembers("contentBlockStart.start.toolUse", toolUse.unknown, deltas);
      this.startTool(wireIndex, toolUse, deltas);
    } else if (toolResult !== undefined) {
      this.turn.unknownMembers("contentBlockStart.start.toolResult", toolResult.unknown, deltas);
      this.open.set(wireIndex, { wireIndex, kind: "server-result", result: toolResult, content: [] });
    } else if (image !== undefined) {
      this.turn.unknownMembers("contentBlockStart.start.image", image.unknown, deltas);
      this.open.set(wireIndex, { wireIndex, kind: "image", format: image.format });
    } else if (unknown.length > 0) {
      this.turn.notice("unknown-start", unknown[0], `Bedrock started a block of the unknown kind ${unknown[0]}`, deltas);
      this.open.set(wireIndex, { wireIndex, kind: "unknown" });
    }
  }

  startTool(wireIndex, { toolUseId: id = "", name = "", type = "", input }, deltas) {
    const seed = input === undefined ? "" : JSON.stringify(input);
    if (type === "server_tool_use") {
      this.open.set(wireIndex, { wireIndex, kind: "server-call", id, name, type, input: seed });
      return;
    }
    this.calledTools = true;
    const { contentIndex } = this.begin(wireIndex, { kind: "tool", input: "", seed });
    deltas.push({ tag: "toolcall-start", val: { contentIndex, id, name: this.turn.toolName(name) } });
  }

  /** `contentBlockDelta`. */
  feed(wireIndex, { text, toolUse, reasoningContent, citation, toolResult, image, unknown }, deltas) {
    if (text !== undefined) {
      if (/amazon\.nova-/.test(this.turn.model.id)) this.read(wireIndex, text, deltas);
      else this.say("text", wireIndex, text, deltas);
    } else if (toolUse !== undefined) {
      this.turn.unknownMembers("contentBlockDelta.delta.toolUse", toolUse.unknown, deltas);
      this.feedTool(wireIndex, toolUse.input ?? "", deltas);
    } else if (reasoningContent !== undefined) {
      this.rest(wireIndex, deltas);
      this.turn.unknownMembers("contentBlockDelta.delta.reasoningContent", reasoningContent.unknown, deltas);
      this.feedThinking(wireIndex, reasoningContent, deltas);
    } else if (citation !== undefined) {
      const block = this.ofKind("text", wireIndex, deltas);
      if (block) deltas.push(attachment(block.contentIndex, "citation", citation));
    } else if (toolResult !== undefined) {
      const block = this.find(wireIndex);
      if (block?.kind === "server-result") block.content.push(...(Array.isArray(toolResult) ? toolResult : [toolResult]));
      else this.unexpected("toolResult", block, deltas);
    } else if (image !== undefined) {
      this.feedImage(wireIndex, image, deltas);
    } else if (unknown.length > 0 && this.find(wireIndex)?.kind !== "unknown") {
      this.turn.notice("unknown-delta", unknown[0], `Bedrock sent a delta of the unknown kind ${unknown[0]}`, deltas);
    }
  }

  say(kind, wireIndex, delta, deltas) {
    const block = this.ofKind(kind, wireIndex, deltas);
    if (block) deltas.push({ tag: `${kind}-delta`, val: { contentIndex: block.contentIndex, delta } });
  }

  /** Takes text apart that may begin with thinking between marks. The end of what came may be half a mark. */
  read(wireIndex, text, deltas) {
    const reader = this.readers.get(wireIndex) ?? { held: "", part: 0 };
    this.readers.set(wireIndex, reader);
    reader.held += text;
    for (; reader.part < 2; reader.part += 1) {
      const mark = MARKS[reader.part];
      const at = reader.held.indexOf(mark);
      const found = at >= 0 && (reader.part === 1 || reader.held.slice(0, at).trim() === "");
      if (!found) {
        if (reader.part === 1) {
          let keep = mark.length;
          while (!reader.held.endsWith(mark.slice(0, keep))) keep -= 1;
          const given = reader.held.slice(0, reader.held.length - keep);
          reader.held = reader.held.slice(given.length);
          if (given) this.say("thinking", wireIndex, given, deltas);
          return;
        }
        if (mark.startsWith(reader.held.trimStart())) return;
        reader.part = 2;
        break;
      }
      if (reader.part === 1 && at > 0) this.say("thinking", wireIndex, reader.held.slice(0, at), deltas);
      reader.held = reader.held.slice(at + mark.length);
      reader.thought = true;
    }
    // White space behind the thinking goes where nothing follows.
    if (reader.thought && !reader.spoke && reader.held.trim() === "") return;
    reader.spoke = true;
    this.say("text", wireIndex, reader.held, deltas);
    reader.held = "";
  }

  /** What is still held when the text ends. */
  rest(wireIndex, deltas) {
    const reader = this.readers.get(wireIndex);
    this.readers.delete(wireIndex);
    if (!reader?.held) return;
    if (reader.part === 1) this.say("thinking", wireIndex, reader.held, deltas);
    else if (reader.held.trim()) this.say("text", wireIndex, reader.held, deltas);
  }

  /** The text or thinking block of this index. Neither has a start event: its first delta opens it. */
  ofKind(kind, wireIndex, deltas) {
    const block = this.find(wireIndex);
    if (block?.kind === kind) return block;
    if (block && !["text", "thinking", "unknown"].includes(block.kind)) {
      this.unexpected(kind, block, deltas);
      return undefined;
    }
    if (block) this.stop(wireIndex, deltas);
    const begun = this.begin(wireIndex, { kind, signature: "", redacted: undefined });
    deltas.push({ tag: `${kind}-start`, val: begun.contentIndex });
    return begun;
  }

  feedTool(wireIndex, piece, deltas) {
    const block = this.find(wireIndex);
    if (block?.kind !== "tool" && block?.kind !== "server-call") {
      this.unexpected("toolUse", block, deltas);
      return;
    }
    block.input += piece;
    if (block.kind === "tool") deltas.push({ tag: "toolcall-delta", val: { contentIndex: block.contentIndex, delta: piece } });
  }

  feedThinking(wireIndex, { text, signature, redactedContent }, deltas) {
    const block = this.ofKind("thinking", wireIndex, deltas);
    if (!block) return;
    const say = (delta) => deltas.push({ tag: "thinking-delta", val: { contentIndex: block.contentIndex, delta } });
    if (text) say(text);
    block.signature += signature ?? "";
    if (!redactedContent) return;
    let bytes;
    try {
      bytes = atob(redactedContent);
    } catch {
      this.turn.damaged("the redacted reasoning is not base64", deltas);
      return;
    }
    if (block.redacted === undefined) say(REDACTED);
    block.redacted = (block.redacted ?? "") + bytes;
  }

  /** A piece of a picture, as an `ImageBlock`: the start has the format, the delta the source. */
  feedImage(wireIndex, image, deltas) {
    const block = this.find(wireIndex);
    if (block && block.kind !== "image") {
      this.unexpected("image", block, deltas);
      return;
    }
    const isObject = image !== null && typeof image === "object" && !Array.isArray(image);
    const whole = block?.format !== undefined && isObject ? { format: block.format, ...image } : image;
    deltas.push(attachment(null, "image", whole));
  }

  /** `contentBlockStop`. */
  end(wireIndex, deltas) {
    this.rest(wireIndex, deltas);
    this.stop(wireIndex, deltas);
  }

  /** Ends a block. A stop of a block that is not open says nothing. */
  stop(wireIndex, deltas) {
    const block = this.find(wireIndex);
    if (!block) return;
    this.open.delete(wireIndex);
    const { contentIndex } = block;
    if (block.kind === "text") {
      deltas.push({ tag: "text-end", val: contentIndex });
    } else if (block.kind === "thinking") {
      const redacted = block.redacted !== undefined;
      const signature = (redacted ? btoa(block.redacted) : block.signature) || null;
      deltas.push({ tag: "thinking-end", val: { contentIndex, signature, redacted } });
    } else if (block.kind === "tool") {
      if (block.seed && block.input.trim() === "") {
        // The pieces have to join to the whole, for clients that build the arguments from them.
        deltas.push({ tag: "toolcall-delta", val: { contentIndex, delta: block.seed } });
        block.input = block.seed;
      }
      const { json, problem } = toolArguments(block.input);
      if (problem !== null && this.turn.options.malformedArguments === "fail") {
        // The call gets no end, so that nobody runs it.
        this.malformedCall = true;
        return;
      }
      deltas.push({ tag: "toolcall-end", val: { contentIndex, arguments: json, problem } });
    } else if (block.kind === "server-call") {
      const { id: toolUseId, name, type } = block;
      const input = exact(toolArguments(block.input).json);
      deltas.push(attachment(null, "server-tool-use", { toolUseId, name, type, input }));
    } else if (block.kind === "server-result") {
      const { toolUseId = "", type = "", status = "" } = block.result;
      deltas.push(attachment(null, "server-tool-result", { toolUseId, type, status, content: block.content }));
    }
  }

  unexpected(what, block, deltas) {
    if (block?.kind === "unknown") return;
    this.turn.notice("unexpected-delta", what, `Bedrock sent a ${what} delta for a block of another kind`, deltas);
  }
}

function attachment(contentIndex, kind, value) {
  return { tag: "attachment", val: { contentIndex, kind, value: JSON.stringify(value).toWellFormed() } };
}

/** JSON text of an object, and why it is empty where the model's text could not be used. Good text is kept as it came. */
function toolArguments(input) {
  const text = input.trim();
  if (text === "") return { json: "{}", problem: null };
  let why;
  for (const candidate of [text, mended(text)]) {
    try {
      const value = parse(candidate);
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        return { json: withoutHalves(candidate), problem: null };
      }
      why ??= "Tool arguments must be a JSON object";
    } catch (error) {
      why ??= error.message;
    }
  }
  return { json: "{}", problem: `${why}\n\nReceived arguments:\n${text}` };
}

/** Escapes control characters in strings, and doubles a backslash that begins no escape. */
function mended(text) {
  return text.replace(/"(?:[^"\\]|\\.)*"?/gsu, (string) =>
    string
      .replace(/\\(u[0-9a-fA-F]{4}|["\\/bfnrt])|\\/g, (whole, escaped) => (escaped === undefined ? "\\\\" : whole))
      .replace(/[\0-\x1f]/g, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`),
  );
}
