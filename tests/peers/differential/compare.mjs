// Comparing: what is left of the differences between two sides when all that are listed have been allowed for.
//
// A listed difference is a row of a table. Its `rewrite` makes of pi's side what is here in its place, and changes nothing where the
// difference does not show; `reason` says why there is one, `right` whose side does what Bedrock and its users need (`here`, `pi`, or
// `either`), `source` how that is known. `breaks` names rules of `converse_bodies.py` that pi's body is then seen to break, `hides` those
// that it may break in what is not sent here.
import { isDeepStrictEqual } from "node:util";

/**
 * Takes pi's side through the listed differences, each of which makes of it what this gateway has in its place where it applies.
 * Gives what came of it, and the names of those that applied.
 */
export function allowed(table, theirs, ours, request) {
  const applied = [];
  let side = structuredClone(theirs);
  for (const { name, rewrite } of table) {
    const rewritten = structuredClone(side);
    rewrite(rewritten, ours, request);
    if (!isDeepStrictEqual(rewritten, side)) applied.push(name);
    side = rewritten;
  }
  return { side, applied };
}

/** Where two values differ: a line each, with what stands there on both sides. */
export function differences(theirs, ours, path = "") {
  if (isDeepStrictEqual(theirs, ours)) return [];
  const isObject = (value) => value !== null && typeof value === "object";
  if (isObject(theirs) && isObject(ours) && Array.isArray(theirs) === Array.isArray(ours)) {
    const names = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])];
    return names.flatMap((name) => differences(theirs[name], ours[name], `${path}/${name}`));
  }
  const shown = (value) => {
    const text = JSON.stringify(value) ?? "nothing";
    return text.length > 300 ? `${text.slice(0, 300)}…` : text;
  };
  return [`${path || "/"}: pi ${shown(theirs)}, here ${shown(ours)}`];
}
