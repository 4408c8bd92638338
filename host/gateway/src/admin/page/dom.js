// Making the page's elements. Whatever comes from outside becomes text and never markup.

/** What each element was last made to show. */
const shown = new WeakMap();

export const id = (name) => document.getElementById(name);

/** An element with a class and with children: elements, or texts. */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Puts these children in place of those that are there, unless they say the same or one is just being pressed. What was unfolded
 * stays so, and what has the focus keeps it: both are found again by `data-same`.
 */
export function show(parent, children) {
  if (parent.matches(":active") && parent.childElementCount > 0) return;
  const there = make("div", "", ...children);
  if (there.textContent === shown.get(parent) && parent.childElementCount === there.childElementCount) return;
  shown.set(parent, there.textContent);
  const focused = parent.contains(document.activeElement) ? document.activeElement.dataset.same : undefined;
  const unfolded = new Set([...parent.querySelectorAll("details[open]")].map((details) => details.dataset.same));
  parent.replaceChildren(...there.childNodes);
  for (const details of parent.querySelectorAll("details")) details.open = unfolded.has(details.dataset.same);
  if (focused) parent.querySelector(`[data-same="${CSS.escape(focused)}"]`)?.focus();
}

/** Sets a text where it is another one: a screen reader reads what is set. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The first digits of a digest, as the commands show them. */
export const short = (digest) => String(digest ?? "").replace(/^sha256:/, "").slice(0, 12);

/** A number with its unit's word. */
export const many = (count, one, more = `${one}s`) => `${Number(count).toLocaleString("en")} ${count === 1 ? one : more}`;

/** A moment, given in milliseconds since 1970, in the time of the reader. */
export function moment(milliseconds) {
  const time = new Date(milliseconds);
  const two = (number) => String(number).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** How long something took or lasts, given in milliseconds. */
export function lasting(milliseconds) {
  if (milliseconds < 1000) return `${milliseconds} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

/** What unfolds: `same` is the name by which it is found again. */
export function folded(same, title, ...children) {
  const summary = make("summary", "", ...title);
  const details = make("details", "", summary, ...children);
  details.dataset.same = same;
  summary.dataset.same = `summary of ${same}`;
  return details;
}

/** Names and what they are, as a list of definitions. */
export function facts(pairs) {
  const list = make("dl", "facts");
  for (const [name, value] of pairs) {
    if (value === null || value === undefined || value === "") continue;
    list.append(make("div", "", make("dt", "", name), make("dd", "", value)));
  }
  return list;
}
