"""--since, and what the streams have forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from audit.scope import Scope

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(moment: datetime) -> str:
    return str(UUID(int=int(moment.timestamp() * 1000) << 80))


@pytest.mark.parametrize(
    ("text", "since"),
    [
        (None, None),
        ("90s", NOW - timedelta(seconds=90)),
        ("15m", NOW - timedelta(minutes=15)),
        ("2h", NOW - timedelta(hours=2)),
        ("2026-02-28T12:00:00Z", NOW - timedelta(days=1)),
        ("2026-02-28T13:00:00+01:00", NOW - timedelta(days=1)),
    ],
)
def test_a_time_or_a_span_before_now(text: str | None, since: datetime | None) -> None:
    assert Scope.parse(text, now=NOW).since == since


@pytest.mark.parametrize("text", ["yesterday", "", "5", "2026-02-28T12:00:00"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Scope.parse(text, now=NOW)


def test_ids_tell_what_belongs_to_it() -> None:
    scope = Scope(NOW, NOW - timedelta(hours=1))
    assert scope.holds_order(at(NOW))
    assert not scope.holds_order(at(NOW - timedelta(hours=2)))
    assert Scope(NOW).holds_order(at(NOW - timedelta(days=400)))


def test_an_order_s_first_event_is_older_than_the_order_and_belongs_to_it() -> None:
    scope = Scope(NOW, NOW - timedelta(hours=1))
    just_before = at(NOW - timedelta(hours=1, seconds=1))
    assert scope.holds_event(just_before)
    assert not scope.holds_order(just_before)


def test_streams_that_forget_remember_thirty_days() -> None:
    long_ago = at(NOW - timedelta(days=400))
    assert Scope(NOW).horizon(forgetting=False).events < long_ago
    horizon = Scope(NOW).horizon(forgetting=True)
    assert at(NOW - timedelta(days=30)) < horizon.events < horizon.orders
    assert horizon.orders < at(NOW - timedelta(days=29))


def test_what_began_later_is_always_remembered() -> None:
    scope = Scope(NOW, NOW - timedelta(hours=1))
    assert scope.horizon(forgetting=True).orders == at(NOW - timedelta(hours=1))
