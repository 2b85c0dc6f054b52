"""The parts' logs: found by name, read from their ends, followed."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TextIO

from shopctl.errors import UnknownNameError
from shopctl.run_dir import RunDir

FOLLOW_EVERY_S = 0.2

Tell = Callable[[str, str], None]  # the log's name, one line


def of(run_dir: RunDir, name: str) -> list[Path]:
    """The log of that name, or those of all its replicas; also of a stack that is down again."""
    log = run_dir.log(name)
    found = [log] if log.exists() else sorted(run_dir.logs.glob(f"{name}-*.log"))
    if not found:
        raise UnknownNameError(name, sorted(path.stem for path in run_dir.logs.glob("*.log")))
    return found


def show_ends(logs: Sequence[Path], *, lines: int, tell: Tell) -> None:
    for log in logs:
        with log.open(errors="replace") as file:
            _tell_all(deque(file, maxlen=lines), log, tell)


def follow(logs: Sequence[Path], *, lines: int, tell: Tell) -> None:
    """Their ends, then what comes, without end."""
    files = [(log, log.open(errors="replace")) for log in logs]
    for log, file in files:
        _tell_all(deque(file, maxlen=lines), log, tell)
    while True:
        for log, file in files:
            _tell_all(_whole_lines(file), log, tell)
        time.sleep(FOLLOW_EVERY_S)


def _tell_all(lines: Iterable[str], log: Path, tell: Tell) -> None:
    for line in lines:
        tell(log.stem, line.rstrip("\n"))


def _whole_lines(file: TextIO) -> list[str]:
    """What was written since; a line that is only half there waits for its other half."""
    lines: list[str] = []
    while True:
        before = file.tell()
        line = file.readline()
        if not line.endswith("\n"):
            file.seek(before)
            return lines
        lines.append(line)
