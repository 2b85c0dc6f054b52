"""I9, tried out: what is made of the answers."""

import pytest

from audit.probe import Answer, judge_other_body, judge_race, judge_repeat
from audit.violations import Invariant

FIRST = Answer(202, b'{"order_id":"1"}', "/orders/1")
SECOND = Answer(202, b'{"order_id":"2"}', "/orders/2")
IN_FLIGHT = Answer(409, b"{}", "")


def test_the_byte_same_answer_is_green() -> None:
    assert not list(judge_repeat(FIRST, FIRST))


@pytest.mark.parametrize(
    "again", [SECOND, IN_FLIGHT, Answer(202, b'{ "order_id":"1"}', "/orders/1")]
)
def test_any_other_answer_to_the_same_key_is_i9(again: Answer) -> None:
    (violation,) = judge_repeat(FIRST, again)
    assert violation.invariant is Invariant.I9


def test_another_body_under_the_same_key_must_be_refused() -> None:
    assert not list(judge_other_body(Answer(422, b"", "")))
    assert len(list(judge_other_body(FIRST))) == 1


def test_of_many_at_once_all_get_one_answer_or_hear_of_the_first() -> None:
    assert not list(judge_race([FIRST, IN_FLIGHT, FIRST, Answer(503, b"", ""), IN_FLIGHT]))


@pytest.mark.parametrize(
    "answers", [[FIRST, SECOND], [IN_FLIGHT, IN_FLIGHT], [FIRST, Answer(500, b"", "")]]
)
def test_two_orders_or_none_for_one_key_is_i9(answers: list[Answer]) -> None:
    assert [it.invariant for it in judge_race(answers)] == [Invariant.I9]
