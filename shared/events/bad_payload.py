"""Why some bytes are not the event that they should be."""

from pydantic import ValidationError
from pydantic_core import ErrorDetails

FAULTS_NAMED = 3
"""So many faults a reason names: it travels in a header, and an order has up to 2,000 items."""


class BadPayload(Exception):
    """The bytes are not this event, and never will be."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def reason_of(error: ValidationError) -> str:
    """Say in one short line what is wrong, the wrong type or version before all else."""
    faults = error.errors(include_url=False, include_context=False)
    # Of an unknown type or version nothing else is known either: its other faults mislead.
    decisive = [fault for fault in faults if fault["loc"] in {("event_type",), ("version",)}]
    named = [_describe(fault) for fault in (decisive or faults)[:FAULTS_NAMED]]
    more = len(decisive or faults) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _describe(fault: ErrorDetails) -> str:
    where = ".".join(str(part) for part in fault["loc"])
    given = fault["input"]
    # The input of a missing field is the whole object, and that of broken JSON the whole payload.
    shown = fault["loc"] and isinstance(given, str | int | float | bool | None)
    got = f" (got {given!a:.60})" if shown else ""
    # The message may quote the input, and a line break would end the header that it travels in.
    message = fault["msg"].encode("unicode_escape").decode("ascii")
    return f"{where}: {message}{got}" if where else message
