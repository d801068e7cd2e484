"""The diagram of a call's states, drawn from the table that the program obeys."""

from __future__ import annotations

from ivr.domain.call import TRANSITIONS


def call_states() -> str:
    """Return the transition table as a Mermaid state diagram."""
    steps = [
        f"    {before} --> {after}"
        for before, afters in TRANSITIONS.items()
        for after in sorted(afters)
    ]
    ends = [f"    {state} --> [*]" for state, afters in TRANSITIONS.items() if not afters]
    first = next(iter(TRANSITIONS))
    return "\n".join(["stateDiagram-v2", f"    [*] --> {first}", *steps, *ends])
