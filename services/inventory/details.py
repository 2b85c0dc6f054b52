"""What a SKU, a name, a price and a reference may look like; the same for HTTP and for files.

Each check returns its value or raises ValueError with what is asked for.
"""

import re

MAX_PRICE_CENTS = 10**9
MAX_QUANTITY = 10**9

_CURRENCY = re.compile(r"[A-Z]{3}")
# Control characters, line and paragraph separators, and bytes that were no UTF-8.
_UNWRITABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DIGITS = re.compile(r"[0-9]{1,10}")


def checked_sku(text: str) -> str:
    """Return the SKU: 1 to 64 characters, no slash, no space at its ends."""
    if "/" in text:
        raise ValueError("must not contain a slash")
    return _label(text, longest=64)


def checked_name(text: str) -> str:
    """Return the name: 1 to 200 characters, no space at its ends."""
    return _label(text, longest=200)


def checked_reference(text: str) -> str:
    """Return the receipt's reference: 1 to 128 characters, no space at its ends."""
    return _label(text, longest=128)


def checked_currency(text: str) -> str:
    """Return the currency: three capitals, as ISO 4217 has them."""
    if not _CURRENCY.fullmatch(text):
        raise ValueError("must be three capital letters, like EUR")
    return text


def whole_number(text: str, *, limit: int) -> int:
    """Return the number that a file's field states, from 0 to `limit`."""
    if not _DIGITS.fullmatch(text) or int(text) > limit:
        raise ValueError(f"must be a whole number from 0 to {limit}")
    return int(text)


def _label(text: str, *, longest: int) -> str:
    if not 1 <= len(text) <= longest:
        raise ValueError(f"must have 1 to {longest} characters")
    if _UNWRITABLE.search(text):
        raise ValueError("must be text without control characters")
    if text != text.strip():
        raise ValueError("must not begin or end with a space")
    return text
