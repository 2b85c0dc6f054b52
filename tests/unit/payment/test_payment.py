"""The aggregate: each step, each repeat, each step that must not be."""

from datetime import timedelta

import pytest

from services.payment.answers import Absent, Captured, Declined, Unanswered
from services.payment.domain import (
    CANCELLED,
    CLAIM,
    EXPIRED,
    HANDLER_GRACE,
    WATCH_FOR,
    Duty,
    IllegalTransition,
    Payment,
    Status,
)
from services.payment.terms import payment_id_of, refund_id_of
from tests.unit.payment.stories import NOON, SOON, TOO_LATE, cancellation, pending, terms


def paid() -> Payment:
    payment = pending()
    payment.record(Captured("ch_1"), SOON)
    payment.announce()
    return payment


def unknown() -> Payment:
    payment = pending()
    payment.record(Unanswered("silence"), SOON)
    return payment


def owed() -> Payment:
    payment = paid()
    payment.cancel(cancellation(), SOON)
    return payment


def given_up() -> Payment:
    """A charge that was under way when its order was cancelled, and that nobody has seen since."""
    payment = unknown()
    payment.cancel(cancellation(), SOON)
    payment.record(Absent(), SOON)
    payment.announce()
    return payment


def test_ids_and_keys_follow_from_the_order() -> None:
    wanted = terms()
    first, second = Payment.begin(wanted, NOON), Payment.begin(wanted, SOON)
    assert first.payment_id == second.payment_id == payment_id_of(wanted.order_id)
    assert first.charge_key == f"charge-{first.payment_id}"


def test_a_new_payment_is_its_handlers_own_for_a_while() -> None:
    payment = pending()
    assert (payment.status, payment.duty) == (Status.PENDING, Duty.CHARGE)
    assert not payment.announce()
    assert not payment.claim(NOON + HANDLER_GRACE - timedelta(microseconds=1))
    assert payment.claim(NOON + HANDLER_GRACE)


def test_an_expired_reservation_is_not_charged() -> None:
    payment = Payment.begin(terms(), TOO_LATE)
    assert (payment.status, payment.reason, payment.duty) == (Status.FAILED, EXPIRED, Duty.NONE)
    assert payment.announce()


def test_nothing_to_pay_needs_no_provider() -> None:
    payment = Payment.begin(terms(amount_cents=0), NOON)
    assert (payment.status, payment.duty) == (Status.SUCCESS, Duty.NONE)
    payment.cancel(cancellation(), SOON)
    assert payment.duty is Duty.NONE


def test_a_capture_is_said_once() -> None:
    payment = pending()
    payment.record(Captured("ch_1"), SOON)
    assert (payment.status, payment.charge_id, payment.check_at) == (Status.SUCCESS, "ch_1", None)
    assert payment.announce()
    assert not payment.announce()


def test_the_same_capture_again_changes_nothing() -> None:
    payment = paid()
    payment.changed = False
    payment.record(Captured("ch_1"), TOO_LATE)
    assert not payment.changed


def test_a_second_charge_is_refused() -> None:
    with pytest.raises(IllegalTransition, match="second charge"):
        paid().record(Captured("ch_2"), SOON)


def test_a_declined_card_fails_the_payment() -> None:
    payment = pending()
    payment.record(Declined("insufficient funds", "ch_1"), SOON)
    assert (payment.status, payment.reason) == (Status.FAILED, "insufficient funds")
    assert payment.duty is Duty.NONE
    payment.record(Declined("said again", "ch_1"), SOON)
    assert payment.reason == "insufficient funds"


@pytest.mark.parametrize("payment", [paid(), owed()])
def test_captured_money_cannot_be_declined_afterwards(payment: Payment) -> None:
    with pytest.raises(IllegalTransition, match="declined after all"):
        payment.record(Declined("no"), SOON)


def test_silence_makes_the_outcome_unknown_and_says_nothing() -> None:
    payment = unknown()
    assert (payment.status, payment.reason, payment.duty) == (
        Status.UNKNOWN,
        "silence",
        Duty.CHARGE,
    )
    assert not payment.announce()


def test_an_unknown_outcome_is_settled_by_the_providers_word() -> None:
    payment = unknown()
    payment.record(Captured("ch_1"), SOON)
    assert (payment.status, payment.reason) == (Status.SUCCESS, None)
    assert payment.announce()


def test_a_missing_charge_that_is_still_wanted_stays_open() -> None:
    payment = unknown()
    payment.record(Absent(), SOON)
    assert (payment.status, payment.duty) == (Status.UNKNOWN, Duty.CHARGE)


def test_a_missing_charge_that_ran_out_of_time_fails() -> None:
    payment = unknown()
    payment.record(Absent(), TOO_LATE)
    assert (payment.status, payment.reason) == (Status.FAILED, EXPIRED)


@pytest.mark.parametrize("answer", [Unanswered("silence"), Absent()])
def test_silence_does_not_unsettle_what_is_known(answer: Unanswered | Absent) -> None:
    payment = paid()
    payment.changed = False
    payment.record(answer, TOO_LATE)
    assert not payment.changed


def test_cancelling_before_anything_leaves_a_tombstone() -> None:
    wanted = terms()
    payment = Payment.call_off(cancellation(wanted.order_id), NOON)
    assert (payment.status, payment.reason, payment.duty) == (
        Status.FAILED,
        CANCELLED,
        Duty.NONE,
    )
    payment.resume(wanted, SOON)
    assert not payment.may_charge(SOON)
    assert (payment.payment_method, payment.cause_id) == ("card_ok", wanted.cause_id)
    assert payment.announce()


def test_cancelling_during_the_charge_pays_back_what_is_captured() -> None:
    payment = pending()
    payment.cancel(cancellation(), SOON)
    assert not payment.may_charge(SOON)
    payment.record(Captured("ch_1"), SOON)
    assert (payment.status, payment.duty) == (Status.SUCCESS, Duty.REFUND)
    assert payment.announce()


def test_cancelling_a_paid_order_owes_a_refund_once() -> None:
    payment = owed()
    assert (payment.duty, payment.refund_key) == (Duty.REFUND, f"refund-{payment.payment_id}")
    assert payment.refund_id == refund_id_of(payment.payment_id)
    payment.changed = False
    payment.cancel(cancellation(), SOON)
    assert not payment.changed


def test_a_refund_is_noted_once() -> None:
    payment = owed()
    assert payment.pay_back("re_1", SOON)
    assert (payment.status, payment.refunded_cents) == (Status.REFUNDED, payment.amount_cents)
    assert (payment.reason, payment.duty) == ("CUSTOMER_REQUEST", Duty.NONE)
    assert not payment.pay_back("re_1", SOON)
    assert not payment.announce()


@pytest.mark.parametrize("payment", [pending(), unknown(), paid(), given_up()])
def test_what_is_not_owed_is_not_paid_back(payment: Payment) -> None:
    with pytest.raises(IllegalTransition, match="nothing is owed"):
        payment.pay_back("re_1", SOON)


@pytest.mark.parametrize("declined", [True, False])
def test_cancelling_what_failed_or_is_paid_back_changes_nothing(declined: bool) -> None:
    payment = pending() if declined else owed()
    if declined:
        payment.record(Declined("no"), SOON)
    else:
        payment.pay_back("re_1", SOON)
    payment.changed = False
    payment.cancel(cancellation(), SOON)
    assert not payment.changed


def test_a_charge_that_was_given_up_is_watched_for_a_while() -> None:
    payment = given_up()
    assert (payment.status, payment.reason, payment.duty) == (
        Status.FAILED,
        CANCELLED,
        Duty.WATCH,
    )
    payment.record(Absent(), NOON + WATCH_FOR - timedelta(seconds=1))
    assert payment.check_at is not None
    payment.record(Absent(), NOON + WATCH_FOR)
    assert payment.check_at is None


def test_only_the_providers_word_ends_the_watch() -> None:
    payment = given_up()
    payment.record(Unanswered("silence"), NOON + 2 * WATCH_FOR)
    assert payment.duty is Duty.WATCH


def test_money_that_comes_after_all_goes_back_and_is_not_said_twice() -> None:
    payment = given_up()
    payment.record(Captured("ch_1"), SOON)
    assert (payment.status, payment.duty) == (Status.SUCCESS, Duty.REFUND)
    assert not payment.announce()
    assert payment.pay_back("re_1", SOON)


def test_a_claim_keeps_others_away_for_a_while() -> None:
    payment = unknown()
    due = payment.check_at
    assert due is not None
    assert payment.claim(due)
    assert not payment.claim(due + CLAIM - timedelta(microseconds=1))
    assert payment.claim(due + CLAIM)


def test_a_redelivery_takes_a_stale_payment_over() -> None:
    wanted = terms()
    payment = Payment.begin(wanted, NOON)
    later = NOON + HANDLER_GRACE
    payment.resume(wanted, later)
    assert not payment.claim(later)
