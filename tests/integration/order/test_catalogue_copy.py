"""The copy of the catalogue that each process keeps in memory."""

from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from services.order.catalogue import OVERLAP, Catalogue
from services.order.tables import ProductRow
from shared.persistence.database import Database

COPIED = """
INSERT INTO catalogue (sku, name, price_cents, currency, changed_at, copied_at)
VALUES ($1, $1, $2, 'EUR', now(), now() - $3 * interval '1 s')
ON CONFLICT (sku) DO UPDATE SET price_cents = excluded.price_cents,
    changed_at = excluded.changed_at, copied_at = excluded.copied_at
"""
LATE_S = OVERLAP.total_seconds() / 2


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, application="test", pool_size=1)
    yield database
    await database.close()


class Counting(Catalogue):
    """Tells how many rows the last look read."""

    rows = 0

    def _take(self, rows: Sequence[ProductRow]) -> None:
        self.rows = len(rows)
        super()._take(rows)


async def test_what_another_replica_copied_is_taken_over_even_if_it_became_visible_late(
    database: Database, connection: asyncpg.Connection
) -> None:
    catalogue = Catalogue(database)
    await catalogue.refresh()
    await connection.execute(COPIED, "late-kettle", 990, LATE_S)
    assert catalogue.find("late-kettle") is None
    await catalogue.refresh()
    kettle = catalogue.find("late-kettle")
    assert kettle is not None
    assert kettle.price_cents == 990


async def test_what_was_copied_long_ago_is_read_once(
    database: Database, connection: asyncpg.Connection
) -> None:
    for number in range(20):
        await connection.execute(COPIED, f"old-{number}", 100, 0)
    await connection.execute("UPDATE catalogue SET copied_at = now() - interval '1 hour'")
    catalogue = Counting(database)
    await catalogue.refresh()
    assert catalogue.rows >= 20

    await catalogue.refresh()
    assert catalogue.rows == 0
    assert catalogue.find("old-19") is not None


async def test_a_look_that_failed_is_made_up_for(
    database: Database, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = Catalogue(database)
    await catalogue.refresh()
    await connection.execute(COPIED, "missed-kettle", 100, 2 * LATE_S + 5)
    # As if the last look that succeeded were a minute ago.
    monkeypatch.setattr(catalogue, "_looked_at", (catalogue._looked_at or 0) - 60)
    await catalogue.refresh()
    assert catalogue.find("missed-kettle") is not None
