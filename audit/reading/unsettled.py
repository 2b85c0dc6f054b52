"""Payments and mails that have no outcome yet, each by its order."""

from collections.abc import Mapping
from typing import NamedTuple

from audit.reading.databases import Snapshot
from audit.scope import Scope
from audit.violations import KEPT, Findings, Invariant, of_order


class Rule(NamedTuple):
    """What a row of this statement (order, what it is) contradicts."""

    invariant: Invariant
    expected: str
    statement: str


RULES: Mapping[str, tuple[Rule, ...]] = {
    "payment": (
        Rule(
            Invariant.I3,
            "a payment whose outcome is known",
            "SELECT order_id::text, status FROM payments "
            "WHERE status IN ('PENDING', 'UNKNOWN') AND order_id > $1 ORDER BY order_id LIMIT $2",
        ),
        Rule(
            Invariant.I3,
            "money that is owed back is back",
            "SELECT order_id::text, 'refund still to be made' FROM payments "
            "WHERE status = 'SUCCESS' AND refund_key IS NOT NULL AND order_id > $1 "
            "ORDER BY order_id LIMIT $2",
        ),
    ),
    "email": (
        Rule(
            Invariant.I5,
            "a mail whose outcome is known",
            "SELECT order_id::text, kind || ' mail is PENDING: ' || detail FROM mails "
            "WHERE status = 'PENDING' AND order_id > $1 ORDER BY order_id LIMIT $2",
        ),
    ),
}


async def read(tx: Snapshot, findings: Findings, *, service: str, scope: Scope) -> None:
    for rule in RULES.get(service, ()):
        for order_id, found in await tx.fetch(rule.statement, scope.orders_after, KEPT):
            findings.add([of_order(rule.invariant, order_id, expected=rule.expected, found=found)])
