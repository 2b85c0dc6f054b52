"""What can go wrong with the local stack; each says what to do about it.

ShopctlError
├── BadPlanError       what is asked for cannot be
├── UnknownNameError   no such part
├── NotUpError         nothing is up in this run directory
├── AlreadyUpError     it is up, as asked
├── OtherPlanError     it is up, but not as asked, or in part
├── BusyError          another shopctl is at work on it
└── PartError          a process or a step did not do what it should
"""

from collections.abc import Iterable
from pathlib import Path

TAIL_BYTES = 8192
TAIL_LINES = 20


class ShopctlError(Exception):
    """Its text is meant for the operator."""


class BadPlanError(ShopctlError):
    pass


class UnknownNameError(ShopctlError):
    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        super().__init__(f"no part is called {name!r}; there are: {', '.join(known)}")


class NotUpError(ShopctlError):
    def __init__(self, run_dir: Path) -> None:
        super().__init__(f"nothing is up in {run_dir}")


class BusyError(ShopctlError):
    def __init__(self, run_dir: Path) -> None:
        super().__init__(f"another shopctl is still at work on {run_dir}")


class AlreadyUpError(ShopctlError):
    pass


class OtherPlanError(ShopctlError):
    pass


class PartError(ShopctlError):
    """A process ended before it was ready, was not ready in time, or a step failed."""

    def __init__(self, name: str, reason: str, *, log: Path, since_byte: int = 0) -> None:
        self.name = name
        self.log = log
        self.said = _tail(log, since_byte=since_byte)
        super().__init__(f"{name}: {reason}")


def _tail(log: Path, *, since_byte: int) -> str:
    """The log's last lines, but nothing from before `since_byte`."""
    if not log.exists():
        return ""
    with log.open("rb") as lines:
        lines.seek(max(since_byte, log.stat().st_size - TAIL_BYTES))
        said = lines.read().decode(errors="replace").rstrip()
    return "\n".join(said.splitlines()[-TAIL_LINES:])
