// Payloads as ConverseStream sends them: bytes to objects of known members. What is not known is listed, and never refused.

/** The deepest nesting that is read. QuickJS's parser calls itself, and the stack of a session is small. */
const DEEPEST = 128;

/** Text of bytes. Fails where they are not UTF-8. (There is no TextDecoder in QuickJS.) */
export function text(bytes) {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 4096) {
    binary += String.fromCharCode.apply(null, bytes.subarray(at, at + 4096));
  }
  return decodeURIComponent(escape(binary));
}

/** The bytes of a text. (There is no TextEncoder either.) */
export function bytes(text) {
  const binary = unescape(encodeURIComponent(text.toWellFormed()));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** JSON text without escapes of half a surrogate pair: no UTF-8 can hold what they say. */
export function withoutHalves(json) {
  if (!/\\u[dD]/.test(json)) return json;
  return json.replace(ESCAPE, (escape) => (escape.length === 6 ? "" : escape));
}

// A pair, half of one, or another escape, of which nothing but its beginning matters.
const ESCAPE = /\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u[dD][89a-fA-F][\da-fA-F]{2}|\\[^]/g;

/** The value of JSON text. Fails where it is none, or nested too deep. */
export function parse(json) {
  if (depth(json) > DEEPEST) throw new SyntaxError("it is nested too deep");
  return JSON.parse(json);
}

/** The same with numbers that a double cannot hold kept as they stand, for documents that go on to the client. */
export function exact(json) {
  const value = parse(json);
  // A double keeps 15 digits; hardly any payload has a longer number.
  if (!LONG_NUMBER.test(json)) return value;
  return JSON.parse(json, (name, value, { source }) =>
    typeof value === "number" && LONG_NUMBER.test(source) ? JSON.rawJSON(source) : value,
  );
}

const LONG_NUMBER = /[-+.eE\d]{16}/;

function depth(json) {
  // Fewer brackets than that cannot nest deeper; this is what nearly every payload ends with.
  if ((json.match(/[[{]/g) ?? []).length <= DEEPEST) return 0;
  let now = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (inString) {
      if (character === "\\") at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "[" || character === "{") deepest = Math.max(deepest, (now += 1));
    else if (character === "]" || character === "}") now -= 1;
  }
  return deepest;
}

// ---- Shapes: what a member may hold ------------------------------------------------------------------------------

function string(value) {
  if (typeof value !== "string") throw new TypeError("expected a string");
  // Half of a surrogate pair has no UTF-8.
  if (!value.isWellFormed()) throw new TypeError("a string is not Unicode");
  return value;
}

export function count(value) {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError("expected a whole number");
  return value;
}

// Wider than a safe integer: it is compared and never counted with.
function index(given) {
  const value = JSON.isRawJSON(given) ? Number(given.rawJSON) : given;
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0) throw new TypeError("expected an index");
  return value;
}

// Whatever a member of an exception holds, the others are told.
const ifString = (value) => (typeof value === "string" && value.isWellFormed() ? value : undefined);

function httpStatus(given) {
  const value = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
  return Number.isSafeInteger(value) && value >= 0 && value <= 0xffff ? value : undefined;
}

const any = (value) => value;

/** A reader of objects with these members. Absent ones and nulls are undefined; names of others are in `unknown`. */
function object(members) {
  return (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) throw new TypeError("expected an object");
    const read = { unknown: [] };
    for (const name of Object.keys(value)) {
      if (Object.hasOwn(members, name)) {
        if (value[name] !== null) read[name] = members[name](value[name]);
      } else if (name !== "p") {
        // `p` is padding against guessing at lengths; it is in every event.
        read.unknown.push(name);
      }
    }
    return read;
  };
}

/** Readers of the events, by their names. */
export const EVENTS = {
  messageStart: object({ role: string }),
  contentBlockStart: object({
    contentBlockIndex: index,
    start: object({
      toolUse: object({ toolUseId: string, name: string, type: string, input: any }),
      toolResult: object({ toolUseId: string, type: string, status: string }),
      image: object({ format: string }),
    }),
  }),
  contentBlockDelta: object({
    contentBlockIndex: index,
    delta: object({
      text: string,
      toolUse: object({ input: string }),
      reasoningContent: object({ text: string, signature: string, redactedContent: string }),
      citation: any,
      toolResult: any,
      image: any,
    }),
  }),
  contentBlockStop: object({ contentBlockIndex: index }),
  messageStop: object({ stopReason: string, additionalModelResponseFields: any }),
  metadata: object({ usage: any, metrics: any, trace: any, performanceConfig: any, serviceTier: any }),
};

/** Reads the payload of an exception. */
export const exception = object({
  message: ifString,
  Message: ifString,
  originalStatusCode: httpStatus,
  originalMessage: ifString,
});
