// The supervisors' page: what the database and the model's card say, and nothing else.

import { load, number, percent, refusal, translate, word } from "./words.js";
import { showMe, whoAmI } from "./top.js";
import { at, cell, pairs } from "./place.js";
import { overTime } from "./plots.js";
import { showPoints } from "./points.js";

const AGAIN_MS = 30_000;
// A dead connection is not always told of as one.
const PATIENCE_MS = 20_000;
let me;
let figures;
let asked = 0;

// Of several questions the newest counts: the answer for a month may come after that for a day.
async function read() {
  const mine = ++asked;
  let answer, found;
  try {
    answer = await fetch(`/api/figures?days=${at("days").value}`, { signal: AbortSignal.timeout(PATIENCE_MS) });
    found = answer.ok ? await answer.json() : undefined;
  } catch {
    answer = undefined;
  }
  if (mine !== asked) return;
  if (answer?.status === 401) location.assign("/sign-in");
  at("notice").hidden = answer?.ok ?? false;
  if (!answer?.ok) {
    at("notice").textContent = answer ? refusal(answer) : word("live.lost");
    return;
  }
  figures = found;
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
  showPoints(me, figures);
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

me = await whoAmI();
await load(read);
at("days").onchange = read;
await read();
setInterval(read, AGAIN_MS);
