"""Which letters are meant, and how many of each kind there are. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.messaging.desk.letters import Filed, State

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_AGE = re.compile(r"(\d+)([smhd])")


def parse_age(text: str) -> timedelta:
    """Read `90s`, `15m`, `2h`, `3d`; ValueError for anything else."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no age: write 90s, 15m, 2h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


@dataclass(frozen=True, slots=True)
class Selection:
    """What a letter must be like; None: whatever it is.

    Group and subject may be patterns as NATS has them (`orders.*`): the broker selects by them.
    """

    group: str | None = None
    subject: str | None = None
    error: str | None = None
    older: timedelta | None = None
    newer: timedelta | None = None
    state: State | None = None

    def takes(self, filed: Filed, now: datetime) -> bool:
        """Tell whether the letter is meant; its group and subject are right already."""
        age = now - filed.letter.failed_at
        return (
            (self.error is None or self.error.lower() in filed.letter.error.lower())
            and (self.older is None or age >= self.older)
            and (self.newer is None or age <= self.newer)
            and (self.state is None or filed.state is self.state)
        )


@dataclass(slots=True)
class Count:
    """How many letters of one kind there are; the times are of the failures."""

    group: str
    subject: str
    error_class: str
    oldest: datetime
    newest: datetime
    letters: int = 0
    open: int = 0


def count(letters: Iterable[Filed]) -> list[Count]:
    """Count by group, subject and class of error, in that order."""
    counts: dict[tuple[str, str, str], Count] = {}
    for filed in letters:
        letter = filed.letter
        key = (letter.group, letter.subject, letter.error_class)
        found = counts.setdefault(key, Count(*key, letter.failed_at, letter.failed_at))
        found.oldest = min(found.oldest, letter.failed_at)
        found.newest = max(found.newest, letter.failed_at)
        found.letters += 1
        found.open += filed.state is State.OPEN
    return [counts[key] for key in sorted(counts)]
