// The head of every page: who is signed in, and the way out.

import { word } from "./words.js";

// A dead connection is not always told of as one.
const PATIENCE_MS = 10_000;

export async function whoAmI() {
  const answer = await fetch("/api/me", { signal: AbortSignal.timeout(PATIENCE_MS) });
  if (answer.status === 401) location.assign("/sign-in");
  if (!answer.ok) throw new Error(`/api/me: ${answer.status}`);
  return answer.json();
}

export async function change(me, path, what = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRF-Token": me.csrf },
    body: JSON.stringify(what),
  });
  if (answer.status === 401) location.assign("/sign-in");
  return answer;
}

export function showMe(me) {
  const role = word(`role.${me.role}`);
  document.getElementById("who").textContent =
    me.role === "agent" ? word("page.agent", { name: me.name, agent: me.agent }) : `${me.name}, ${role}`;
  document.getElementById("sign-out").onclick = async () => {
    await change(me, "/sign-out");
    location.assign("/sign-in");
  };
}
