"""What a page of the ledger comes to, and how far payments were looked for in it."""

from datetime import timedelta

from services.payment.domain import Status
from services.payment.reconciliation.comparison import Kind
from services.payment.reconciliation.sheet import NO_MARKS, Scope, Sheet, compare
from tests.unit.payment.ledgers import charge, entry, refund, refunded
from tests.unit.payment.stories import NOON, SOON, TOO_LATE

OURS = Scope(since=NOON, shared=False)


def test_what_agrees_is_found_and_nothing_is_in_question() -> None:
    paid, back = entry(), refunded()
    sheet = compare([], [(charge(paid), paid), (refund(back), back)], NO_MARKS, OURS)
    assert sheet.found == {paid.charge_key, back.refund_key}
    assert (sheet.in_question, sheet.strange_refunds, sheet.passed_over) == ([], [], 0)


def test_the_marks_move_to_the_newest_order_and_the_latest_refund() -> None:
    first, second = entry(), entry()
    back = refunded(updated_at=TOO_LATE)
    sheet = compare(
        [], [(charge(second), second), (charge(first), first), (refund(back), back)], NO_MARKS, OURS
    )
    assert sheet.marks.orders_until == second.order_id
    assert sheet.marks.refunds_until == TOO_LATE


def test_what_is_open_is_found_and_in_question() -> None:
    pending = entry(status=Status.PENDING, charge_id=None, is_open=True)
    sheet = compare([], [(charge(pending), pending)], NO_MARKS, OURS)
    assert sheet.found == {pending.charge_key}
    assert sheet.in_question == [charge(pending)]
    assert sheet.marks.orders_until == pending.order_id


def test_a_refund_that_is_owed_here_moves_no_mark() -> None:
    """When it is noted it gets a later time, and would be awaited though it was seen."""
    owed = refunded(status=Status.SUCCESS, is_open=True)
    sheet = compare([], [(refund(owed), owed)], NO_MARKS, OURS)
    assert sheet.marks == NO_MARKS
    assert sheet.in_question == [refund(owed)]
    assert sheet.marks.still_to_pass(Kind.REFUND, refunded(updated_at=SOON))


def test_a_refund_under_another_key_is_strange() -> None:
    paid = entry()
    by_hand = refund(paid, key="by-hand")
    assert compare([], [(by_hand, paid)], NO_MARKS, OURS).strange_refunds == [by_hand]


def test_an_order_that_is_not_known_is_in_question() -> None:
    stray = charge(entry(), order_id="somebody else's")
    assert compare([], [(stray, None)], NO_MARKS, OURS).in_question == [stray]


def test_what_was_before_our_books_is_passed_over() -> None:
    early = charge(entry(), created_at=NOON - timedelta(seconds=1))
    assert compare([], [(early, None)], NO_MARKS, OURS) == Sheet(NO_MARKS, passed_over=1)


def test_in_a_shared_ledger_other_orders_are_passed_over() -> None:
    shared = Scope(since=NOON, shared=True)
    paid = entry()
    second = charge(paid, key="by-hand")
    sheet = compare([], [(charge(entry()), None), (second, paid)], NO_MARKS, shared)
    assert (sheet.passed_over, sheet.in_question) == (1, [second])


def test_charges_that_plainly_agree_are_found_and_move_the_mark() -> None:
    first, second = entry(), entry()
    sheet = compare([charge(second), charge(first)], [], NO_MARKS, OURS)
    assert sheet.found == {second.charge_key, first.charge_key}
    assert sheet.marks.orders_until == second.order_id
