// The operating points: for each purpose the rates that the calibration measured, and what they cost.

import { at, pairs, row } from "./place.js";
import { errors } from "./plots.js";
import { confirmChange, llr, missed, rateOf } from "./point.js";
import { number, percent, rarity, word } from "./words.js";

// Where somebody moved the slider, by purpose: a page that is read again leaves it there.
const moved = new Map();

export function showPoints(me, figures) {
  const purpose = at("purpose").value;
  const point = figures.points[purpose];
  const choices = [...figures.choices[purpose]].sort((one, other) => other.target_fmr - one.target_fmr);
  at("purpose").onchange = () => {
    at("applied").textContent = "";
    showPoints(me, figures);
  };
  at("purpose-note").textContent = word(`purpose_note.${purpose}`);
  at("point").hidden = at("apply").hidden = !choices.length;
  at("no-points").hidden = choices.length > 0;
  at("no-points").textContent = word("figures.no_points");
  at("fault").hidden = !point.fault;
  at("fault").textContent = point.fault ? faultOf(point, figures.model.limit) : "";
  at("how").textContent = point.fault ? "" : inUse(purpose, point);
  at("drop").hidden = !point.own;
  at("drop").onclick = () => ask(me, figures, purpose, null, figures.installation[purpose]);
  if (!choices.length) return;
  const slide = at("slide");
  slide.max = choices.length - 1;
  slide.value = moved.get(purpose) ?? choices.indexOf(nearest(choices, point));
  const show = () => choose(me, figures, purpose, choices[Number(slide.value)]);
  slide.oninput = () => {
    moved.set(purpose, slide.value);
    at("applied").textContent = "";
    show();
  };
  show();
}

// The server's own sentence is for programs, and English: the page has the numbers.
const faultOf = ({ searches, target_fmr: rate }, limit) =>
  word(searches.length ? "point.fault_of_search" : "point.fault", { fmr: rarity(rate), limit: number(limit, 1) });

function inUse(purpose, point) {
  const search = point.searches.length > 0;
  const common = search ? "point.common_of_search" : "point.common";
  const whose = word(point.own ? "point.own" : common);
  const fmr = percent(point.target_fmr, 2);
  if (search) return word("figures.in_use_of_search", { whose, rate: word(`rate_of.${purpose}`, { fmr }) });
  return word("figures.in_use", { whose, fmr, threshold: number(point.threshold, 2), basis: word(`basis.${point.basis}`) });
}

// The choice whose evidence is nearest to the one in use; the strictest where that is out of reach.
const nearest = (choices, { threshold }) =>
  choices.reduce((best, each) => (away(each, threshold) < away(best, threshold) ? each : best));
const away = (choice, threshold) => Math.abs((choice.threshold ?? Infinity) - (threshold ?? Infinity)) || 0;

const isIn = (choice, point) =>
  choice.target_fmr === point.target_fmr || (!point.searches.length && same(choice.threshold, point.threshold));
const same = (one, other) => one !== null && other !== null && Math.abs(one - other) < 0.005;

function choose(me, figures, purpose, choice) {
  const fmr = percent(choice.target_fmr, 2);
  const rate = [word(rateOf(purpose)), word(`rate_of.${purpose}`, { fmr })];
  const search = choice.searches.length > 0;
  pairs("chosen", search ? [rate] : [rate, ...single(choice)]);
  at("searches").hidden = at("searches-note").hidden = !search;
  at("searched").replaceChildren(...choice.searches.map((each) => row(number(each.voices), llr(each), each.threshold === null ? "–" : missed(each))));
  at("slide").ariaValueText = [rate[0], fmr, ...(search ? [] : [word("figures.fnmr"), missed(choice)])].join(" ");
  at("apply").disabled = isIn(choice, figures.points[purpose]);
  at("apply").onclick = () => ask(me, figures, purpose, choice.target_fmr, choice);
  const measured = figures.model.points.find((each) => each.fmr === choice.target_fmr);
  errors(at("plot"), figures.model.points, measured);
}

const single = (choice) => [
  [word("figures.fnmr"), choice.fnmr === null ? word("point.unmeasured") : word("figures.fnmr_of", { fnmr: missed(choice) })],
  [word("figures.threshold"), llr(choice)],
];

async function ask(me, figures, purpose, rate, then) {
  const point = await confirmChange(me, purpose, rate, figures.points[purpose], then);
  if (!point) return;
  figures.points[purpose] = point;
  moved.delete(purpose);
  showPoints(me, figures);
  at("applied").textContent = word("point.applied");
}
