"""I2 and I6: the audit's own fold of an order's events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.history import Entry, examine, fold, told
from audit.violations import Invariant, Violation

ORDER = "019ca7ff-0000-7000-8000-000000000001"
AT = datetime(2026, 3, 1, tzinfo=UTC)
PLACED = {
    "customer_id": "ada",
    "customer_email": "ada@example.com",
    "items": [{"sku": "PEN", "name": "Pen", "quantity": 2, "unit_price_cents": 500}],
    "total_cents": 1000,
    "currency": "EUR",
    "payment_method": "card_ok",
    "correlation_id": "019ca7ff-0000-7000-8000-000000000002",
}
RESERVED = {"reservation_id": "r", "expires_at": "2026-03-01T00:15:00+00:00"}
CONFIRMED = {"payment_id": "p"}
CANCELLED = {"reason": "CUSTOMER_REQUEST", "detail": ""}
SHIPPED = {"carrier": "DHL", "tracking_number": "1"}

Step = tuple[str, dict[str, Any]]
TO_CONFIRMED: list[Step] = [
    ("OrderPlaced", PLACED),
    ("OrderReserved", RESERVED),
    ("OrderConfirmed", CONFIRMED),
]


def history(*steps: Step) -> list[Entry]:
    return [
        Entry(ORDER, version, event_type, AT + timedelta(seconds=version), data)
        for version, (event_type, data) in enumerate(steps, start=1)
    ]


def row(*steps: Step, **other: object) -> dict[str, Any]:
    return {"order_id": ORDER, **fold(history(*steps)), **other}


def found(violations: list[Violation]) -> set[Invariant]:
    return {violation.invariant for violation in violations}


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(TO_CONFIRMED, id="confirmed"),
        pytest.param([*TO_CONFIRMED, ("OrderShipped", SHIPPED)], id="shipped"),
        pytest.param([*TO_CONFIRMED, ("OrderCancelled", CANCELLED)], id="cancelled late"),
        pytest.param([TO_CONFIRMED[0], ("OrderCancelled", CANCELLED)], id="cancelled at once"),
        pytest.param([TO_CONFIRMED[0], ("OrderConfirmed", CONFIRMED)], id="payment overtook"),
    ],
)
def test_a_history_that_ends_well_is_green(steps: list[Step]) -> None:
    assert not list(examine([row(*steps)], history(*steps)))


def test_the_fold_gives_every_column() -> None:
    assert fold(history(*TO_CONFIRMED, ("OrderShipped", SHIPPED))) == {
        **PLACED,
        "status": "SHIPPED",
        "version": 4,
        "placed_at": AT + timedelta(seconds=1),
        "updated_at": AT + timedelta(seconds=4),
        "reservation_expires_at": AT + timedelta(minutes=15),
        "payment_id": "p",
        "cancel_reason": None,
        "cancel_detail": None,
        "carrier": "DHL",
        "tracking_number": "1",
    }


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param(TO_CONFIRMED[:1], id="still placed"),
        pytest.param(TO_CONFIRMED[:2], id="still reserved"),
        pytest.param(
            [TO_CONFIRMED[0], ("OrderCancelled", CANCELLED), ("OrderConfirmed", CONFIRMED)],
            id="confirmed after its cancellation",
        ),
        pytest.param([*TO_CONFIRMED, ("OrderConfirmed", CONFIRMED)], id="confirmed twice"),
        pytest.param(
            [*TO_CONFIRMED, ("OrderShipped", SHIPPED), ("OrderCancelled", CANCELLED)],
            id="cancelled after it was shipped",
        ),
        pytest.param([TO_CONFIRMED[0], ("OrderShipped", SHIPPED)], id="shipped without payment"),
        pytest.param([TO_CONFIRMED[0], *TO_CONFIRMED], id="placed twice"),
    ],
)
def test_no_terminal_state_or_one_that_was_left_is_i2(steps: list[Step]) -> None:
    assert found(list(examine([row(*steps)], history(*steps)))) == {Invariant.I2}


@pytest.mark.parametrize(
    "column",
    [*PLACED, "version", "placed_at", "updated_at", "reservation_expires_at", "payment_id",
     "cancel_reason", "cancel_detail", "carrier", "tracking_number"],
)  # fmt: skip
def test_a_column_that_its_events_do_not_give_is_i6(column: str) -> None:
    other: object = [] if column == "items" else 7
    violations = list(examine([row(*TO_CONFIRMED, **{column: other})], history(*TO_CONFIRMED)))
    assert found(violations) == {Invariant.I6}
    assert any(column in violation.expected for violation in violations)


def test_a_status_that_its_events_do_not_give_is_i6() -> None:
    violations = list(examine([row(*TO_CONFIRMED, status="SHIPPED")], history(*TO_CONFIRMED)))
    assert found(violations) == {Invariant.I6}


def test_a_gap_in_the_versions_is_i6() -> None:
    entries = history(*TO_CONFIRMED)
    del entries[1]
    stored = {"order_id": ORDER, **fold(entries)}
    (violation,) = examine([stored], entries)
    assert (violation.invariant, violation.found) == (Invariant.I6, "versions [1, 3]")


def test_a_row_without_events_and_events_without_a_row_are_i6() -> None:
    assert found(list(examine([row(*TO_CONFIRMED)], []))) == {Invariant.I6}
    assert found(list(examine([], history(*TO_CONFIRMED)))) == {Invariant.I6}


def test_a_total_that_is_not_the_sum_of_the_items_is_i6() -> None:
    steps = [("OrderPlaced", PLACED | {"total_cents": 999}), *TO_CONFIRMED[1:]]
    assert found(list(examine([row(*steps)], history(*steps)))) == {Invariant.I6}


def test_what_the_others_were_told_leaves_the_reservation_out() -> None:
    assert list(told(history(*TO_CONFIRMED))) == [
        (ORDER, "OrderPlaced", 1),
        (ORDER, "OrderConfirmed", 1),
    ]
