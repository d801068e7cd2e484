"""Variables for a caller who has gone on in the dialplan: SHARED() ones of the caller's channel."""

from __future__ import annotations

from collections.abc import Mapping

NOTHING = dict.fromkeys(
    (
        "COUNTERSIGN_VERDICT",
        "COUNTERSIGN_ENROLLMENT",
        "COUNTERSIGN_REASON",
        "COUNTERSIGN_EXPLANATION",
        "COUNTERSIGN_PHRASE",
        "COUNTERSIGN_WARNINGS",
        "COUNTERSIGN_LLR",
        "COUNTERSIGN_CONFIDENCE",
        "COUNTERSIGN_ATTEMPTS",
        "COUNTERSIGN_PROFILE",
        "COUNTERSIGN_ID",
        "COUNTERSIGN_CLAIM_SOURCE",
        "COUNTERSIGN_CLAIM_ACCOUNT",
    ),
    "",
)
"""What `countersign-passive-result` takes, as long as nothing came of a passive call.

By the first two a dialplan knows that something did.
"""


def shared(caller: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return variables as shared ones of a channel.

    Whoever finds the verdict must find the rest: it is the first of them, and written last.
    """
    return {f"SHARED({name},{caller})": value for name, value in reversed([*variables.items()])}


def anew(caller: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the same, so that nothing of an earlier call is left standing.

    The dialplan clears them before it asks us for another call. Only then is the earlier one told
    to end, and it may have a verdict to write: about another account, perhaps.
    """
    return shared(caller, {**NOTHING, **variables})
