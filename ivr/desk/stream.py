"""Server-sent events: each a call as it is now, with a number to resume from.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from ivr.desk.hub import Hub
from ivr.desk.records import CallRecords
from ivr.domain.desk import Card, DeskUser

BEAT_S = 15.0
"""So often something is sent, that a connection which is gone is noticed by both ends."""
RETRY_MS = 1000
BEAT = b"event: beat\ndata: {}\n\n"
"""An event, as no script sees a comment."""
BEGIN = f"retry: {RETRY_MS}\n\n".encode()


def event(card: Card) -> bytes:
    """Return a call as an event; its body holds no line break, as PostgreSQL prints JSON."""
    return f"id: {card.number}\nevent: call\ndata: {card.body}\n\n".encode()


READY = b"event: ready\ndata: {}\n\n"
"""Says: what was before you came is told."""


def resume_after(reached: str | None) -> int:
    """Return the number that a screen has reached; 0, for everything, where it is none of ours."""
    text = reached or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


async def told(
    calls: CallRecords, hub: Hub, user: DeskUser, after: int
) -> AsyncGenerator[Card | None, None]:
    """Yield what a user may see: first what changed after a number, then None, then what changes.

    Nothing is missed in between, since watching begins first; nothing is told twice either.
    `FellBehindError`, `StoreUnavailableError`.
    """
    with hub.watching(user.tenant) as watcher:
        for card in await calls.cards(user.tenant, after, user.sees):
            after = card.number
            yield card
        yield None
        while True:
            card = await watcher.next()
            if card.number > after and card.shown_to(user):
                after = card.number
                yield card


async def with_beats(
    cards: AsyncIterator[Card | None], still: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[bytes, None]:
    """Yield what is to be sent, and a beat where nothing is; until `still` says no.

    It is asked every 15 s: who was signed out sees nothing more from then on.
    """
    loop = asyncio.get_running_loop()
    asked_at, waiting = loop.time(), asyncio.ensure_future(anext(cards))
    yield BEGIN
    try:
        while True:
            done, _ = await asyncio.wait({waiting}, timeout=BEAT_S)
            if loop.time() >= asked_at + BEAT_S:
                asked_at = loop.time()
                if not await still():
                    return
            if not done:
                yield BEAT
                continue
            card = waiting.result()
            yield READY if card is None else event(card)
            waiting = asyncio.ensure_future(anext(cards))
    finally:
        waiting.cancel()
        await asyncio.wait({waiting})
