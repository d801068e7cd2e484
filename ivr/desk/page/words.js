// The words of the page: a file per language, English where a word is missing.

let words = {};
let english = {};
let language = "en";

export const locale = () => language;

const get = async (path) => {
  const answer = await fetch(path, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
};

export async function load(onChange) {
  const known = await get("/languages");
  const wished = [localStorage.getItem("language"), ...navigator.languages.map((l) => l.split("-")[0])];
  await speak(wished.find((l) => known.includes(l)) ?? "en");
  const chooser = document.getElementById("language");
  if (chooser) {
    for (const each of known) {
      const name = new Intl.DisplayNames([each], { type: "language" }).of(each);
      chooser.append(new Option(name, each, false, each === language));
    }
    chooser.addEventListener("change", async () => {
      localStorage.setItem("language", chooser.value);
      await speak(chooser.value);
      onChange?.();
    });
  }
}

async function speak(wanted) {
  const [base, own] = await Promise.all([get("/page/words/en.json"), get(`/page/words/${wanted}.json`)]);
  english = base;
  words = { ...base, ...own };
  language = wanted;
  document.documentElement.lang = wanted;
  translate(document);
}

export function translate(root) {
  for (const each of root.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
}

export function word(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

// A sentence of the record in the page's language: its English is one of our own words of that kind.
export function said(kind, sentence) {
  const key = Object.keys(english).find((each) => each.startsWith(`${kind}.`) && english[each] === sentence);
  return key ? word(key) : sentence;
}

// Why the server refused, by its status: what it says itself is for programs, and English.
export const refusal = ({ status }, own = {}) => {
  const key = own[status] ?? `error.${status}`;
  return word(known(key) ? key : "error.other", { status });
};

export const known = (key) => key in words;

export const number = (value, digits = 0) =>
  value.toLocaleString(language, { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const signed = (value) => value.toLocaleString(language, { signDisplay: "always" });

export const percent = (share, digits = 0) =>
  share.toLocaleString(language, { style: "percent", maximumFractionDigits: digits });

// With the digits that count, however small it is.
export const rarity = (share) =>
  share.toLocaleString(language, { style: "percent", maximumSignificantDigits: 2 });

export const clock = (iso) =>
  new Date(iso).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });

export const day = (iso) => new Date(iso).toLocaleDateString(language, { day: "numeric", month: "short" });
