"""What goes wrong on purpose: faults of a campaign, and recipients that bring their own."""

from enum import StrEnum


class Trouble(StrEnum):
    CUT_AFTER_DATA = "cut_after_data"
    REJECT_4XX = "reject_4xx"
    REJECT_5XX = "reject_5xx"


class Recipients:
    """Refuses `…+bounce@…` always and `…+greylist@…` the first time each one is named."""

    def __init__(self) -> None:
        self._greylisted: set[str] = set()

    def refusal(self, address: str) -> bytes | None:
        local = address.partition("@")[0]
        if "+bounce" in local:
            return b"550 5.1.1 no such mailbox\r\n"
        if "+greylist" in local and address not in self._greylisted:
            self._greylisted.add(address)
            return b"450 4.2.0 greylisted, come again\r\n"
        return None
