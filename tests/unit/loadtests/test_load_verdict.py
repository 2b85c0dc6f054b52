from pathlib import Path

from loadtests.journeys.ledger import Ledger, milliseconds
from loadtests.journeys.verdict import passed


def test_a_limit_that_is_kept_says_nothing() -> None:
    assert passed({"POST /orders": 25.0}, lambda _: 24.9) == []


def test_a_limit_that_is_passed_is_told() -> None:
    assert passed({"POST /orders": 25.0}, lambda _: 31.2) == [
        "POST /orders: p99 is 31 ms, the limit 25 ms"
    ]


def test_a_limit_on_what_never_happened_is_passed() -> None:
    assert passed({"placed → mailed": 500.0}, lambda _: None) == [
        "placed → mailed: p99 is unknown, the limit 500 ms"
    ]


def test_an_order_is_open_until_it_has_an_end(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "load" / "accepted.txt")
    ledger.begin()
    ledger.accept("a")
    ledger.accept("b")
    assert not ledger.note("a", "RESERVED")
    assert ledger.note("a", "CONFIRMED")
    assert ledger.note("a", "SHIPPED")
    assert (list(ledger), ledger.ends) == (["b"], {"CONFIRMED": 1})
    ledger.close()
    assert ledger.path.read_text() == "a\nb\n"


def test_times_are_the_shops_own() -> None:
    assert milliseconds("2025-01-31T08:00:00.100Z", "2025-01-31T08:00:00.112500+00:00") == 12.5
