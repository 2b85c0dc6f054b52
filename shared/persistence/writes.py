"""Statements that go to Postgres together: one trip, where each would wait for the one before.

A trip costs both sides a wake-up, and at low rates wake-ups are most of what a commit costs
(docs/explanation/performance.md).
"""

import re
from collections.abc import Sequence
from functools import cache

import asyncpg

Row = Sequence[object]

_PARAMETER = re.compile(r"\$(\d+)")


class Writes:
    """What a group writes, gathered while it decides, and sent before its COMMIT.

    Statements take one array a column: `INSERT … SELECT unnest($1::uuid[]), unnest($2::text[])`.
    In FROM, Postgres would first gather each array's elements as rows: 13 µs more an order.
    """

    def __init__(self, tx: asyncpg.Connection) -> None:
        self._tx = tx
        self._statements: list[str] = []
        self._columns: list[Sequence[object]] = []

    def add(self, statement: str, rows: Sequence[Row]) -> None:
        """Send these rows with the rest; without rows there is nothing to send.

        All that is added sees the tables as they were: no statement may count on another, and
        no row may be written by two.
        """
        if rows:
            self._statements.append(statement)
            self._columns += zip(*rows, strict=True)

    async def at_once(self, statement: str, rows: Sequence[Row]) -> list[asyncpg.Record]:
        """Send these rows alone, where the order of locks counts or the answer is needed."""
        if not rows:
            return []
        answer: list[asyncpg.Record] = await self._tx.fetch(statement, *zip(*rows, strict=True))
        return answer

    async def send(self) -> None:
        """Send what was added."""
        if self._statements:
            await self._tx.execute(_together(tuple(self._statements)), *self._columns)
        self._statements, self._columns = [], []


@cache
def _together(statements: tuple[str, ...]) -> str:
    """Return the statements as one: Postgres runs each part of a WITH that writes, once."""
    *parts, last = _renumbered(statements)
    if not parts:
        return last
    named = ", ".join(f"w{number} AS ({part})" for number, part in enumerate(parts))
    return f"WITH {named} {last}"


def _renumbered(statements: tuple[str, ...]) -> list[str]:
    """Let each statement's parameters follow those of the one before."""
    used, parts = 0, []
    for statement in statements:
        parts.append(_PARAMETER.sub(lambda found: f"${int(found[1]) + used}", statement))  # noqa: B023 - used at once
        used += max(int(number) for number in _PARAMETER.findall(statement))
    return parts
