"""Products, receipts and files on a real Postgres."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from services.inventory.catalogue import change_product, receive_goods
from services.inventory.catalogue_file import HeaderError
from services.inventory.domain import Description, ProductNotFound, Receipt, ReceiptConflict
from services.inventory.file_import import FileImport, FileTooLarge, ImportReport
from services.inventory.queries import list_products
from services.inventory.use_cases import Commits
from shared.clock import new_id
from shared.events import ProductChanged
from shared.persistence.database import Database
from tests.integration.inventory.warehouse import replica, stock, stock_up, unaccounted
from tests.unit.inventory.stories import MUG, NOON

HEADER = "sku,name,price_cents,currency,quantity\n"
LIMIT = 1 << 20


async def take_in(commits: Commits, text: str, *, limit: int = LIMIT) -> ImportReport:
    """Import a file that comes in small chunks."""

    async def chunks() -> AsyncIterator[bytes]:
        data = text.encode()
        for start in range(0, len(data), 1000):
            yield data[start : start + 1000]

    imports = FileImport(commits, max_bytes=limit)
    return await imports.run(chunks())


async def said(connection: asyncpg.Connection) -> list[tuple[str, int]]:
    """Return SKU and price of each change that was said, by its timestamp."""
    rows = await connection.fetch(
        "SELECT payload FROM outbox WHERE subject = 'inventory.product_changed'"
    )
    events = [ProductChanged.from_bytes(row["payload"]) for row in rows]
    return [(it.sku, it.price_cents) for it in sorted(events, key=lambda it: it.timestamp)]


async def test_a_file_makes_products_and_stock_and_says_them(
    database: Database, connection: asyncpg.Connection
) -> None:
    text = HEADER + "".join(f"S{n},Product {n},{n},EUR,{n % 5}\n" for n in range(1200))
    async with replica(database) as commits:
        report = await take_in(commits, text)
    assert (report.imported, report.repeated, report.rejected_count) == (1200, 0, 0)
    assert await stock(connection, "S1199") == (4, 0, 0)
    assert sorted(await said(connection)) == sorted((f"S{n}", n) for n in range(1200))
    assert await unaccounted(connection) == []


async def test_the_same_file_twice_changes_nothing(
    database: Database, connection: asyncpg.Connection
) -> None:
    text = HEADER + "mug,Mug,795,EUR,5\ncup,Cup,100,EUR,\nmug,Mug,895,EUR,2\n"
    async with replica(database) as commits:
        await take_in(commits, text)
        before = await connection.fetch("SELECT * FROM products ORDER BY sku")
        again = await take_in(commits, text)
    assert (again.imported, again.repeated) == (3, 3)
    assert await connection.fetch("SELECT * FROM products ORDER BY sku") == before
    assert await stock(connection, "mug") == (7, 0, 0)
    assert sorted(await said(connection)) == [("cup", 100), ("mug", 895)]


async def test_the_same_file_on_two_replicas_at_once_counts_once(
    database: Database, connection: asyncpg.Connection
) -> None:
    text = HEADER + "".join(f"S{n},Product {n},{n},EUR,3\n" for n in range(1200))
    async with replica(database) as one, replica(database) as other:
        reports = await asyncio.gather(take_in(one, text), take_in(other, text))
    assert sum(report.repeated for report in reports) == 1200
    assert await connection.fetchval("SELECT sum(received) FROM products") == 3600
    assert len(await said(connection)) == 1200
    assert await unaccounted(connection) == []


async def test_a_file_with_another_line_is_another_file(
    database: Database, connection: asyncpg.Connection
) -> None:
    text = HEADER + "mug,Mug,795,EUR,5\n"
    async with replica(database) as commits:
        await take_in(commits, text)
        await take_in(commits, text + "cup,Cup,100,EUR,1\n")
    assert await stock(connection, "mug") == (10, 0, 0)


async def test_bad_lines_are_told_and_the_good_ones_taken_in(
    database: Database, connection: asyncpg.Connection
) -> None:
    bad = "".join(f"B{n},,1,EUR,1\n" for n in range(1500))
    async with replica(database) as commits:
        report = await take_in(commits, HEADER + bad + "mug,Mug,795,EUR,5\n")
    assert (report.imported, report.rejected_count, len(report.rejected)) == (1, 1500, 1000)
    assert report.rejected[0].line == 2
    assert await stock(connection, "mug") == (5, 0, 0)


async def test_a_file_too_large_or_without_its_header_takes_nothing_in(
    database: Database, connection: asyncpg.Connection
) -> None:
    text = HEADER + "mug,Mug,795,EUR,5\n" * 100
    async with replica(database) as commits:
        with pytest.raises(FileTooLarge):
            await take_in(commits, text, limit=len(text) - 1)
        with pytest.raises(HeaderError):
            await take_in(commits, text.removeprefix("sku,"))
    assert await connection.fetchval("SELECT count(*) FROM products") == 0


async def test_a_reference_counts_once_whoever_comes_first(
    database: Database, connection: asyncpg.Connection
) -> None:
    receipt = Receipt("mug", "note 1", 5)
    async with replica(database) as one, replica(database) as other:
        await stock_up(one, mug=1)
        outcomes = await asyncio.gather(
            *(commits.run(receive_goods(receipt)) for commits in (one, other) * 5)
        )
    assert sum(outcome.is_new for outcome in outcomes) == 1
    assert {outcome.product.on_hand for outcome in outcomes} == {6}
    assert await stock(connection, "mug") == (6, 0, 0)


async def test_what_is_refused_leaves_its_neighbours_alone(
    database: Database, connection: asyncpg.Connection
) -> None:
    async with replica(database) as commits:
        await stock_up(commits, mug=1)
        outcomes = await asyncio.gather(
            commits.run(receive_goods(Receipt("mug", "note 1", 5))),
            commits.run(receive_goods(Receipt("ghost", "note 1", 5))),
            commits.run(receive_goods(Receipt("mug", "note 1", 6))),
            commits.run(receive_goods(Receipt("mug", "note 2", 1))),
            return_exceptions=True,
        )
    assert [type(outcome) for outcome in outcomes[1:3]] == [ProductNotFound, ReceiptConflict]
    assert await stock(connection, "mug") == (7, 0, 0)


async def test_of_a_product_made_twice_at_once_the_newest_event_says_what_is_stored(
    database: Database, connection: asyncpg.Connection
) -> None:
    descriptions = (Description("Mug", 100, "EUR"), Description("Mug", 200, "EUR"))
    async with replica(database) as one, replica(database) as other:
        for number in range(50):
            makings = [
                change_product(f"S{number}", described, at=NOON, new_id=new_id)
                for described in descriptions
            ]
            outcomes = await asyncio.gather(one.run(makings[0]), other.run(makings[1]))
            assert sum(outcome.is_new for outcome in outcomes) == 1
    changes = await said(connection)
    assert len(changes) == 100
    stored = await connection.fetch("SELECT sku, price_cents FROM products")
    # Of two changes the later one stays in the dictionary.
    assert dict(changes) == {row["sku"]: row["price_cents"] for row in stored}


async def test_products_come_page_by_page(database: Database) -> None:
    skus = ["A", "B", "Z", "a", "Ä"]  # by code point
    async with replica(database) as commits:
        for sku in reversed(skus):
            await commits.run(change_product(sku, MUG, at=NOON, new_id=new_id))
    assert [row.sku for row in await list_products(database, after="", limit=3)] == skus[:3]
    assert [row.sku for row in await list_products(database, after="Z", limit=3)] == skus[3:]
