"""A caller who follows a script, for the flows: no Asterisk, no clock, time passes by frames."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm, PhraseId
from ivr.domain.call import AccountId, CallFacts, CallId, CallRequest, CallState, Purpose, TenantId
from ivr.domain.mode import Mode
from ivr.domain.prompt import Spoken
from ivr.ports import (
    CallerHungUpError,
    CallLostError,
    Frame,
    Heard,
    Key,
    KeysMissed,
    PortError,
    PromptEnded,
    ToldToStopError,
)

FRAME_SAMPLES = 160
LONGEST_S = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Says:
    """The caller makes a sound, int16 `[n]` at 8 kHz, whether or not a prompt plays."""

    pcm: Pcm


@dataclass(frozen=True, slots=True)
class Waits:
    """The caller is silent for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Listens:
    """The caller is silent until what is playing, or will be played next, has ended."""


@dataclass(frozen=True, slots=True)
class Presses:
    """The caller presses keys, one after another."""

    digits: str


@dataclass(frozen=True, slots=True)
class EventsCut:
    """What is pressed from here on is told to nobody."""


@dataclass(frozen=True, slots=True)
class EventsBack:
    """What is pressed is told again."""


@dataclass(frozen=True, slots=True)
class HangsUp:
    """The caller hangs up."""


@dataclass(frozen=True, slots=True)
class LosesMedia:
    """The media fails: nothing can be heard or played, but the caller can be released."""


@dataclass(frozen=True, slots=True)
class IsTold:
    """Whoever watches wants us to listen no more."""


Step = Says | Waits | Listens | Presses | EventsCut | EventsBack | HangsUp | LosesMedia | IsTold


def facts(
    purpose: Purpose = Purpose.VERIFY,
    *,
    account: str | None = "1001",
    number: str = "",
    locale: str = "en-US",
    call: str = "call-1",
    mode: Mode | None = None,
    phrase: PhraseId | None = None,
    group: str = "",
) -> CallFacts:
    """Return what is known of a call before a word is spoken."""
    claimed = AccountId(account) if account is not None else None
    request = CallRequest(purpose, TenantId("tenant"), claimed, locale, mode, phrase, group)
    return CallFacts(CallId(call), number, request)


class FakeCall:
    """`ivr.ports.Call` by script. After the script's end the caller is silent for ever.

    What the flow did stands in `answered`, `played`, `hushed`, `noted`, `released`, `tag_written`;
    `heard_s` is the time that passed, in seconds of frames.
    """

    def __init__(
        self,
        *script: Step,
        facts: CallFacts | None = None,
        prompt_s: float = 0.2,
        tag: UUID | None = None,
    ) -> None:
        """Take what the caller does; a prompt lasts `prompt_s`. `tag` is an earlier process's."""
        self.answered = False
        self.played: list[tuple[Spoken, ...]] = []
        self.hushed = 0
        self.noted: list[CallState] = []
        self.released: dict[str, str] | None = None
        self.tag_written = tag
        self.heard_s = 0.0
        self._facts = facts or _DEFAULT_FACTS
        self._script = deque(script)
        self._prompt_frames = max(1, round(prompt_s * TELEPHONE_RATE_HZ / FRAME_SAMPLES))
        self._playing = 0
        self._prompt_heard = False
        self._queue: deque[Heard] = deque()
        self._lost: PortError | None = None
        self._told: PortError | None = None
        self._gone = False
        self._deaf_to_keys = False
        self.meanwhile: Callable[[], None] | None = None
        """Something that happens elsewhere once a frame was heard."""
        self.impatient = np.empty(0, np.int16)
        """What the caller says while each answer is examined, int16 `[n]` at 8 kHz."""

    @property
    def facts(self) -> CallFacts:
        """See `ivr.ports.Call.facts`."""
        return self._facts

    async def answer(self) -> None:
        """See `ivr.ports.Call.answer`."""
        self._happen()
        self._check(media=True)
        self.answered = True

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """See `ivr.ports.Call.play`; an end of prompt that nobody asked for is forgotten."""
        self._happen()
        self._check(media=True)
        self.played.append(tuple(prompts))
        self._queue = deque(each for each in self._queue if not isinstance(each, PromptEnded))
        self._prompt_heard = False
        self._playing = self._prompt_frames if prompts else 0
        if not prompts:
            self._end_prompt()

    async def hush(self) -> None:
        """See `ivr.ports.Call.hush`; `hushed` counts those that had something to stop."""
        self._happen()
        self._check(media=True)
        if self._playing:
            self.hushed += 1
            self._playing = 0
            self._end_prompt()

    async def heard(self) -> Heard:
        """See `ivr.ports.Call.heard`."""
        while not self._queue:
            self._happen()
            self._check(media=True)
            if self._told is not None:
                raise self._told
            if not self._queue:
                self._pass_frame()
        return self._queue.popleft()

    def forget_keys(self) -> None:
        """See `ivr.ports.Call.forget_keys`."""
        keys = (Key, KeysMissed)
        self._queue = deque(each for each in self._queue if not isinstance(each, keys))

    def forget_frames(self) -> None:
        """See `ivr.ports.Call.forget_frames`."""
        self._queue = deque(each for each in self._queue if not isinstance(each, Frame))

    async def tag(self, record: UUID) -> None:
        """See `ivr.ports.Call.tag`."""
        self._happen()
        self._check()
        self.tag_written = record

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        self._check()
        return self.tag_written

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        self.noted.append(state)
        if state is CallState.CHECKING:
            said = self.impatient
            cut = range(0, len(said), FRAME_SAMPLES)
            self._queue.extend(Frame(said[at : at + FRAME_SAMPLES]) for at in cut)

    async def release(self, variables: Mapping[str, str]) -> None:
        """See `ivr.ports.Call.release`."""
        self._happen()
        self._check()
        self.released = dict(variables)

    def _happen(self) -> None:
        """Let what takes no time and is due in the script come about."""
        while self._script:
            match self._script[0]:
                case HangsUp():
                    self._gone = True
                case LosesMedia():
                    self._lost = CallLostError("the media socket closed")
                case IsTold():
                    self._told = ToldToStopError("told to listen no more")
                case EventsCut() | EventsBack() as step:
                    self._deaf_to_keys = isinstance(step, EventsCut)
                    self._queue.append(KeysMissed())
                case Presses() if self._deaf_to_keys:
                    pass
                case Presses(digits):
                    self._queue.extend(Key(digit) for digit in digits)
                case Listens() if self._prompt_heard:
                    self._prompt_heard = False
                case _:
                    return
            self._script.popleft()

    def _check(self, *, media: bool = False) -> None:
        if self._gone:
            raise CallerHungUpError("the caller hung up")
        if self.released is not None:
            raise CallLostError("the call was released")
        if media and self._lost is not None:
            raise self._lost

    def _pass_frame(self) -> None:
        """Let 20 ms pass: a frame of the script, then the prompt's end if it was its last."""
        self.heard_s += FRAME_SAMPLES / TELEPHONE_RATE_HZ
        assert self.heard_s < LONGEST_S, "the conversation does not end"
        if self.meanwhile is not None:
            self.meanwhile()
        self._queue.append(Frame(self._next_pcm()))
        if self._playing:
            self._playing -= 1
            if not self._playing:
                self._end_prompt()

    def _end_prompt(self) -> None:
        self._prompt_heard = True
        self._queue.append(PromptEnded())

    def _next_pcm(self) -> Pcm:
        match self._script[0] if self._script else None:
            case Says(pcm):
                self._script.popleft()
                if len(pcm) > FRAME_SAMPLES:
                    self._script.appendleft(Says(pcm[FRAME_SAMPLES:]))
                return np.concatenate((pcm, _SILENCE))[:FRAME_SAMPLES]
            case Waits(seconds):
                self._script.popleft()
                left = seconds - FRAME_SAMPLES / TELEPHONE_RATE_HZ
                if left > 1e-9:
                    self._script.appendleft(Waits(left))
            case _:
                pass
        return _SILENCE.copy()


_SILENCE = np.zeros(FRAME_SAMPLES, np.int16)
_DEFAULT_FACTS = facts()
