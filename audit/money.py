"""I3, and I10's money: what the provider's ledger says of each order."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from audit.evidence import Evidence
from audit.violations import Invariant, Violation, of_order

STANDING = frozenset({"CONFIRMED", "SHIPPED"})

# What moved for each order, beside what it owes.
BALANCES = """
SELECT o.order_id, o.status, o.total_cents, o.currency,
    coalesce(m.charges, 0), coalesce(m.captured, 0), coalesce(m.refunded, 0),
    coalesce(m.foreign_to, '')
FROM orders AS o LEFT JOIN (
    SELECT order_id,
        sum(kind = 'charge') AS charges,
        sum(CASE kind WHEN 'charge' THEN amount_cents ELSE 0 END) AS captured,
        sum(CASE kind WHEN 'refund' THEN amount_cents ELSE 0 END) AS refunded,
        group_concat(DISTINCT currency) AS foreign_to
    FROM movements WHERE status = 'succeeded' GROUP BY order_id
) AS m USING (order_id)
"""

# The provider must not have heard of an order that the shop does not know.
STRANGERS = """
SELECT movement_id, kind, status, order_id, amount_cents, currency
FROM movements WHERE order_id NOT IN (SELECT order_id FROM orders) ORDER BY order_id
"""

# A key stands for one movement.
USED_TWICE = """
SELECT key, kind, min(order_id), count(*) FROM movements
GROUP BY key, kind HAVING count(*) > 1
"""


class Balance(NamedTuple):
    """An order, and what the ledger says of it."""

    order_id: str
    status: str
    total_cents: int
    currency: str
    charges: int
    captured: int
    refunded: int
    currencies: str

    @property
    def net(self) -> int:
        return self.captured - self.refunded

    @property
    def in_words(self) -> str:
        return f"captured {self.captured} − refunded {self.refunded} = {self.net}"


def violations(evidence: Evidence) -> Iterator[Violation]:
    yield from judge(Balance(*row) for row in evidence.select(BALANCES))
    for movement_id, kind, status, order_id, cents, currency in evidence.select(STRANGERS):
        found = f"{kind} {movement_id} ({status}) of {cents} {currency}"
        yield of_order(Invariant.I3, order_id, expected="no such order, so no money", found=found)
    for key, kind, order_id, times in evidence.select(USED_TWICE):
        found = f"the key {key} made {times} {kind}s"
        yield of_order(Invariant.I3, order_id, expected="each key moves money once", found=found)


def judge(balances: Iterable[Balance]) -> Iterator[Violation]:
    for balance in balances:
        yield from _owed(balance)
        if balance.charges > 1:
            yield of_order(
                Invariant.I3,
                balance.order_id,
                expected="charged once at the most",
                found=f"{balance.charges} charges that succeeded",
            )
        if balance.currencies not in ("", balance.currency):
            yield of_order(
                Invariant.I3,
                balance.order_id,
                expected=f"money in {balance.currency}",
                found=f"money in {balance.currencies}",
            )


def _owed(balance: Balance) -> Iterator[Violation]:
    if balance.status in STANDING and balance.net != balance.total_cents:
        yield of_order(
            Invariant.I3,
            balance.order_id,
            expected=f"{balance.total_cents} {balance.currency} ({balance.status})",
            found=balance.in_words,
        )
    if balance.status == "CANCELLED" and balance.net != 0:
        yield of_order(
            Invariant.I3, balance.order_id, expected="0 (CANCELLED)", found=balance.in_words
        )
    if balance.status == "CANCELLED" and balance.net > 0:
        yield of_order(
            Invariant.I10, balance.order_id, expected="no captured money", found=balance.in_words
        )
