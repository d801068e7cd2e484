// Where things go on the supervisors' page.

export const at = (id) => document.getElementById(id);

export const cell = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

export function pairs(place, rows) {
  at(place).replaceChildren(...rows.flatMap(([name, value]) => [cell("dt", name), cell("dd", value)]));
}

export function row(name, ...texts) {
  const made = document.createElement("tr");
  made.append(cell("th", name, { scope: "row" }), ...texts.map((text) => cell("td", text, { className: "number" })));
  return made;
}
