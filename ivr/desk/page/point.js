// The question before an operating point is changed: what is, and what will be.

import { at, row } from "./place.js";
import { change } from "./top.js";
import { number, percent, refusal, word } from "./words.js";

// Ask, and set a purpose's rate (null: the configuration's); resolve with what holds then, or with nothing.
export function confirmChange(me, purpose, rate, now, then) {
  const dialog = at("confirm");
  at("change").replaceChildren(...rows(purpose, now, then));
  at("of").textContent = word(`purpose.${purpose}`);
  at("why").value = "";
  at("refused").hidden = true;
  dialog.showModal();
  return new Promise((resolve) => {
    let point;
    dialog.querySelector("form").onsubmit = async (event) => {
      if (event.submitter.value !== "apply") return;
      event.preventDefault();
      const answer = await change(me, "/api/operating-point", { purpose, target_fmr: rate, why: at("why").value });
      if (answer.ok) {
        point = await answer.json();
        dialog.close();
      } else {
        at("refused").textContent = refusal(answer, { 400: "point.refused" });
        at("refused").hidden = false;
      }
    };
    dialog.onclose = () => resolve(point);
  });
}

function rows(purpose, now, then) {
  const rates = row(word(rateOf(purpose)), percent(now.target_fmr, 2), percent(then.target_fmr, 2));
  if (!then.searches.length) {
    return [
      rates,
      row(word("figures.fnmr"), missed(now), missed(then)),
      row(word("figures.threshold"), llr(now), llr(then)),
    ];
  }
  const thresholds = then.searches.map((search, i) => {
    const before = now.searches[i] ?? { threshold: null };
    return row(word("searches.n", { voices: number(search.voices) }), llr(before), llr(search));
  });
  return [rates, ...thresholds];
}

export const rateOf = (purpose) => (purpose === "verification" ? "figures.fmr" : "figures.fpir");
export const missed = ({ fnmr }) => (fnmr === null ? word("point.unmeasured") : percent(fnmr, 1));
export const llr = ({ threshold }) => (threshold === null ? word("searches.out_of_reach") : number(threshold, 2));
