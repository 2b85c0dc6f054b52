"""Where the rows of orders lie: an update that stays within its page leaves the indexes alone."""

from uuid import UUID

from services.order.domain import Line, Order, Placed
from services.order.repository import Book, Needs, OrderRepository
from shared.clock import new_id, utc_now
from shared.persistence.database import Database, KeptConnection
from shared.persistence.writes import Writes

ORDERS = 200  # some dozens of pages
LINES = tuple(Line(f"SKU-{n}", f"A thing with a name of its own, {n}", n, 1250) for n in (1, 2, 3))
UPDATES = """
SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_xact_user_tables WHERE relname = 'orders'
"""


def fresh() -> Order:
    placed = Placed(
        customer_id="customer-1234",
        customer_email="customer-1234@example.com",
        items=LINES,
        total_cents=7500,
        currency="EUR",
        payment_method="card_ok",
        correlation_id=new_id(),
    )
    return Order.place(new_id(), placed, at=utc_now())


async def changed(kept: KeptConnection, order_ids: list[UUID], step: str) -> tuple[int, int]:
    """Take the step with each; this session's updates, and how many stayed within their page."""
    repository = OrderRepository()
    async with kept.transaction() as tx:
        book = await repository.load(tx, [Needs(order_id) for order_id in order_ids])
        for order in book.orders.values():
            if step == "reserve":
                order.note_reservation(new_id(), expires_at=utc_now(), at=utc_now())
            else:
                order.note_payment(new_id(), at=utc_now())
        writes = Writes(tx)
        await repository.save(writes, book)
        await writes.send()
        row = await tx.fetchrow(UPDATES)
    assert row is not None
    return row["n_tup_upd"], row["n_tup_hot_upd"]


async def test_both_changes_of_an_order_stay_within_its_page(database: Database) -> None:
    kept = KeptConnection(database.engine)
    orders = {order.order_id: order for order in (fresh() for _ in range(ORDERS))}
    async with kept.transaction() as tx:
        writes = Writes(tx)
        await OrderRepository().save(writes, Book(orders))
        await writes.send()

    for step in ("reserve", "confirm"):
        updates, hot = await changed(kept, list(orders), step)
        assert updates >= ORDERS, step
        assert hot == updates, step
    await kept.close()
