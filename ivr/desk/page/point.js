// The question before the operating point is changed: what is, and what will be.

import { change } from "./top.js";
import { number, percent, word } from "./words.js";

const at = (id) => document.getElementById(id);

// Ask, and set the rate (null: the configuration's); resolve with what holds then, or with nothing.
export function confirmChange(me, rate, now, then) {
  const dialog = at("confirm");
  at("change").replaceChildren(
    row("figures.fmr", percent(now.fmr, 2), percent(then.fmr, 2)),
    row("figures.fnmr", errorsOf(now), errorsOf(then)),
    row("figures.threshold", llr(now.threshold), llr(then.threshold)),
  );
  at("why").value = "";
  at("refused").hidden = true;
  dialog.showModal();
  return new Promise((resolve) => {
    let point;
    dialog.querySelector("form").onsubmit = async (event) => {
      if (event.submitter.value !== "apply") return;
      event.preventDefault();
      const answer = await change(me, "/api/operating-point", { target_fmr: rate, why: at("why").value });
      if (answer.ok) {
        point = await answer.json();
        dialog.close();
      } else {
        at("refused").textContent = await answer.text();
        at("refused").hidden = false;
      }
    };
    dialog.onclose = () => resolve(point);
  });
}

const errorsOf = (point) => (point.fnmr === undefined ? word("point.unmeasured") : percent(point.fnmr, 1));
const llr = (threshold) => (threshold === null ? word("card.none") : number(threshold, 2));

function row(name, now, then) {
  const made = document.createElement("tr");
  const head = Object.assign(document.createElement("th"), { scope: "row", textContent: word(name) });
  const cells = [now, then].map((text) => Object.assign(document.createElement("td"), { className: "number", textContent: text }));
  made.append(head, ...cells);
  return made;
}
