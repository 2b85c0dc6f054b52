"""The payment provider's own ledger."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from audit.evidence import Evidence
from audit.reading.http import get
from audit.reading.progress import Progress
from audit.rows import Movement
from audit.scope import Scope

PAGE = 10_000


async def read(
    client: httpx.AsyncClient, evidence: Evidence, *, scope: Scope, progress: Progress
) -> None:
    seen = 0
    async for movements in pages(client):
        rows = (tuple(movement[name] for name in Movement._fields) for movement in movements)
        evidence.add(Movement, [row for row in rows if scope.holds_order(str(row[3]))])
        seen += len(movements)
        progress("ledger", seen, None)


async def pages(client: httpx.AsyncClient) -> AsyncIterator[list[Mapping[str, Any]]]:
    """Yield the movements in order.

    The contract knows no pages; the sandbox has them. A provider that gives everything at once
    is read at once.
    """
    after = 0
    while True:
        page = (await get(client, "/ledger", params={"after": after, "limit": PAGE}))["movements"]
        if page and after and _number(page[0]) <= after:
            return  # the beginning once more
        yield page
        if len(page) != PAGE or not _number(page[-1]):
            return
        after = _number(page[-1])


def _number(movement: Mapping[str, Any]) -> int:
    number = movement["movement_id"]
    return number if isinstance(number, int) else 0
