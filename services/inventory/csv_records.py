"""CSV records with their line numbers, where a bad one costs nothing but its own line.

Python's reader lets an open quote swallow all that follows, and reads a line of any length into
memory. Here a record has a limit, and after a fault reading goes on at the next line.
"""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper

MAX_RECORD_CHARS = 4096


@dataclass(frozen=True, slots=True)
class Rejection:
    """A line that was left out, by its number in the file (the header is line 1)."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Record:
    """The fields that begin at a line; none for an empty one."""

    line: int
    fields: list[str]


def records(text: TextIOWrapper) -> Iterator[Record | Rejection]:
    """Read the records; `text` was opened with `newline=""`, as `csv` asks."""
    lines = _Lines(text)
    reader = csv.reader(lines, strict=True)
    while True:
        number = lines.begin()
        try:
            yield Record(number, next(reader))
        except StopIteration:
            return
        except csv.Error as fault:
            lines.retreat()
            yield Rejection(number, str(fault))


class _Lines:
    """The lines of a file; those after the first of a record can be had again."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._read = 0
        self._record: list[str] = []
        self._chars = 0
        self._again: deque[str] = deque()

    def begin(self) -> int:
        """Begin a record; return the number of its first line."""
        self._record.clear()
        self._chars = 0
        return self._read + 1

    def retreat(self) -> None:
        """Go back behind the first line of the record."""
        later = self._record[1:]
        self._again.extendleft(reversed(later))
        self._read -= len(later)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next_of_file()
        if not line:
            raise StopIteration
        self._read += 1
        self._record.append(line)
        self._chars += len(line)
        if self._chars > MAX_RECORD_CHARS:
            raise csv.Error(f"has over {MAX_RECORD_CHARS} characters: is a quote left open?")
        return line

    def _next_of_file(self) -> str:
        line = self._text.readline(MAX_RECORD_CHARS)
        if len(line) < MAX_RECORD_CHARS or line.endswith(("\n", "\r")):
            return line
        rest = line
        while rest and not rest.endswith(("\n", "\r")):
            rest = self._text.readline(MAX_RECORD_CHARS)
        return line + "\n"  # one character too many, whatever it was
