import asyncpg
import pytest
from sqlalchemy import text

from shared.errors import DependencyDown
from shared.persistence.database import Database

HANG_UP = """
SELECT pg_terminate_backend(pid, 1000) FROM pg_stat_activity
WHERE usename = current_user AND pid <> pg_backend_pid() AND application_name = 'reader'
"""


async def test_the_first_read_after_an_outage_succeeds_however_late_it_comes(
    database_url: str,
) -> None:
    """Else each process would fail once for every outage, with 503, long after it is over."""
    database = Database(database_url, application="reader")
    await database.ping()
    server = await asyncpg.connect(database_url)
    hung_up = await server.fetch(HANG_UP)
    await server.close()

    async with database.session() as session:
        connection = await session.connection()
        assert (await connection.execute(text("SELECT 7"))).scalar_one() == 7

    assert len(hung_up) == 1
    await database.close()


async def test_a_database_that_is_away_is_a_dependency_down() -> None:
    database = Database("postgresql://nobody:x@127.0.0.1:1/nothing", application="reader")
    with pytest.raises(DependencyDown, match="postgres"):
        await database.ping()
    await database.close()
