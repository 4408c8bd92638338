// Comparing what both sides send.
import { allowed, differences } from "./compare.mjs";
import { isCachedByPi } from "./families.mjs";
import { HISTORY } from "./history.mjs";
import { OPTIONS, cache } from "./options.mjs";
import { THINKING, aligned, spoken, unmarked } from "./thinking.mjs";

/** The listed differences in requests. */
export const BODIES = [...THINKING, ...HISTORY, ...OPTIONS];

/** Requests that are refused here before anything is sent, each by the words of the refusal. */
export const NOT_SENT = [
  {
    name: "a tool call that the model cannot make is refused",
    reason: "pi sends the tools, and the service refuses them; to leave them out would give an answer where a call was asked for",
    right: "here",
    source: "AWS's table of what models take in Converse",
    words: /options\.toolChoice: this model family does not support tools/,
  },
  {
    name: "a conversation that ends with the assistant is refused where the model does not go on with it",
    reason: "pi sends it, and Claudes from 4.6 on refuse it",
    right: "here",
    source: "AWS's page on migration between Claudes; OpenClaw #72865",
    words: /messages: the conversation ends with an assistant message, and this model cannot continue one/,
  },
];

const isCachePoint = (block) => block.cachePoint !== undefined;
const withoutCachePoints = ({ role, content }) => ({ role, content: content.filter((block) => !isCachePoint(block)) });

/**
 * What differs in the bodies and is not listed, and the names of the listed differences that showed. `marks` are the messages
 * that pi sends for the conversation with marks in the place of thoughts.
 */
export function compareBodies(theirs, ours, marks, request) {
  const applied = [];
  let side = { ...theirs, messages: aligned(theirs.messages.map(withoutCachePoints), marks.map(withoutCachePoints), request) };
  const pass = (table) => {
    const result = allowed(table, side, ours, request);
    side = result.side;
    applied.push(...result.applied);
  };
  pass(THINKING);
  side.messages = spoken(side.messages);
  pass(HISTORY);
  side.messages = unmarked(side.messages);
  // pi's rule, for the message that is now the last: pi's own may have been one that is not sent.
  if (isCachedByPi(request.model)) cache({ messages: side.messages }, request.options);
  pass(OPTIONS);
  return { unlisted: differences(side, ours), applied };
}
