"""Variables for a caller who has gone on in the dialplan: SHARED() ones of the caller's channel."""

from __future__ import annotations

from collections.abc import Mapping

NO_VERDICT = {"COUNTERSIGN_VERDICT": "", "COUNTERSIGN_ENROLLMENT": ""}
"""By these a dialplan knows that something came of a passive call."""


def shared(caller: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables as shared ones of a channel.

    Whoever finds the verdict must find the rest: it is the first of them, and written last.
    """
    return {f"SHARED({name},{caller})": value for name, value in reversed([*variables.items()])}


def anew(caller: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the same, so that no earlier call's verdict is left standing.

    The dialplan clears them before it asks us for another call. Only then is the earlier one told
    to end, and it may have a verdict to write: about another account, perhaps.
    """
    return shared(caller, {**NO_VERDICT, **variables})
