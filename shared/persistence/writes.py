"""Statements that go to Postgres together: one trip, where each would wait for the one before.

A trip costs both sides a wake-up, and at low rates wake-ups are most of what a commit costs
(docs/explanation/performance.md).
"""

import re
from collections.abc import Callable, Sequence
from functools import cache

import asyncpg

Row = Sequence[object]

_PARAMETER = re.compile(r"\$(\d+)")


class LostRace(Exception):
    """A row that was to be changed is not what was read: another replica was there meanwhile."""


class Writes:
    """What a group writes, gathered while it decides, and sent as one statement.

    Statements take one array a column: `INSERT … SELECT unnest($1::uuid[]), unnest($2::text[])`.
    In FROM, Postgres would first gather each array's elements as rows: 13 µs more an order.
    """

    def __init__(self, tx: asyncpg.Connection) -> None:
        self._tx = tx
        self._begin()

    def _begin(self) -> None:
        self._statements: list[str] = []
        self._guarded: list[bool] = []
        self._columns: list[Sequence[object]] = []
        self._changes = 0
        self._hearers: list[Callable[[int], None]] = []

    def add(self, statement: str, rows: Sequence[Row]) -> None:
        """Send these rows with the rest; without rows there is nothing to send.

        All that is added sees the tables as they were: no statement may count on another, and
        no row may be written by two.
        """
        self._add(statement, rows, guarded=False)

    def change(self, statement: str, rows: Sequence[Row]) -> None:
        """As `add`; an UPDATE that finds each of these rows as it was read, or all fails.

        So nobody has to lock what is read, and no rows are written for locks.
        """
        self._add(statement, rows, guarded=True)
        self._changes += len(rows)

    def when_sent(self, hear: Callable[[int], None]) -> None:
        """Call with the id of the transaction that wrote: the `xmin` of each row, from now on."""
        self._hearers.append(hear)

    def _add(self, statement: str, rows: Sequence[Row], *, guarded: bool) -> None:
        if rows:
            self._statements.append(statement)
            self._guarded.append(guarded)
            self._columns += zip(*rows, strict=True)

    async def at_once(self, statement: str, rows: Sequence[Row]) -> list[asyncpg.Record]:
        """Send these rows alone, where the order of locks counts or the answer is needed."""
        if not rows:
            return []
        answer: list[asyncpg.Record] = await self._tx.fetch(statement, *zip(*rows, strict=True))
        return answer

    async def send(self) -> None:
        """Send what was added. Raises LostRace; then nothing was written."""
        if not self._statements:
            return
        statement = _together(
            tuple(self._statements), tuple(self._guarded), is_told=bool(self._hearers)
        )
        expected = [self._changes] if self._changes else []
        try:
            transaction = await self._tx.fetchval(statement, *self._columns, *expected)
        except asyncpg.DivisionByZeroError as error:
            raise LostRace from error
        for hear in self._hearers:
            hear(transaction)
        self._begin()


@cache
def _together(statements: tuple[str, ...], guarded: tuple[bool, ...], *, is_told: bool) -> str:
    """Return the statements as one: Postgres runs each part of a WITH that writes, once.

    The last parameter is the number of rows that the guarded ones are to change. Where they have
    changed fewer, the statement divides by zero: so it fails as a whole, whatever is around it.
    It answers with its transaction's id if somebody is told.
    """
    parts = _renumbered(statements)
    answers = ["pg_current_xact_id()::xid"] if is_told else []
    changed = [number for number, is_guarded in enumerate(guarded) if is_guarded]
    if changed:
        for number in changed:
            parts[number] += " RETURNING 1"
        counts = " + ".join(f"(SELECT count(*) FROM w{number})" for number in changed)  # noqa: S608 - our numbers
        answers.append(f"1 / ({counts} = ${_parameters(statements) + 1})::int")
    last = f"SELECT {', '.join(answers)}" if answers else parts.pop()
    named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(parts))
    return f"WITH {named} {last}" if parts else last


def _renumbered(statements: tuple[str, ...]) -> list[str]:
    """Let each statement's parameters follow those of the one before."""
    used, parts = 0, []
    for statement in statements:
        parts.append(_PARAMETER.sub(lambda found: f"${int(found[1]) + used}", statement))  # noqa: B023 - used at once
        used += _last_parameter(statement)
    return parts


def _parameters(statements: tuple[str, ...]) -> int:
    return sum(map(_last_parameter, statements))


def _last_parameter(statement: str) -> int:
    return max(int(number) for number in _PARAMETER.findall(statement))
