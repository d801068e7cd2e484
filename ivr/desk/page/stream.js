// The stream of calls, for ever: made anew where its connection is dead.

import { whoAmI } from "./top.js";

// The server sends something every 15 s, a beat where there is nothing else.
const SILENT_MS = 40_000;
const AGAIN_MS = 2000;

// `on` takes each call, is told when all that were before are told, and of the states live and lost.
export function listen(on) {
  let stream;
  let after = "0";
  let next;
  const then = (work, ms) => {
    clearTimeout(next);
    next = setTimeout(work, ms);
  };
  const heard = () => then(lost, SILENT_MS);

  function open() {
    heard();
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
      then(again, AGAIN_MS);
      return;
    }
    open();
  }

  open();
}
