"""A session that chains its transactions is no secret to autovacuum."""

import pytest

from shared.persistence import database as module
from shared.persistence.database import ChainedConnection, Database
from tests.eventually import eventually
from tests.integration.shared.shop_floor import Floor

WRITE = "INSERT INTO counters VALUES ('ada', 1) ON CONFLICT (name) DO UPDATE SET value = 2"
COUNTED = "SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'counters'"


async def test_what_was_changed_is_counted_while_the_session_goes_on(
    floor: Floor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COUNTS_EVERY_S", 0.0)
    kept = ChainedConnection(database.engine)
    async with kept.transaction() as tx:
        await tx.execute(WRITE)

    async def counted() -> int:
        async with kept.transaction():
            return int((await floor.sql(COUNTED))[0][0])

    await eventually(counted, 1)
    await kept.close()
