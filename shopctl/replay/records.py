"""CSV records with their line numbers; a broken one costs its own line, and no other.

Python's reader lets an open quote swallow all that follows, and reads a line of any length into
memory. Here a record has limits, and after a fault reading goes on at the next line.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

MAX_LINE_CHARS = 16_384
MAX_RECORD_LINES = 20  # a quoted field may hold line breaks


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of a record, and the number of its first line, from 1."""

    line: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no record of the header's width."""

    line: int
    reason: str


def records(text: TextIO) -> Iterator[Record | Broken]:
    """Reads the records but empty lines; the first, the header, tells how many fields each has.

    `text` was opened as latin-1, which takes any byte, and with `newline=""`. A line that is
    UTF-8 is read as such, so that a file may mix both.
    """
    ahead: deque[str] = deque()  # read for a record that turned out broken
    number, width = 1, None
    while line := ahead.popleft() if ahead else _line(text):
        taken = [line]
        found = _parsed(taken, text, ahead, width)
        if isinstance(found, str):
            ahead.extendleft(reversed(taken[1:]))
            yield Broken(number, found)
            number += 1
            continue
        if found:
            width = width or len(found)
            yield Record(number, found)
        number += len(taken)


def _parsed(
    taken: list[str], text: TextIO, ahead: deque[str], width: int | None
) -> list[str] | str:
    """The fields of the record that begins with the line in `taken`, or what is wrong with it.

    Further lines that it needed are added to `taken`.
    """
    try:
        fields = next(csv.reader(_lines_of_record(taken, text, ahead), strict=True))
    except csv.Error as fault:
        return "a quote is left open" if "end of data" in str(fault) else str(fault)
    if fields and width is not None and len(fields) != width:
        return f"has {len(fields)} fields, the header has {width}"
    return fields


def _lines_of_record(taken: list[str], text: TextIO, ahead: deque[str]) -> Iterator[str]:
    line = taken[0]
    while line:
        if len(line) > MAX_LINE_CHARS:
            raise csv.Error(f"has over {MAX_LINE_CHARS:,} characters")
        yield line
        if len(taken) == MAX_RECORD_LINES:
            return
        line = ahead.popleft() if ahead else _line(text)
        if line:
            taken.append(line)


def _line(text: TextIO) -> str:
    """The next line, "" at the end; of one that is too long its beginning, without a line end."""
    line = text.readline(MAX_LINE_CHARS + 1)
    if len(line) > MAX_LINE_CHARS:
        rest = line
        while rest and not rest.endswith(("\n", "\r")):
            rest = text.readline(MAX_LINE_CHARS)
    return line if line.isascii() else _as_utf8(line)


def _as_utf8(line: str) -> str:
    try:
        return line.encode("latin-1").decode()
    except UnicodeDecodeError:
        return line
