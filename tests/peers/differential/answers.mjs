// The listed differences in the messages that an answer comes to. Both sides read the same bytes; the gateway's deltas then go
// through pi's proxy protocol, and the client of pi's agent makes the message.
import { Buffer } from "node:buffer";
import { allowed, differences } from "./compare.mjs";

const failed = (message, ours, words) => {
  if (!words.test(ours.errorMessage ?? "")) return;
  message.stopReason = "error";
  message.errorMessage = ours.errorMessage;
};
const calls = ({ content }) => content.filter(({ type }) => type === "toolCall");

/** What pi's errors about a broken stream are called here. */
const BROKEN = [
  [/message checksum/, /^Bedrock's stream is damaged: .*checksum/],
  [/^Truncated event message/, /^Bedrock's stream is damaged: the last \d+ bytes are not a whole frame/],
  [/in JSON at position/, /^Bedrock's stream is damaged: the payload of \w+ cannot be read/],
  [/^aborted$/, /^The connection to Bedrock broke/],
  [/^Provider stopped with: refusal$/, /^Anthropic refusal \(category: cyber\): The simulator was asked to refuse\./],
];

export const ANSWERS = [
  {
    name: "a connection that breaks behind the whole answer changes nothing",
    reason: "`messageStop` and metadata were there",
    right: "here",
    source: "follows from what both events say",
    rewrite(message, _ours, { upstream }) {
      if (!upstream.startsWith("sim.reset") || message.errorMessage !== "aborted" || message.usage.totalTokens === 0) return;
      message.stopReason = { max_tokens: "length", tool_use: "toolUse" }[message.rawStopReason] ?? "stop";
      delete message.errorMessage;
    },
  },
  {
    name: "the raw stop reason and diagnostics are not in the message",
    reason: "pi's proxy protocol has no place for them; the request id is in the error's text",
    right: "either",
    source: "`streamProxy` of pi-agent-core 0.87.1",
    rewrite(message) {
      delete message.rawStopReason;
      delete message.diagnostics;
    },
  },
  {
    name: "a count of zero tokens for an hour's cache is left out",
    reason: "it is what no count means",
    right: "either",
    source: "pi's type: `cacheWrite1h?`",
    rewrite({ usage }) {
      if (usage.cacheWrite1h === 0) delete usage.cacheWrite1h;
    },
  },
  {
    name: "no signature is none, and not an empty one",
    reason: "thinking without a signature has none to keep",
    right: "either",
    source: "pi's type: `thinkingSignature?`",
    rewrite({ content }) {
      for (const block of content) if (block.thinkingSignature === "") delete block.thinkingSignature;
    },
  },
  {
    name: "redacted thinking carries a token",
    reason: "the protocol has no place for `redacted`; the token says it, and comes back as what Bedrock sent",
    right: "either",
    source: "`streamProxy` of pi-agent-core 0.87.1",
    rewrite({ content }, ours) {
      for (const [index, block] of content.entries()) {
        if (!block.redacted) continue;
        const token = ours.content[index]?.thinkingSignature ?? "";
        const told = JSON.parse(Buffer.from(token.split(".").at(-1), "base64url").toString() || "{}");
        if (told.signature !== block.thinkingSignature || told.redacted !== true) continue;
        block.thinkingSignature = token;
        delete block.redacted;
      }
    },
  },
  {
    name: "errors say what to do and whom to ask",
    reason:
      "the kind, AWS's words, what to do, and the request id; pi has them apart in `diagnostics`, and `Proxy error:` is pi's own word",
    right: "either",
    source: "pi's prefixes are kept, because its clients look for them",
    rewrite(message, { errorMessage = "" }) {
      if (message.stopReason === "error" && errorMessage.includes(message.errorMessage)) message.errorMessage = errorMessage;
    },
  },
  {
    name: "a failure before the first content tells no usage",
    reason: "it is an answer with an HTTP status of its own, on which a gateway in front can act, and which the protocol gives no usage",
    right: "either",
    source: "the gateway's own rule: nothing is sent before the first content",
    rewrite(message, { errorMessage = "", usage }) {
      if (message.stopReason === "error" && message.content.length === 0 && errorMessage.startsWith("Proxy error: ")) message.usage = usage;
    },
  },
  {
    name: "a broken stream is told in words of the gateway",
    reason: "pi gives what its SDK or runtime said; a refusal's reason is in `stop_details`, which pi does not ask for",
    right: "here",
    source: "OpenClaw for refusals (vector S8)",
    rewrite(message, { errorMessage = "" }) {
      const known = BROKEN.some(([pi, here]) => pi.test(message.errorMessage ?? "") && here.test(errorMessage));
      if (message.stopReason === "error" && known) message.errorMessage = errorMessage;
    },
  },
  {
    name: "a stream without metadata is an error",
    reason: "every recorded whole stream has it; without it usage and its price are not known",
    right: "here",
    source: "154 of 154 recordings; METR hawk PR 1245",
    rewrite(message, ours) {
      if (message.usage.totalTokens === 0) failed(message, ours, /^Bedrock stream ended without metadata/);
    },
  },
  {
    name: "arguments that are not whole are none",
    reason: "a prefix of arguments may be another order than was meant; `argumentsError` says what came",
    right: "here",
    source: "pi 1.5.2 does so; 0.87.1 keeps what can be parsed of them",
    rewrite(message, ours, { upstream, options }) {
      // The simulator cuts calls at a limit of a few tokens, whatever it then says to have stopped at.
      const broken = upstream === "sim.malformed-tool" || options.maxTokens < 100;
      for (const [index, block] of message.content.entries()) {
        const { argumentsError } = ours.content[index] ?? {};
        if (!broken || block.type !== "toolCall" || !argumentsError?.includes("\n\nReceived arguments:\n")) continue;
        Object.assign(block, { arguments: {}, argumentsError });
      }
    },
  },
  {
    name: "a call that never ended keeps what the client scratched down",
    reason: "no end is told of a call that did not end, and the client tidies up at the end of one alone",
    right: "either",
    source: "`streamProxy` of pi-agent-core 0.87.1",
    rewrite(message, ours) {
      for (const [index, block] of message.content.entries()) {
        const { partialJson } = ours.content[index] ?? {};
        if (message.stopReason === "error" && block.type === "toolCall" && partialJson !== undefined) block.partialJson = partialJson;
      }
    },
  },
  {
    name: "tools that the service runs itself are no calls",
    reason: "pi shows them as calls of the client's tools, which it would then have to run",
    right: "here",
    source: "Bedrock's API: `toolUse.type` is `server_tool_use`; the protocol has no event for them",
    rewrite(message, _ours, { upstream }) {
      if (upstream === "sim.server-tools") message.content = message.content.filter(({ name }) => name !== "nova_code_interpreter");
    },
  },
  {
    name: "the turn ends in `toolUse` where it has calls, and only there",
    reason: "`tool_use` without a call, and a stop with one, are both on record",
    right: "here",
    source: "strands-env PR 252; bifrost PR 5209",
    rewrite(message) {
      if (["stop", "toolUse"].includes(message.stopReason)) message.stopReason = calls(message).length > 0 ? "toolUse" : "stop";
    },
  },
];

/** What differs in the messages and is not listed, and the names of the listed differences that showed. */
export function compareAnswers(theirs, ours, request) {
  // Each side has its own clock.
  const [pi, here] = [theirs, ours].map(({ timestamp: _, ...message }) => JSON.parse(JSON.stringify(message)));
  const { side, applied } = allowed(ANSWERS, pi, here, request);
  return { unlisted: differences(side, here), applied };
}
