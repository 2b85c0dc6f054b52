from random import Random

import pytest

from loadtests.generator.schedule import at_random, evenly


def test_even_arrivals_are_due_whatever_the_shop_does() -> None:
    assert list(evenly(4, 200.0)) == [0.0, 0.005, 0.01, 0.015]


def test_even_arrivals_do_not_drift() -> None:
    *_, last = evenly(8_001, 400.0)
    assert last == 20.0


def test_random_arrivals_come_at_their_rate_on_the_whole() -> None:
    due = list(at_random(20_000, 200.0, Random(1)))
    assert due == sorted(due)
    assert due[-1] == pytest.approx(100.0, rel=0.03)


def test_random_arrivals_are_the_same_for_the_same_seed() -> None:
    assert list(at_random(9, 50.0, Random(3))) == list(at_random(9, 50.0, Random(3)))
