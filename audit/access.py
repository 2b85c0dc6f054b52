"""I1, and what can be seen of I9: what was accepted is there, and is what was answered."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from audit.evidence import Evidence
from audit.scope import EVERYTHING, Horizon
from audit.violations import Invariant, Violation, of_order

# Everybody who knows of an accepted order: a stored answer, an event, a client's own history.
MISSING = """
SELECT order_id, group_concat(DISTINCT source) FROM (
    SELECT order_id, source FROM accepted
    UNION ALL SELECT order_id, 'OrderPlaced in the stream' FROM events
    WHERE event_type = 'OrderPlaced'
)
WHERE order_id NOT IN (SELECT order_id FROM orders) AND order_id > ? GROUP BY order_id
"""


class KeptAnswer(NamedTuple):
    """The answer that is kept for a key, beside the order it is about (None: there is none)."""

    key: str
    order_id: str
    answer: Mapping[str, Any] | None
    total_cents: int | None
    currency: str | None


def missing(evidence: Evidence, horizon: Horizon = EVERYTHING) -> Iterator[Violation]:
    for order_id, sources in evidence.select(MISSING, horizon.orders):
        found = f"no such order; but there is: {sources}"
        yield of_order(Invariant.I1, order_id, expected="a row that can be read", found=found)


def kept_answers(answers: list[KeptAnswer]) -> Iterator[Violation]:
    """What a key would be answered again is what its order is."""
    for kept in answers:
        said, total = kept.answer, kept.total_cents
        right = said is not None and (said.get("order_id"), said.get("currency")) == (
            kept.order_id,
            kept.currency,
        )
        if not right or said is None or said.get("total_cents") != total:
            yield of_order(
                Invariant.I9,
                kept.order_id,
                expected=f"the answer kept for {kept.key} says {total} {kept.currency}",
                found=str(said),
            )


def read_again(
    stored: tuple[str, str, int, int], order: Mapping[str, Any] | None, history: int | None
) -> Iterator[Violation]:
    """Compare an order's row with what HTTP answers; None: it answered with an error."""
    order_id, status, version, total = stored
    expected = f"{status}, version {version}, {total} cents"
    if order is None:
        yield of_order(Invariant.I1, order_id, expected="200", found="GET /orders/{id} fails")
    elif (order["status"], order["version"], order["total_cents"]) != (status, version, total):
        found = f"{order['status']}, version {order['version']}, {order['total_cents']} cents"
        yield of_order(Invariant.I1, order_id, expected=expected, found=f"{found}, by HTTP")
    if history != version:
        found = "an error" if history is None else f"{history} events"
        yield of_order(Invariant.I1, order_id, expected=f"{version} events by HTTP", found=found)
