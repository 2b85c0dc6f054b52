"""What the mailer takes: the envelope, and the mail as ready bytes."""

import re

from shared.errors import PermanentError
from shared.values import value

# What may stand between < and > of an SMTP command, and bare in a To header: nothing that ends
# either, nothing that separates two addresses, no space and no control character.
_LETTER = r'[^\s\x00-\x20\x7f-\x9f<>()\[\]\\,;:"@]'
_ADDRESS = re.compile(rf"{_LETTER}{{1,64}}@{_LETTER}{{1,255}}")


class BadAddress(PermanentError):
    def __init__(self, address: str) -> None:
        super().__init__(f"no mail can be sent to {address[:100]!r}")
        self.address = address


@value
class Letter:
    """A mail to one recipient. `content` has CRLF line ends and is not yet dot-stuffed."""

    sender: str
    recipient: str
    content: bytes


def checked(address: str) -> str:
    """Return the address if it can stand in a header and in an SMTP command.

    Raises:
        BadAddress: it cannot.
    """
    if _ADDRESS.fullmatch(address) is None:
        raise BadAddress(address)
    return address
