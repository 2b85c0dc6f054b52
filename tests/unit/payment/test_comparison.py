"""The rules of the reconciliation: what agrees, what is open, what is a mismatch."""

from typing import Any

import pytest

from services.payment.domain import Status
from services.payment.reconciliation.comparison import (
    Entry,
    Kind,
    Mismatch,
    Movement,
    Problem,
    Verdict,
    judge,
    judge_missing,
)
from tests.unit.payment.ledgers import LONG_AGO, charge, entry, refund, refunded
from tests.unit.payment.stories import NOON


def problem_of(movement: Movement, of: Entry | None, **more: Any) -> Problem | None:
    judgement = judge(movement, of, **more)
    return judgement.problem if isinstance(judgement, Mismatch) else None


@pytest.mark.parametrize("of", [entry(), refunded()])
def test_the_payments_own_charge_agrees(of: Entry) -> None:
    assert judge(charge(of), of) is Verdict.AGREES


def test_the_payments_own_refund_agrees() -> None:
    of = refunded()
    assert judge(refund(of), of) is Verdict.AGREES


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNKNOWN, Status.FAILED, Status.SUCCESS])
def test_what_is_open_is_no_mismatch_yet(status: Status) -> None:
    of = entry(status=status, charge_id=None, is_open=True)
    assert judge(charge(of, amount_cents=1), of) is Verdict.OPEN
    assert judge_missing(Kind.CHARGE, of, long_ago=LONG_AGO) is Verdict.OPEN


def test_a_refund_that_is_still_owed_is_no_mismatch_yet() -> None:
    of = refunded(status=Status.SUCCESS, refunded_cents=0, is_open=True)
    assert judge(refund(of), of) is Verdict.OPEN
    assert judge(charge(of), of) is Verdict.OPEN


def test_a_charge_of_an_order_without_a_payment() -> None:
    assert judge(charge(entry()), None) == Mismatch(
        Problem.CHARGE_WITHOUT_PAYMENT, expected="0 EUR", found="1250 EUR (ch_1)"
    )


@pytest.mark.parametrize("differing", [{"key": "by-hand"}, {"charge_id": "ch_2"}])
@pytest.mark.parametrize("is_open", [True, False])
def test_a_second_charge_of_an_order(differing: dict[str, Any], is_open: bool) -> None:
    of = entry(is_open=is_open)
    assert problem_of(charge(of, **differing), of) is Problem.SECOND_CHARGE


def test_money_taken_for_a_payment_that_failed() -> None:
    of = entry(status=Status.FAILED)
    assert problem_of(charge(of), of) is Problem.CAPTURED_YET_FAILED


@pytest.mark.parametrize("differing", [{"amount_cents": 1251}, {"currency": "USD"}])
def test_another_amount_or_currency(differing: dict[str, Any]) -> None:
    of = refunded()
    assert problem_of(charge(of, **differing), of) is Problem.AMOUNT_DIFFERS
    assert problem_of(refund(of, **differing), of) is Problem.AMOUNT_DIFFERS


@pytest.mark.parametrize("of", [None, entry(), refunded()])
def test_a_refund_that_payment_does_not_know(of: Entry | None) -> None:
    assert problem_of(refund(of or entry(), key="by-hand"), of) is Problem.UNKNOWN_REFUND


def test_a_charge_that_should_not_be_is_right_once_it_went_back() -> None:
    of = entry()
    second = charge(of, key="by-hand")
    assert problem_of(second, of, given_back_cents=1249) is Problem.SECOND_CHARGE
    assert judge(second, of, given_back_cents=1250) is Verdict.AGREES
    assert judge(second, None, given_back_cents=1250) is Verdict.AGREES


def test_too_much_is_right_once_the_rest_went_back() -> None:
    of = entry()
    assert judge(charge(of, amount_cents=1300), of, given_back_cents=50) is Verdict.AGREES


def test_what_the_payment_says_and_the_ledger_does_not() -> None:
    missing = judge_missing(Kind.CHARGE, entry(), long_ago=LONG_AGO)
    assert missing == Mismatch(Problem.MISSING_CHARGE, "1250 EUR (ch_1)", "no such charge")
    missing = judge_missing(Kind.REFUND, refunded(), long_ago=LONG_AGO)
    assert missing == Mismatch(Problem.MISSING_REFUND, "1250 EUR", "no such refund")


def test_what_changed_of_late_may_not_have_been_in_the_ledger_that_was_read() -> None:
    assert judge_missing(Kind.CHARGE, entry(), long_ago=NOON) is Verdict.OPEN


@pytest.mark.parametrize("of", [None, entry(status=Status.FAILED), entry(amount_cents=0)])
def test_where_no_money_moved_none_is_missing(of: Entry | None) -> None:
    assert judge_missing(Kind.CHARGE, of, long_ago=LONG_AGO) is Verdict.AGREES
