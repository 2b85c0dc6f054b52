"""The headers of dead letters and of the desk's records: each name once."""

import base64
from collections.abc import Mapping

from nats.js.api import RawStreamMsg

MESSAGE_ID = "Nats-Msg-Id"
TRACE = "traceparent"

# Of a dead letter (the contract's), and of what comes from one.
ORIGINAL_SUBJECT = "Original-Subject"
ORIGINAL_ID = "Original-Msg-Id"
STREAM_SEQUENCE = "Stream-Sequence"
GROUP = "Group"
DELIVERIES = "Deliveries"
ERROR = "Error"
FAILED_AT = "Failed-At"
REPLAY_OF = "Replay-Of"  # the letter that was replayed, and failed again as this one

# Of the desk's records.
WHO = "Who"
NOTE = "Note"
CHANGED = "Changed"
LETTER_ID = "Letter-Id"
BECAME = "Became"

LINE_CHARACTERS = 1000

Headers = Mapping[str, str]


def one_line(text: str) -> str:
    """Return text that fits a header: no line breaks, not too long."""
    return " ".join(text.split())[:LINE_CHARACTERS]


def headers_of(message: RawStreamMsg) -> dict[str, str]:
    """Read a stored message's headers; nats-py's own reading of them is not made for UTF-8."""
    raw = base64.b64decode(message.hdrs or b"").decode(errors="replace")
    named = (line.partition(":") for line in raw.split("\r\n")[1:] if line)
    return {name: value.strip() for name, _, value in named}
