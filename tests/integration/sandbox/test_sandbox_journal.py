"""The append-only file, where a process from outside cannot show it."""

import errno
import os
from pathlib import Path

import pytest

from sandbox.journal import Journal


def test_lines_are_found_where_they_were_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "store")
    assert list(journal.load()) == []
    places = [journal.append(b'{"n":%d}' % number) for number in range(3)]
    journal.close()
    again = Journal(tmp_path / "store")
    assert list(again.load()) == [(place, {"n": n}) for n, place in enumerate(places)]
    assert again.read(places[1]) == {"n": 1}
    again.close()


def test_a_write_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "store")
    journal.append(b"[1]")
    write, calls = os.write, iter((2, None))

    def full_disk(fd: int, data: bytes) -> int:
        room = next(calls)
        if room is None:
            raise OSError(errno.ENOSPC, "no room")
        return write(fd, data[:room])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_disk)
        with pytest.raises(OSError, match="no room"):
            journal.append(b"[2, 2]")
    place = journal.append(b"[3]")
    assert (tmp_path / "store").read_bytes() == b"[1]\n[3]\n"
    assert journal.read(place) == [3]
    journal.close()


def test_without_a_path_it_ends_with_the_process() -> None:
    journal = Journal()
    place = journal.append(b"[1]")
    assert journal.read(place) == [1]
    journal.close()
