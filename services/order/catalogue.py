"""What the shop sells and at which price, in memory: each process keeps a copy.

The truth of the copy is the table that ProductChanged feeds. A process puts in what it copied
itself, looks for what its replicas copied every second, and looks up in the table what it does
not know, before it says that there is no such product.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from time import monotonic

from sqlmodel import col, func, select

from services.order.domain import Product
from services.order.tables import ProductRow
from shared.persistence.database import Database

# A row may become visible later than its time says; so each look goes back a little. It counts back
# from Postgres's own time, as rows are stamped by it; from the newest row, it would read for ever
# what was copied together with that one.
OVERLAP = timedelta(seconds=10)


class Catalogue:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._products: dict[str, Product] = {}
        self._looked_at: float | None = None

    def find(self, sku: str) -> Product | None:
        return self._products.get(sku)

    def put(self, product: Product) -> None:
        """Keep the later of two changes."""
        known = self._products.get(product.sku)
        if known is None or known.changed_at < product.changed_at:
            self._products[product.sku] = product

    async def refresh(self) -> None:
        """Take over what has been copied since the last look."""
        now = monotonic()
        query = select(ProductRow)
        if self._looked_at is not None:
            past = timedelta(seconds=now - self._looked_at) + OVERLAP
            query = query.where(col(ProductRow.copied_at) > func.now() - past)
        async with self._database.session() as session:
            self._take((await session.exec(query)).all())
        self._looked_at = now

    async def look_up(self, skus: Iterable[str]) -> None:
        """Take over these products from the table, as far as it has them."""
        query = select(ProductRow).where(col(ProductRow.sku).in_(list(skus)))
        async with self._database.session() as session:
            self._take((await session.exec(query)).all())

    def _take(self, rows: Sequence[ProductRow]) -> None:
        for row in rows:
            self.put(Product(row.sku, row.name, row.price_cents, row.currency, row.changed_at))
