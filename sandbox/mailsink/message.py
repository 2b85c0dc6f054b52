"""What stands in a mail: parsed only when somebody asks over HTTP."""

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message as Mime
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property
from html import unescape
from typing import NamedTuple

from sandbox.mailsink.mailbox import Mail
from sandbox.mailsink.mime import parsed

_BARE_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")
_TAG = re.compile(r"(?is)<(style|script|head)\b.*?</\1>|<[^>]*>")


class Message:
    """A mail's headers, decoded, and its parts."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self._mime = parsed(mail.raw)

    def header(self, name: str) -> str:
        return _decoded(self._mime.get(name, ""))

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """Return (display name, address) pairs."""
        lines = self._mime.get_all(name, [])
        if len(lines) == 1 and _BARE_ADDRESS.fullmatch(lines[0]):
            return [("", lines[0])]
        found = getaddresses(lines) if lines else []
        return [(_decoded(shown), address) for shown, address in found if address]

    @property
    def message_id(self) -> str:
        return self.header("Message-ID").strip("<>")

    @property
    def date(self) -> str:
        """Return the mail's own date, or when it came."""
        try:
            return parsedate_to_datetime(self.header("Date")).isoformat()
        except ValueError:
            return self.mail.received

    @cached_property
    def text(self) -> str:
        return self._body("text/plain")

    @cached_property
    def html(self) -> str:
        return self._body("text/html")

    @property
    def snippet(self) -> str:
        """Return the first 200 characters that a reader would see."""
        seen = unescape(_TAG.sub(" ", self.html)) if self.html else self.text
        words = " ".join(seen.split())
        return words if len(words) <= 200 else f"{words[:200]}..."

    def attachments(self) -> list[Mime]:
        return [leaf.part for leaf in self._leaves if leaf.file_name]

    @cached_property
    def _leaves(self) -> list["_Leaf"]:
        parts = (part for part in self._mime.walk() if not part.is_multipart())
        return [_Leaf(part, part.get_content_type(), part.get_filename()) for part in parts]

    def _body(self, content_type: str) -> str:
        for leaf in self._leaves:
            if leaf.content_type == content_type and not leaf.file_name:
                return _text(leaf.part)
        return ""


class _Leaf(NamedTuple):
    part: Mime
    content_type: str
    file_name: str | None


def _decoded(value: str) -> str:
    if "=?" not in value:
        return value
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, UnicodeError):
        return value


def _text(part: Mime) -> str:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)  # noqa: S101 — a leaf's decoded payload is bytes
    try:
        return data.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:
        return data.decode(errors="replace")
