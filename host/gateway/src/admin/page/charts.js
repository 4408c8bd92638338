// Charts as SVG, drawn of numbers alone. Their colours are classes, because the page allows no styles of its own.

import { make, say } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";

/** The size of a drawing, in its own units: it is stretched to the width that there is. */
const WIDTH = 600;
const HEIGHT = 120;

/** What each chart was last drawn of. */
const drawn = new WeakMap();

function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** The end of a scale: the next of 1, 2 and 5 with zeros. */
export function scaleTo(most) {
  if (!(most > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((step) => step * power).find((end) => end >= most);
}

/**
 * Draws a chart into a figure. `series` are `{name, className, values, total}`, of equal length; a value that is null is a gap. Bars
 * stand on each other, lines do not. `told` says what a column shows, for who points at it; `unit` formats a value of the scale.
 */
export function draw(figure, { title, series, columns, kind, unit, told, nothing }) {
  const key = JSON.stringify([series, columns, nothing]);
  if (drawn.get(figure) === key) return;
  drawn.set(figure, key);
  const heights = columns.map((_, at) => {
    const values = series.map(({ values }) => values[at] ?? 0);
    return kind === "bars" ? values.reduce((sum, value) => sum + value, 0) : Math.max(...values, 0);
  });
  const most = Math.max(...heights, 0);
  const end = scaleTo(most);
  const legend = make("ul", "legend", ...series.map(({ name, className, total }) =>
    make("li", "", make("span", `key ${className}`), name, " ", make("b", "", total))));
  const summary = most > 0 ? series.map(({ name, total }) => `${name} ${total}`).join(", ") : nothing;
  const plot = make("div", "plot", picture({ title, summary, series, columns, kind, end, told }));
  plot.append(make("span", "top", most > 0 ? unit(end) : ""));
  if (!(most > 0)) plot.append(make("span", "nothing", nothing));
  const axis = make("div", "axis", make("span", "", "1 h ago"), make("span", "", "30 min"), make("span", "", "now"));
  figure.replaceChildren(make("figcaption", "", make("h3", "", title), legend), plot, axis);
}

function picture({ title, summary, series, columns, kind, end, told }) {
  const step = WIDTH / columns.length;
  const height = (value) => (value / end) * HEIGHT;
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": `${title}: ${summary}`,
  });
  for (const at of [0, 0.5, 1]) {
    svg.append(shape("line", { class: "rule", x1: 0, x2: WIDTH, y1: HEIGHT * at, y2: HEIGHT * at }));
  }
  if (kind === "bars") {
    const base = columns.map(() => 0);
    for (const { className, values } of series) {
      let path = "";
      values.forEach((value, at) => {
        if (!value) return;
        const y = HEIGHT - height(base[at] + value);
        path += `M${at * step} ${y.toFixed(2)}h${step}v${height(value).toFixed(2)}h${-step}z`;
        base[at] += value;
      });
      svg.append(shape("path", { class: `bars ${className}`, d: path }));
    }
  } else {
    for (const { className, values } of series) {
      let path = "";
      let isGap = true;
      values.forEach((value, at) => {
        if (value !== null) {
          const point = `${((at + 0.5) * step).toFixed(2)} ${(HEIGHT - height(value)).toFixed(2)}`;
          // A point between gaps is a dot: the line's ends are round.
          path += isGap ? `M${point}h0` : `L${point}`;
        }
        isGap = value === null;
      });
      svg.append(shape("path", { class: `line ${className}`, d: path }));
    }
  }
  columns.forEach((column, at) => {
    const text = told(at, column);
    if (!text) return;
    const name = shape("title", {}, text);
    svg.append(shape("rect", { class: "column", x: at * step, y: 0, width: step, height: HEIGHT }, name));
  });
  return svg;
}

/** Draws how much of a whole is in use, into a figure. */
export function meter(figure, { label, used, most, isFull }) {
  const key = JSON.stringify([label, used, most, isFull]);
  if (drawn.get(figure) === key) return;
  drawn.set(figure, key);
  const share = most > 0 ? Math.min(1, used / most) : 1;
  const svg = shape("svg", { viewBox: "0 0 100 1", preserveAspectRatio: "none", "aria-hidden": "true" },
    shape("rect", { class: isFull ? "used full" : "used", width: Math.max(share * 100, used > 0 ? 0.5 : 0), height: 1 }));
  const text = make("figcaption", isFull ? "problem" : "note");
  say(text, label);
  figure.replaceChildren(svg, text);
}
