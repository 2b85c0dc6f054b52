from dataclasses import KW_ONLY, replace

import pytest

from shared.values import value


@value
class Money:
    cents: int
    currency: str = "EUR"


@value
class Named:
    _: KW_ONLY
    cents: int


def test_values_with_the_same_fields_are_the_same() -> None:
    assert Money(5) == Money(5, "EUR")
    assert Money(5) != Money(6)
    assert len({Money(5), Money(5), Money(6)}) == 2


def test_a_changed_one_is_another() -> None:
    five = Money(5)
    assert replace(five, cents=6) == Money(6)
    assert five == Money(5)


def test_there_are_no_other_fields() -> None:
    with pytest.raises(AttributeError):
        Money(5).colour = "red"  # type: ignore[attr-defined]


def test_nobody_changes_one() -> None:
    """That is mypy's to say: without its refusal, the ignored error is an error itself."""
    money = Money(5)
    money.cents = 6  # type: ignore[misc]


def test_fields_behind_the_mark_are_named() -> None:
    assert Named(cents=5).cents == 5
    with pytest.raises(TypeError):
        Named(5)  # type: ignore[call-arg]
