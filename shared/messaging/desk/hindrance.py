"""Why a letter is not replayed now. Pure."""

from shared.events.topology import SUBSCRIPTIONS
from shared.messaging.desk.letters import Filed, State

AGAIN = (State.HANDLED, State.DISCARDED)
"""States in which a replay has to be insisted on; the inbox sees to it that it has one effect."""


def hindrance(found: Filed, *, again: bool) -> str | None:
    """Return what speaks against a replay; None if nothing does."""
    letter = found.letter
    if not any(
        each.group == letter.group and each.subject == letter.subject for each in SUBSCRIPTIONS
    ):
        return f"cannot be replayed: {letter.group} hears no {letter.subject}"
    if found.state is State.OPEN or (again and found.state in AGAIN):
        return None
    return told(found)


def told(found: Filed) -> str:
    """Say what state a letter is in, and since when."""
    if not found.records:
        return "is open"
    last = found.records[-1]
    at = f"{last.at:%Y-%m-%d %H:%M:%S} UTC"
    match found.state:
        case State.HANDLED:
            return f"was replayed and handled already, {at}"
        case State.REPLAYING:
            return f"is on its way already: {last.who} replayed it, {at}"
        case State.DISCARDED:
            return f"was discarded by {last.who}, {at}: {last.note}"
        case State.FAILED_AGAIN:
            return f"was replayed, and failed again: it is dead letter {last.became} now"
        case State.OPEN:
            return "is open"
