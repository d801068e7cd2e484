import { load, word } from "./words.js";

const asked = new URLSearchParams(location.search);
document.getElementById("call").value = asked.get("call") ?? "";
await load();
const wrong = document.getElementById("wrong");
if (asked.has("wrong")) {
  wrong.textContent = word(asked.get("wrong") === "often" ? "sign_in.often" : "sign_in.wrong");
  wrong.hidden = false;
}
