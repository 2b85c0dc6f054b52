"""Telling whoever waits how far the reading is."""

from collections.abc import Callable

Progress = Callable[[str, int, int | None], None]
"""Called with what is read, how much was, and how much there is (None: unknown)."""


def silent(_what: str, _read: int, _total: int | None) -> None:
    """Say nothing."""
