"""What goes wrong in this process, and when: armed from outside, by a file and SIGUSR1.

Nothing is armed until then, so that a process that was killed comes back whole.
"""

import json
import os
import signal
from pathlib import Path

from shared.events import Event


class Switch:
    """Kills the process at the n-th passage of one point, leaving a marker beside `file`.

    Or has handlers fail, as by a bug, at all events of one customer.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._point: str | None = None
        self._left = 0
        self._customer: str | None = None

    def listen(self) -> None:
        signal.signal(signal.SIGUSR1, lambda _number, _frame: self._arm())

    def passed(self, point: str) -> None:
        """Note that a point is passed; at the last passage there is no return."""
        if point != self._point:
            return
        self._left -= 1
        if self._left <= 0:
            marker_of(self._file).write_text(f"{os.getpid()} {point}")
            os.kill(os.getpid(), signal.SIGKILL)

    def heard(self, event: Event) -> None:
        """Stumble over an event of that customer."""
        if self._customer is not None and getattr(event, "customer_id", "") == self._customer:
            raise ZeroDivisionError(f"a bug that {self._customer} meets")

    def _arm(self) -> None:
        order = json.loads(self._file.read_text())
        self._point, self._left = order.get("point"), order.get("passage", 0)
        self._customer = order.get("customer")


def marker_of(file: Path) -> Path:
    """Return the file that tells that a process died where it was told to."""
    return file.with_suffix(".fired")


def arm(file: Path, pid: int, *, point: str, passage: int) -> None:
    """Have the process die at that passage of that point, counted from now."""
    marker_of(file).unlink(missing_ok=True)
    _tell(file, pid, {"point": point, "passage": passage})


def plant(file: Path, pid: int, *, customer: str | None) -> None:
    """Have the process fail at this customer's events from now on; None: at nobody's."""
    _tell(file, pid, {"customer": customer})


def _tell(file: Path, pid: int, order: dict[str, str | int | None]) -> None:
    file.write_text(json.dumps(order))
    os.kill(pid, signal.SIGUSR1)
