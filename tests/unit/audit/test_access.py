"""I1 over HTTP, and I9 as far as it can be seen without asking."""

import pytest

from audit.access import KeptAnswer, kept_answers, read_again
from audit.sample import choose
from audit.violations import Invariant
from tests.unit.audit.good_shop import CONFIRMED

STORED = (CONFIRMED, "CONFIRMED", 3, 2500)
ORDER = {"order_id": CONFIRMED, "status": "CONFIRMED", "version": 3, "total_cents": 2500}
ANSWER = {"order_id": CONFIRMED, "status": "PLACED", "total_cents": 2500, "currency": "EUR"}
KEPT = KeptAnswer("key", CONFIRMED, ANSWER, 2500, "EUR")


def test_an_order_that_reads_as_it_is_stored_is_green() -> None:
    assert not list(read_again(STORED, ORDER, 3))


@pytest.mark.parametrize(
    ("order", "history"),
    [
        (None, 3),
        (ORDER | {"status": "PLACED"}, 3),
        (ORDER | {"version": 2}, 3),
        (ORDER | {"total_cents": 1}, 3),
        (ORDER, None),
        (ORDER, 2),
    ],
)
def test_an_order_that_reads_otherwise_is_i1(
    order: dict[str, object] | None, history: int | None
) -> None:
    (violation,) = read_again(STORED, order, history)
    assert (violation.invariant, violation.name) == (Invariant.I1, CONFIRMED)


def test_an_answer_that_says_what_the_order_is_is_green() -> None:
    assert not list(kept_answers([KEPT]))


@pytest.mark.parametrize(
    "kept",
    [
        KEPT._replace(answer=None),
        KEPT._replace(answer=ANSWER | {"order_id": "another"}),
        KEPT._replace(answer=ANSWER | {"total_cents": 1}),
        KEPT._replace(answer=ANSWER | {"currency": "USD"}),
        KEPT._replace(total_cents=None, currency=None),
    ],
)
def test_an_answer_that_says_something_else_is_i9(kept: KeptAnswer) -> None:
    (violation,) = kept_answers([kept])
    assert (violation.invariant, violation.name) == (Invariant.I9, CONFIRMED)


def test_the_same_seed_chooses_the_same_orders() -> None:
    assert choose(1000, 5, seed=1) == choose(1000, 5, seed=1)
    assert choose(1000, 5, seed=1) != choose(1000, 5, seed=2)
    assert choose(3, 5, seed=1) == [0, 1, 2]
