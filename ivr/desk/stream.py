"""Server-sent events: each a call as it is now, with a number to resume from.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from ivr.desk.hub import Hub
from ivr.desk.records import CallRecords
from ivr.domain.desk import Card, DeskUser, Gone

BEAT_S = 15.0
"""So often something is sent, that a connection which is gone is noticed by both ends."""
RETRY_MS = 1000
BEAT = b"event: beat\ndata: {}\n\n"
"""An event, as no script sees a comment."""
BEGIN = f"retry: {RETRY_MS}\n\n".encode()


def event(change: Card | Gone) -> bytes:
    """Return a call as an event; its body holds no line break, as PostgreSQL prints JSON.

    Of one that is gone the id is told, to whoever watches the tenant: it says nothing else.
    """
    if isinstance(change, Gone):
        return f'event: gone\ndata: {{"id": "{change.verification}"}}\n\n'.encode()
    return f"id: {change.number}\nevent: call\ndata: {change.body}\n\n".encode()


READY = b"event: ready\ndata: {}\n\n"
"""Says: what was before you came is told."""


def resume_after(reached: str | None) -> int:
    """Return the number that a screen has reached; 0, for everything, where it is none of ours."""
    text = reached or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


async def told(
    calls: CallRecords, hub: Hub, user: DeskUser, after: int
) -> AsyncGenerator[Card | Gone | None, None]:
    """Yield what a user may see: first what changed after a number, then None, then what changes.

    What was gone before is not told: who begins anew with 0 is told of all that is there.
    Nothing is missed in between, since watching begins first; nothing is told twice either.
    `FellBehindError`, `StoreUnavailableError`.
    """
    with hub.watching(user.tenant) as watcher:
        for card in await calls.cards(user.tenant, after, user.sees):
            after = card.number
            yield card
        yield None
        while True:
            change = await watcher.next()
            if isinstance(change, Gone):
                yield change
            elif change.number > after and change.shown_to(user):
                after = change.number
                yield change


async def with_beats(
    cards: AsyncIterator[Card | Gone | None], still: Callable[[], Awaitable[bool]]
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
