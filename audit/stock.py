"""I4, and I10's stock: what lies where, and for whom."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from audit.evidence import Evidence
from audit.violations import Invariant, Violation, of_order

# A SKU's counts, beside what its receipts, the open orders' reservations and the sales add up to.
COUNTS = """
SELECT sku, s.sku IS NOT NULL, coalesce(s.on_hand, 0), coalesce(s.reserved, 0),
    coalesce(s.sold, 0), coalesce(s.received, 0),
    coalesce(r.quantity, 0), coalesce(h.quantity, 0), coalesce(b.quantity, 0)
FROM (SELECT sku FROM shelves UNION SELECT sku FROM received UNION SELECT sku FROM bought
      UNION SELECT sku FROM held)
LEFT JOIN shelves AS s USING (sku)
LEFT JOIN received AS r USING (sku)
LEFT JOIN bought AS b USING (sku)
LEFT JOIN (
    SELECT sku, sum(quantity) AS quantity FROM held
    WHERE order_id IN (SELECT order_id FROM unfinished) GROUP BY sku
) AS h USING (sku)
"""

# What inventory answers over HTTP, where it is not what its table says.
ANSWERS = """
SELECT sku, l.on_hand, l.reserved, l.sold, l.received, l.available,
    s.on_hand, s.reserved, s.sold, s.received
FROM listed AS l LEFT JOIN shelves AS s USING (sku)
WHERE (l.on_hand, l.reserved, l.sold, l.received, l.available)
    IS NOT (s.on_hand, s.reserved, s.sold, s.received, s.on_hand)
    OR min(l.on_hand, l.reserved, l.sold, l.received, l.available) < 0
"""

# An order that stands has its goods.
UNSOLD = """
SELECT o.order_id, o.status, coalesce(r.state, 'neither held nor sold')
FROM orders AS o LEFT JOIN reservations AS r USING (order_id)
WHERE o.status IN ('CONFIRMED', 'SHIPPED') AND r.state IS NOT 'SOLD'
"""

# One that was cancelled has none.
HOARDED = """
SELECT r.order_id, r.state FROM reservations AS r JOIN orders AS o USING (order_id)
WHERE o.status = 'CANCELLED'
"""

# And what no order stands for is held by nobody.
STRANGERS = """
SELECT order_id, state FROM reservations
WHERE order_id NOT IN (SELECT order_id FROM orders)
"""


class Counts(NamedTuple):
    """A SKU's stock, and what it should be by the receipts and the orders."""

    sku: str
    known: int
    on_hand: int
    reserved: int
    sold: int
    received: int
    by_receipts: int
    by_open_orders: int
    by_sales: int


def violations(evidence: Evidence) -> Iterator[Violation]:
    yield from judge(Counts(*row) for row in evidence.select(COUNTS))
    yield from _answers(evidence)
    for order_id, status, state in evidence.select(UNSOLD):
        expected = f"its goods are SOLD (it is {status})"
        yield of_order(Invariant.I4, order_id, expected=expected, found=state)
    for order_id, state in evidence.select(HOARDED):
        found = f"its reservation is {state}"
        yield of_order(Invariant.I10, order_id, expected="no live reservation", found=found)
    for order_id, state in evidence.select(STRANGERS):
        found = f"a reservation that is {state}"
        yield of_order(Invariant.I4, order_id, expected="no such order, no stock", found=found)


def judge(counts: Iterable[Counts]) -> Iterator[Violation]:
    for it in counts:
        if not it.known:
            found = f"received {it.by_receipts}, sold {it.by_sales}"
            yield _of_sku(it.sku, expected="a product of the catalogue", found=found)
            continue
        places = f"{it.on_hand} on hand + {it.reserved} reserved + {it.sold} sold"
        if min(it.on_hand, it.reserved, it.sold) < 0:
            yield _of_sku(it.sku, expected="nothing below 0", found=places)
        if it.received != it.on_hand + it.reserved + it.sold:
            yield _of_sku(it.sku, expected=f"received {it.received}", found=places)
        if it.received != it.by_receipts:
            expected = f"received {it.by_receipts}, the sum of its receipts"
            yield _of_sku(it.sku, expected=expected, found=f"received {it.received}")
        if it.reserved != it.by_open_orders:
            expected = f"reserved {it.by_open_orders}, by the open orders"
            yield _of_sku(it.sku, expected=expected, found=f"reserved {it.reserved}")
        if it.sold != it.by_sales:
            expected = f"sold {it.by_sales}, by the orders that stand"
            yield _of_sku(it.sku, expected=expected, found=f"sold {it.sold}")


def _answers(evidence: Evidence) -> Iterator[Violation]:
    names = ("on hand", "reserved", "sold", "received", "available")
    for sku, *figures in evidence.select(ANSWERS):
        answered, stored = figures[:5], [*figures[5:], figures[5]]
        yield _of_sku(
            sku,
            expected=", ".join(f"{n} {v}" for n, v in zip(names, stored, strict=True)),
            found=", ".join(f"{n} {v}" for n, v in zip(names, answered, strict=True)) + " by HTTP",
        )


def _of_sku(sku: str, *, expected: str, found: str) -> Violation:
    return Violation(Invariant.I4, "sku", sku, expected, found)
