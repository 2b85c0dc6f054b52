"""The sales of a file, gathered on disk: memory stays the same however long the file is.

A sale is one invoice with all its lines, wherever they stand; sales come out in the order of
their first lines. The catalogue that they need is summed up on the way.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import NamedTuple, Self
from uuid import UUID

from shopctl.catalogue_file import Product
from shopctl.replay.online_retail import SaleLine

SCHEMA = """
CREATE TABLE sales (
    seq INTEGER PRIMARY KEY, invoice TEXT NOT NULL UNIQUE, line INTEGER NOT NULL,
    customer TEXT NOT NULL, lines INTEGER NOT NULL, total_cents INTEGER NOT NULL
);
CREATE TABLE lines (
    seq INTEGER, line INTEGER, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
    price_cents INTEGER NOT NULL, PRIMARY KEY (seq, line)
) WITHOUT ROWID;
CREATE TABLE products (
    sku TEXT PRIMARY KEY, name TEXT NOT NULL, price_cents INTEGER NOT NULL,
    quantity INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE placed (order_id BLOB PRIMARY KEY, seq INTEGER NOT NULL) WITHOUT ROWID;
"""
ADD_TO_SALE = """
INSERT INTO sales (invoice, line, customer, lines, total_cents) VALUES (?, ?, ?, 1, ?)
ON CONFLICT (invoice) DO UPDATE SET lines = lines + 1, total_cents = total_cents + ?4
"""
ADD_LINE = "INSERT INTO lines SELECT seq, ?, ?, ?, ? FROM sales WHERE invoice = ?"
# The last price and the last name of a product hold; a missing name says nothing.
ADD_TO_CATALOGUE = """
INSERT INTO products VALUES (?, ?, ?, ?) ON CONFLICT (sku) DO UPDATE SET
    name = CASE excluded.name WHEN '' THEN name ELSE excluded.name END,
    price_cents = excluded.price_cents, quantity = quantity + excluded.quantity
"""
SALES = "SELECT seq, invoice, line, customer, lines, total_cents FROM sales ORDER BY seq LIMIT ?"
ITEMS = "SELECT sku, quantity, price_cents FROM lines WHERE seq = ? ORDER BY line"
PRODUCTS = "SELECT sku, name, price_cents, quantity FROM products ORDER BY sku"
TOTALS = """
SELECT count(*), coalesce(sum(lines), 0), coalesce(sum(total_cents), 0)
FROM (SELECT * FROM sales ORDER BY seq LIMIT ?)
"""
INVOICE_OF_ORDER = "SELECT invoice, line FROM placed JOIN sales USING (seq) WHERE order_id = ?"
NO_LIMIT = -1


@dataclass(frozen=True, slots=True)
class Sale:
    seq: int
    invoice: str
    line: int  # its first in the file
    customer: str
    lines: int
    total_cents: int


class SaleItem(NamedTuple):
    sku: str
    quantity: int
    price_cents: int


class Totals(NamedTuple):
    sales: int
    lines: int
    cents: int


class Spool:
    def __init__(self) -> None:
        # Without a name it is a file of SQLite's own, kept in memory while small, gone at the end.
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.executescript(SCHEMA)
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.execute("BEGIN")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._db.close()

    def add(self, line: SaleLine) -> None:
        cents = line.price_cents
        total = line.quantity * cents
        self._db.execute(ADD_TO_SALE, (line.invoice, line.line, line.customer, total))
        self._db.execute(ADD_LINE, (line.line, line.sku, line.quantity, cents, line.invoice))
        self._db.execute(ADD_TO_CATALOGUE, (line.sku, line.name, cents, line.quantity))

    def sales(self, limit: int | None) -> Iterator[Sale]:
        """The first sales, or all."""
        for row in self._db.execute(SALES, (_limit(limit),)):
            yield Sale(*row)

    def items(self, sale: Sale) -> list[SaleItem]:
        return [SaleItem(*row) for row in self._db.execute(ITEMS, (sale.seq,))]

    def products(self) -> Iterator[Product]:
        """Each at its last price, with the stock that all its sales need."""
        for row in self._db.execute(PRODUCTS):
            yield Product(*row)

    def totals(self, limit: int | None = None) -> Totals:
        return Totals(*self._db.execute(TOTALS, (_limit(limit),)).fetchone())

    def note_order(self, order_id: UUID, sale: Sale) -> None:
        self._db.execute("INSERT OR IGNORE INTO placed VALUES (?, ?)", (order_id.bytes, sale.seq))

    def sale_of(self, order_id: UUID) -> tuple[str, int] | None:
        """The invoice and its first line; None for an order that is not ours."""
        found = self._db.execute(INVOICE_OF_ORDER, (order_id.bytes,)).fetchone()
        return tuple(found) if found else None


def _limit(limit: int | None) -> int:
    return NO_LIMIT if limit is None else limit
