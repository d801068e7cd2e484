// The agents' page. Each event of the stream is a call as it is now; the page only shows it.

import { clock, day, known, load, locale, number, percent, refusal, said, signed, translate, word } from "./words.js";
import { listen } from "./stream.js";
import { change, showMe, whoAmI } from "./top.js";

const SHOWN_MAX = 50;
const GOOD_DB = 20;
const FAIR_DB = 12;
const SIGNS = { ACCEPT: "✓", REJECT: "✕", INCONCLUSIVE: "?" };

// Of a double click the second asks for nothing more.
const ASKING_MS = 2000;

// As long as the server keeps them.
const KEPT_MS = 12 * 3_600_000;
const MINUTE_MS = 60_000;

const calls = new Map();
const articles = new Map();
const asking = new Set();
// By the stream that runs, which is made anew where it was cut.
const told = new Set();
const at = (id) => document.getElementById(id);
const wanted = new URLSearchParams(location.search).get("call");
let me;
let isReady = false;

// Speech of a screen reader: verdicts alone, as they come.
const speak = (text) => { at("spoken").textContent = text; };

function take(call) {
  told.add(call.id);
  const before = calls.get(call.id);
  if (before && before.number >= call.number) return;
  calls.set(call.id, call);
  const article = articles.get(call.id) ?? make(call);
  show(article, call);
  if (!before) place(article, call);
  if (call.verdict && isReady && !before?.verdict) {
    requestAnimationFrame(() => { article.dataset.shownAt = Date.now(); });
    speak(word("spoken.verdict", { account: accountOf(call), verdict: statusOf(call), reason: reasonOf(call) }));
  }
  empty();
}

function make(call) {
  const article = at("card").content.firstElementChild.cloneNode(true);
  translate(article);
  article.id = `call-${call.id}`;
  const ask = (what) => async () => {
    asking.add(call.id);
    show(article, calls.get(call.id));
    setTimeout(() => {
      asking.delete(call.id);
      if (calls.has(call.id)) show(article, calls.get(call.id));
    }, ASKING_MS);
    done(article, await change(me, `/api/calls/${call.id}/step-up`, { ask: what }));
  };
  const say = (same) => async () => {
    done(article, await change(me, `/api/calls/${call.id}/feedback`, { same_person: same }));
  };
  article.querySelector(".challenge").onclick = ask("challenge");
  article.querySelector(".pin").onclick = ask("pin");
  article.querySelector(".right").onclick = say(true);
  article.querySelector(".wrong").onclick = say(false);
  articles.set(call.id, article);
  return article;
}

function done(article, answer) {
  if (!answer.ok) article.querySelector(".asked").textContent = refusal(answer);
}

const isWanted = (call) => wanted !== null && [call.id, call.call].includes(wanted);
const callOf = (article) => calls.get(article.id.slice(5));

// Newest first; a new call opens, and the decided ones before it close.
function place(article, call) {
  const list = at("list");
  const next = [...list.children].find((each) => callOf(each).began_at < call.began_at);
  list.insertBefore(article, next ?? null);
  article.querySelector("details").open = article === list.firstElementChild;
  for (const other of [...list.children].slice(1)) {
    const isBusy = other.contains(document.activeElement) || isWanted(callOf(other));
    if (callOf(other).verdict && !isBusy) other.querySelector("details").open = false;
  }
  const others = [...list.children].filter((each) => !isWanted(callOf(each)));
  for (const oldest of others.slice(SHOWN_MAX)) forget(oldest);
  if (isWanted(call)) open(article);
}

function forget(article) {
  const id = article.id.slice(5);
  article.remove();
  articles.delete(id);
  calls.delete(id);
}

function gone(id) {
  if (articles.has(id)) forget(articles.get(id));
  empty();
}

function goneByNow() {
  for (const call of [...calls.values()]) {
    if (Date.now() - Date.parse(call.began_at) > KEPT_MS) gone(call.id);
  }
}

function open(article) {
  article.querySelector("details").open = true;
  article.querySelector("summary").focus();
  article.scrollIntoView({ block: "start" });
  at("notice").hidden = true;
}

const accountOf = (call) => call.account ?? word("card.no_account");
const reasonOf = (call) => (call.reason ? word(`reason.${call.reason}`) : "");
const doingOf = (call) => {
  const own = `doing.${call.purpose}.${call.state}`;
  return word(known(own) ? own : `doing.${call.state}`);
};
const statusOf = (call) => word(call.verdict ? `verdict.${call.verdict}` : `state.${call.state}`);

function show(article, call) {
  const put = (name, text) => { article.querySelector(`.${name}`).textContent = text; };
  if (call.verdict) article.dataset.verdict = call.verdict;
  article.dataset.state = call.state;
  put("sign", SIGNS[call.verdict] ?? "…");
  put("status", statusOf(call));
  put("account", accountOf(call));
  article.querySelector(".account").classList.toggle("unknown", !call.account);
  put("when", clock(call.began_at));
  put("reason", call.verdict ? reasonOf(call) : doingOf(call));
  put("explanation", explanationOf(call));
  put("purpose", word(`purpose.${call.purpose}`));
  put("attempts", attemptsOf(call));
  put("line", lineOf(call));
  showEvidence(article, call);
  showWarnings(article, call);
  showHistory(article, call);
  showActions(article, call);
}

// In the page's language, of what was found; what has no findings has a sentence of the record.
function explanationOf(call) {
  const sentence = (call.findings ?? []).map((each) => word(`finding.${each}`)).join("; ");
  if (sentence) return `${sentence[0].toUpperCase()}${sentence.slice(1)}.`;
  return said("explained", call.explanation ?? "");
}

function attemptsOf(call) {
  const attempts = call.attempts ?? [];
  if (!attempts.length) return word("card.none");
  const last = attempts.at(-1);
  const phrase = `phrase.${last.phrase}`;
  const parts = [attempts.length, known(phrase) ? word(phrase) : "", repeatOf(last)];
  return parts.filter(Boolean).join(" · ");
}

// How an earlier recording was known again, as the engine says it.
function repeatOf(attempt) {
  if (typeof attempt.replay_shift_s !== "number") return "";
  const share = percent(attempt.replay);
  const ms = Math.round(1000 * attempt.replay_shift_s);
  return ms ? word("repeat.shifted", { share, ms: signed(ms) }) : word("repeat.same_place", { share });
}

function lineOf(call) {
  const heard = (call.attempts ?? []).filter((each) => typeof each.snr_db === "number");
  const last = heard.at(-1);
  if (!last) return call.net_speech_s ? word("line.speech", { seconds: number(call.net_speech_s, 1) }) : word("card.none");
  const grade = last.snr_db >= GOOD_DB ? "good" : last.snr_db >= FAIR_DB ? "fair" : "poor";
  return word(`line.${grade}`, { db: number(last.snr_db), seconds: number(last.net_speech_s, 1) });
}

function showEvidence(article, call) {
  const place = (llr) => `${(100 * (Math.max(-me.limit, Math.min(me.limit, llr)) + me.limit)) / (2 * me.limit)}%`;
  const has = typeof call.llr === "number";
  article.querySelector(".fill").style.width = has ? place(call.llr) : "0";
  // Each call keeps the point that it began with.
  const needed = call.threshold ?? me.threshold;
  const point = article.querySelector(".point");
  article.querySelector(".mark").hidden = point.hidden = needed === null;
  article.querySelector(".mark").style.left = point.style.left = place(needed ?? 0);
  point.textContent = word("card.point");
  const sure = has && call.confidence !== undefined ? word("card.confidence", { percent: number(call.confidence) }) : word("card.none");
  article.querySelector(".confidence").textContent = sure;
  article.querySelector(".bar").ariaLabel = has
    ? word("card.bar", { llr: number(call.llr, 1), threshold: number(needed, 1) })
    : word("card.no_evidence");
}

function showWarnings(article, call) {
  const found = [];
  if (call.reason === "LOCKED_OUT") found.push(word("warning.locked"));
  if (call.watchlisted || call.reason === "WATCHLISTED") found.push(word("warning.watchlisted"));
  if (call.reason === "SPOOF_SUSPECTED") found.push(word("warning.spoof"));
  if (call.rejects) found.push(word(call.rejects === 1 ? "warning.rejected_once" : "warning.rejected", { times: number(call.rejects) }));
  const list = article.querySelector(".warnings");
  list.replaceChildren(...found.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

function showHistory(article, call) {
  const place = article.querySelector(".history");
  const chips = (call.history ?? []).map((each) => {
    const chip = Object.assign(document.createElement("span"), { className: "chip" });
    chip.dataset.verdict = each.verdict;
    chip.textContent = `${SIGNS[each.verdict]} ${day(each.at)}`;
    chip.ariaLabel = `${word(`verdict.${each.verdict}`)}, ${word(`reason.${each.reason}`)}, ${day(each.at)}`;
    chip.title = chip.ariaLabel;
    chip.role = "img";
    return chip;
  });
  place.replaceChildren(...(chips.length ? chips : [document.createTextNode(word("card.none"))]));
}

function showActions(article, call) {
  article.querySelector(".actions").ariaLabel = word("card.actions", { account: accountOf(call) });
  const step = call.step_up;
  article.querySelector(".asked").textContent = step ? word(`step_up.${step.asked}.${step.state}`) : "";
  const cannot = call.state === "gone" || ["gone", "wanted"].includes(step?.state) || asking.has(call.id);
  for (const name of ["challenge", "pin"]) article.querySelector(`.${name}`).disabled = cannot;
  for (const [name, same] of [["right", true], ["wrong", false]]) {
    const button = article.querySelector(`.${name}`);
    button.hidden = !call.verdict || !call.account;
    button.ariaPressed = String(call.same_person === same);
  }
}

function empty() {
  const none = isReady && calls.size === 0;
  at("empty").hidden = !none;
  const whose = me.role === "agent" ? "empty.agent" : "empty.all";
  at("empty").textContent = none ? word(whose, { agent: me.agent }) : "";
}

function live(state) {
  at("live").dataset.state = state;
  at("live-word").textContent = word(`live.${state}`);
}

function showAll() {
  showMe(me);
  live(at("live").dataset.state);
  for (const [id, article] of articles) {
    translate(article);
    show(article, calls.get(id));
  }
  at("list").lang = locale();
  empty();
}

async function ready() {
  isReady = true;
  at("list").ariaBusy = "false";
  const untold = [...calls.values()].filter((each) => !told.has(each.id));
  for (const each of untold) if (!isWanted(each)) gone(each.id);
  empty();
  if (wanted === null || [...calls.values()].some((each) => isWanted(each) && told.has(each.id))) return;
  // The stream begins with the newest calls alone.
  const answer = await fetch(`/api/calls/${encodeURIComponent(wanted)}`);
  if (answer.ok) {
    take(await answer.json());
  } else {
    for (const each of untold) gone(each.id);
    at("notice").dataset.word = "page.not_yours";
    translate(document);
    at("notice").hidden = false;
  }
}

me = await whoAmI();
await load(showAll);
at("to-supervisor").hidden = me.role === "agent";
showAll();
listen({ call: take, gone, begin: () => told.clear(), ready, state: live });
setInterval(goneByNow, MINUTE_MS);
