"""An append-only file of JSON lines: what was answered stands in it, also after a `kill -9`.

A line is with the kernel before `append` returns, so the end of the process loses nothing. There
is no fsync: a power cut is not among the faults that the sandbox plays.
"""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson


class StoreError(Exception):
    """The file cannot be used as it is: another process has it, or a line inside is broken."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a line lies in the file, in bytes, its newline left out."""

    offset: int
    length: int


class Journal:
    """One file, one process. Without a path it is a nameless file that ends with the process."""

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path) if path else "the nameless store"
        self._fd = _open(path)
        self._end = 0

    def load(self) -> Iterator[tuple[Place, Any]]:
        """Yield each line with its place, and cut off a last one that was torn by a crash.

        Read it to its end once, before the first `append`.
        """
        self._end = 0
        with os.fdopen(os.dup(self._fd), "rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.endswith(b"\n"):
                    break
                yield Place(self._end, len(line) - 1), self._decoded(line, number)
                self._end += len(line)
        os.ftruncate(self._fd, self._end)

    def append(self, line: bytes) -> Place:
        """Write one line. If that fails (a full disk), nothing of it stays behind."""
        data = line + b"\n"
        try:
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError:
            os.ftruncate(self._fd, self._end)
            raise
        place = Place(self._end, len(line))
        self._end += len(data)
        return place

    def read(self, place: Place) -> Any:
        return orjson.loads(os.pread(self._fd, place.length, place.offset))

    def close(self) -> None:
        os.close(self._fd)

    def _decoded(self, line: bytes, number: int) -> Any:
        try:
            return orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise StoreError(f"{self._name}: line {number} is broken: {error}") from error


def _open(path: Path | None) -> int:
    if path is None:
        with tempfile.TemporaryFile() as nameless:
            return os.dup(nameless.fileno())
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise StoreError(f"{path}: another process has it open") from error
    return fd
