// Two plots, drawn as SVG: verdicts over time, and the errors of each operating point.

import { clock, day, locale, number, percent, word } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const VERDICTS = ["ACCEPT", "INCONCLUSIVE", "REJECT"];

function draw(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function canvas(place, width, height, label) {
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  place.replaceChildren(svg);
  return svg;
}

export function overTime(place, rows, begin, end) {
  const spans = steps(begin, end);
  const height = 190;
  const width = 520;
  const label = word("plot.over_time", { calls: number(rows.reduce((sum, row) => sum + row.n, 0)) });
  const svg = canvas(place, width, height, label);
  const sums = spans.map((span) => VERDICTS.map((verdict) => total(rows, span, verdict)));
  const most = Math.max(1, ...sums.map((each) => each.reduce((a, b) => a + b)));
  const wide = (width - 40) / spans.length;
  svg.append(draw("line", { class: "axis", x1: 36, y1: 160, x2: width, y2: 160 }));
  svg.append(draw("text", { x: 28, y: 20, "text-anchor": "end" }, number(most)));
  svg.append(draw("text", { x: 28, y: 164, "text-anchor": "end" }, "0"));
  sums.forEach((counts, i) => {
    let top = 160;
    counts.forEach((count, v) => {
      if (!count) return;
      const tall = (145 * count) / most;
      top -= tall;
      const bar = draw("rect", { x: 38 + i * wide, y: top, width: Math.max(2, wide - 3), height: tall, rx: 2, "data-verdict": VERDICTS[v] });
      bar.append(draw("title", {}, `${spans[i].label}: ${number(count)} ${word(`verdict.${VERDICTS[v]}`)}`));
      svg.append(bar);
    });
    if (i % Math.ceil(spans.length / 5) === 0) svg.append(draw("text", { x: 38 + i * wide, y: 180 }, spans[i].label));
  });
}

// Hours of up to two days, days of more.
function steps(begin, end) {
  const hours = new Date(end) - new Date(begin) <= 2 * 86_400_000;
  const at = new Date(begin);
  at.setMinutes(0, 0, 0);
  if (!hours) at.setHours(0);
  const found = [];
  while (at <= new Date(end)) {
    const from = new Date(at);
    if (hours) at.setHours(at.getHours() + 1);
    else at.setDate(at.getDate() + 1);
    found.push({ from, to: new Date(at), label: hours ? clock(from) : day(from) });
  }
  return found;
}

const total = (rows, span, verdict) =>
  rows
    .filter((row) => row.verdict === verdict && new Date(row.hour) >= span.from && new Date(row.hour) < span.to)
    .reduce((sum, row) => sum + row.n, 0);

export function errors(place, points, chosen) {
  const width = 520;
  const height = 300;
  const svg = canvas(place, width, height, word("plot.errors", { fmr: percent(chosen.fmr, 2), fnmr: percent(chosen.fnmr, 1) }));
  const low = Math.log10(Math.min(...points.map((point) => point.fmr)) / 1.5);
  const high = Math.log10(Math.min(1, Math.max(...points.map((point) => point.fmr)) * 1.5));
  const x = (fmr) => 56 + ((Math.log10(fmr) - low) / (high - low || 1)) * (width - 76);
  const y = (fnmr) => 250 - fnmr * 230;
  for (const fnmr of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(draw("line", { class: "axis", x1: 56, y1: y(fnmr), x2: width - 10, y2: y(fnmr) }));
    svg.append(draw("text", { x: 48, y: y(fnmr) + 4, "text-anchor": "end" }, percent(fnmr)));
  }
  for (const point of points) {
    svg.append(draw("text", { x: x(point.fmr), y: 270, "text-anchor": "middle" }, percent(point.fmr, 2)));
  }
  svg.append(draw("text", { x: (width + 46) / 2, y: 292, "text-anchor": "middle" }, word("plot.fmr")));
  svg.append(draw("text", { class: "side", x: 14, y: 135, "text-anchor": "middle", transform: "rotate(-90 14 135)" }, word("plot.fnmr")));
  svg.append(draw("polyline", { class: "curve", points: points.map((point) => `${x(point.fmr)},${y(point.fnmr)}`).join(" ") }));
  for (const point of points) svg.append(draw("circle", { class: "dot-of", cx: x(point.fmr), cy: y(point.fnmr), r: 4 }));
  svg.append(draw("circle", { class: "chosen", cx: x(chosen.fmr), cy: y(chosen.fnmr), r: 8 }));
  svg.lang = locale();
}
