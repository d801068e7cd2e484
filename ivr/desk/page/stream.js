// The stream of calls: made anew where its connection is dead, and closed while nobody looks.

import { whoAmI } from "./top.js";

// The server sends something every 15 s, a beat where there is nothing else.
const SILENT_MS = 40_000;
const AGAIN_MS = 2000;
// Over HTTP/1.1 a browser has six connections to a server, and each stream holds one.
const HIDDEN_MS = 60_000;

// `on` takes each call, is told when all that were before are told, and of its connection's states.
export function listen(on) {
  let stream;
  let after = "0";
  let next;
  let hiding;
  let isResting = false;
  const then = (work, ms) => {
    clearTimeout(next);
    next = setTimeout(work, ms);
  };
  const heard = () => then(lost, SILENT_MS);

  function open() {
    heard();
    stream?.close();
    stream = new EventSource(`/api/events?after=${after}`);
    stream.addEventListener("open", () => {
      heard();
      on.state("live");
    });
    stream.addEventListener("beat", heard);
    stream.addEventListener("ready", () => {
      heard();
      on.ready();
    });
    stream.addEventListener("call", (event) => {
      heard();
      after = event.lastEventId;
      on.call(JSON.parse(event.data));
    });
    stream.addEventListener("error", () => {
      on.state("lost");
      // Refused rather than cut: the browser does not come back by itself, or the session is over.
      if (stream.readyState === EventSource.CLOSED) then(again, AGAIN_MS);
    });
  }

  function lost() {
    stream.close();
    on.state("lost");
    then(again, AGAIN_MS);
  }

  async function again() {
    try {
      await whoAmI();
    } catch {
      if (!isResting) then(again, AGAIN_MS);
      return;
    }
    if (!isResting) open();
  }

  function rest() {
    isResting = true;
    clearTimeout(next);
    stream.close();
    on.state("connecting");
  }

  function look() {
    clearTimeout(hiding);
    if (document.hidden) {
      hiding = setTimeout(rest, HIDDEN_MS);
    } else if (isResting) {
      isResting = false;
      open();
    }
  }

  document.addEventListener("visibilitychange", look);
  look();
  open();
}
