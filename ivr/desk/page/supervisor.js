// The supervisors' page: what the database and the model's card say, and nothing else.

import { load, number, percent, translate, word } from "./words.js";
import { showMe, whoAmI } from "./top.js";
import { errors, overTime } from "./plots.js";
import { confirmChange } from "./point.js";

const AGAIN_MS = 30_000;
const FMR_BELOW = 0.5;
const at = (id) => document.getElementById(id);
let me;
let figures;

const cell = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

function pairs(place, rows) {
  at(place).replaceChildren(...rows.flatMap(([name, value]) => [cell("dt", name), cell("dd", value)]));
}

async function read() {
  const answer = await fetch(`/api/figures?days=${at("days").value}`);
  if (answer.status === 401) location.assign("/sign-in");
  at("notice").hidden = answer.ok;
  if (!answer.ok) {
    at("notice").textContent = await answer.text();
    return;
  }
  figures = await answer.json();
  show();
}

function show() {
  translate(document);
  showMe(me);
  showTiles(figures.rates);
  showReasons(figures.rates);
  overTime(at("hours"), figures.rates.hours ?? [], figures.begin, figures.end);
  showLegend();
  showLine(figures.rates.line);
  showFeedback(figures.rates.feedback ?? []);
  showProfiles(figures.profiles);
  showModel(figures.model);
  showPoints(figures);
}

function showTiles(rates) {
  const share = (verdict) => {
    const count = rates.verdicts?.[verdict] ?? 0;
    return rates.calls ? [percent(count / rates.calls), word("figures.n_calls", { calls: number(count) })] : ["–", ""];
  };
  const median = rates.median_s === null ? "–" : word("figures.seconds", { seconds: number(rates.median_s, 1) });
  const tiles = [
    [word("figures.calls"), number(rates.calls), ""],
    ...["ACCEPT", "REJECT", "INCONCLUSIVE"].map((verdict) => [word(`verdict.${verdict}`), ...share(verdict)]),
    [word("figures.median"), median, ""],
  ];
  at("tiles").replaceChildren(
    ...tiles.map(([name, value, of]) => {
      const tile = cell("div", "", { className: "tile" });
      const shown = cell("dd", `${value} `);
      shown.append(cell("span", of, { className: "of" }));
      tile.append(cell("dt", name), shown);
      return tile;
    }),
  );
}

function showReasons(rates) {
  const rows = (rates.reasons ?? []).map((each) => {
    const row = document.createElement("tr");
    const bar = cell("td", "", { className: "share" });
    const inner = document.createElement("span");
    inner.dataset.verdict = each.verdict;
    inner.style.width = `${(100 * each.n) / rates.calls}%`;
    bar.append(inner);
    const name = `${word(`reason.${each.reason}`)}`;
    row.append(cell("td", name), bar, cell("td", number(each.n), { className: "number" }));
    return row;
  });
  if (!rows.length) {
    const row = document.createElement("tr");
    row.append(cell("td", word("figures.none"), { colSpan: 3 }));
    rows.push(row);
  }
  at("reasons").replaceChildren(...rows);
}

function showLegend() {
  at("legend").replaceChildren(
    ...["ACCEPT", "INCONCLUSIVE", "REJECT"].map((verdict) => {
      const chip = cell("span", word(`verdict.${verdict}`), { className: "chip" });
      chip.dataset.verdict = verdict;
      return chip;
    }),
  );
}

function showLine(line) {
  if (!line.attempts) return pairs("line", [[word("figures.none"), ""]]);
  const [low, middle, high] = line.snr_db.map((db) => number(db));
  return pairs("line", [
    [word("figures.snr"), word("figures.snr_of", { low, middle, high })],
    [word("figures.noisy"), percent(line.noisy / line.attempts)],
    [word("figures.speech"), word("figures.seconds", { seconds: number(line.net_speech_s, 1) })],
    [word("card.attempts"), number(line.attempts)],
  ]);
}

function showFeedback(rows) {
  const kinds = rows.map((row) => [
    word(row.same_person ? "figures.was" : "figures.was_not", { verdict: word(`verdict.${row.verdict}`) }),
    number(row.n),
  ]);
  pairs("feedback", kinds.length ? kinds : [[word("figures.none"), ""]]);
}

function showProfiles(profiles) {
  const states = Object.entries(profiles.states ?? {}).map(([state, n]) => [word(`profile.${state}`), number(n)]);
  pairs("profiles", [
    ...(states.length ? states : [[word("profile.enrolled"), "0"]]),
    [word("figures.rejected"), number(profiles.rejected)],
    [word("figures.warned"), number(profiles.warned)],
    [word("figures.other_model"), number(profiles.other_model)],
    [word("figures.poor"), number(profiles.poor)],
  ]);
}

function showModel(model) {
  pairs("model", [
    [word("figures.model_id"), model.id],
    [word("figures.description"), model.description],
    [word("figures.fitted"), `${model.fitted_on}: ${model.fitted_with}`],
    [word("figures.trials"), word("figures.trials_of", { speakers: number(model.speakers), targets: number(model.target_trials), others: number(model.non_target_trials) })],
    [word("figures.eer"), percent(model.eer, 1)],
    [word("figures.cllr"), number(model.cllr, 3)],
  ]);
}

function showPoints({ model, point, installation }) {
  const points = [...model.points].sort((one, other) => other.fmr - one.fmr);
  at("point").hidden = at("apply").hidden = !points.length;
  at("no-points").hidden = points.length > 0;
  at("no-points").textContent = word("figures.no_points");
  at("fault").hidden = !point.fault;
  at("fault").textContent = word("point.fault", { fault: point.fault });
  at("how").textContent = point.fault ? "" : inUse(point);
  at("drop").hidden = !point.own;
  at("drop").onclick = () => ask(null, as(points, installation));
  if (!points.length) return;
  const slide = at("slide");
  slide.max = points.length - 1;
  if (!slide.dataset.moved) slide.value = points.indexOf(nearest(points, point.threshold ?? model.limit));
  choose(points, Number(slide.value), point);
  slide.oninput = () => {
    slide.dataset.moved = "yes";
    at("applied").textContent = "";
    choose(points, Number(slide.value), point);
  };
}

const inUse = (point) =>
  word("figures.in_use", {
    fmr: percent(point.target_fmr, 2),
    threshold: number(point.threshold, 2),
    basis: word(`basis.${point.basis}`),
    whose: word(point.own ? "point.own" : "point.common"),
  });

const nearest = (points, threshold) =>
  points.reduce((best, point) => (Math.abs(point.threshold - threshold) < Math.abs(best.threshold - threshold) ? point : best));

const isAt = (measured, point) => point.threshold !== null && Math.abs(measured.threshold - point.threshold) < 0.005;

// An operating point with the errors that were measured there, where they were.
const as = (points, point) => ({ fmr: point.target_fmr, threshold: point.threshold, fnmr: points.find((each) => isAt(each, point))?.fnmr });

function choose(points, index, point) {
  const chosen = points[index];
  const fmr = percent(chosen.fmr, 2);
  const fnmr = percent(chosen.fnmr, 1);
  pairs("chosen", [
    [word("figures.fmr"), word("figures.fmr_of", { fmr })],
    [word("figures.fnmr"), word("figures.fnmr_of", { fnmr })],
    [word("figures.threshold"), number(chosen.threshold, 2)],
  ]);
  at("slide").ariaValueText = `${word("figures.fmr")} ${fmr}, ${word("figures.fnmr")} ${fnmr}`;
  at("apply").disabled = isAt(chosen, point) || chosen.fmr <= 0 || chosen.fmr >= FMR_BELOW;
  at("apply").onclick = () => ask(chosen.fmr, chosen);
  errors(at("plot"), points, chosen);
}

async function ask(rate, then) {
  const point = await confirmChange(me, rate, as(figures.model.points, figures.point), then);
  if (!point) return;
  figures.point = point;
  delete at("slide").dataset.moved;
  show();
  at("applied").textContent = word("point.applied");
}

me = await whoAmI();
await load(() => show());
at("days").onchange = read;
await read();
setInterval(read, AGAIN_MS);
