// The stream of calls: made anew where its connection is dead, and closed while nobody looks.

import { whoAmI } from "./top.js";

// The server sends something every 15 s, a beat where there is nothing else.
const SILENT_MS = 40_000;
const AGAIN_MS = 2000;
// Over HTTP/1.1 a browser has six connections to a server, and each stream holds one.
const HIDDEN_MS = 60_000;

// `on` takes each call and each that is gone. It is told when a stream begins, when it has told all
// that there are, and of its connection's states. A stream that is made anew begins anew: which
// calls went meanwhile is known by those that it does not tell of.
export function listen(on) {
  let stream;
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
    on.begin();
    stream = new EventSource("/api/events");
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
      on.call(JSON.parse(event.data));
    });
    stream.addEventListener("gone", (event) => {
      heard();
      on.gone(JSON.parse(event.data).id);
    });
    stream.addEventListener("error", lost);
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
