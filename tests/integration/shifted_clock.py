from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.clock import utc_now


@dataclass
class ShiftedClock:
    """Real time, that a test can put forward."""

    shift: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.shift

    def advance(self, by: timedelta) -> None:
        self.shift += by
