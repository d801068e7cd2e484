import { load, word } from "./words.js";

const asked = new URLSearchParams(location.search);
document.getElementById("call").value = asked.get("call") ?? "";
await load();
const wrong = document.getElementById("wrong");
const whys = { often: "sign_in.often", away: "error.503" };
if (asked.has("wrong")) {
  wrong.textContent = word(whys[asked.get("wrong")] ?? "sign_in.wrong");
  wrong.hidden = false;
}
