// What counts as nothing to say, on both sides.

/** Whether there is nothing to see in a text. */
export const isBlank = (text) => text.trim() === "";

/** The text without lone surrogates. */
export const whole = (text) => text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, "");

/** Whether a block is what pi says for a call that has no result. */
export const isMadeUp = (block) =>
  block?.toolResult?.status === "error" &&
  block.toolResult.content.length === 1 &&
  block.toolResult.content[0].text === "No result provided";

/** A value of JSON with all its texts and names changed. */
export function eachText(value, change) {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item) => eachText(item, change));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [change(name), eachText(member, change)]));
}
