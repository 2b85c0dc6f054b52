from decimal import Decimal
from pathlib import Path

import pytest

from shopctl.replay.online_retail import Kind, read
from shopctl.replay.tally import TOLD, DetailsError, Tally, tally_with_details
from tests.unit.shopctl.replay.sheets import as_file, line, sheet


def count(tally: Tally, *lines: str) -> None:
    for each in read(as_file(sheet(*lines))):
        tally.count(each)


def test_all_are_counted_and_the_first_are_told() -> None:
    tally = Tally()

    count(tally, *(line(quantity=0) for _ in range(TOLD + 3)), line(price="0"), line())

    assert tally.lines == TOLD + 5
    assert {kind: found.count for kind, found in tally.left_out.items()} == {
        Kind.QUANTITY: TOLD + 3,
        Kind.PRICE: 1,
    }
    assert [each.line for each in tally.left_out[Kind.QUANTITY].first] == [2, 3, 4, 5, 6]


def test_rounding_is_summed_up() -> None:
    tally = Tally()

    count(tally, line(price="1.005", quantity=10), line(price="1.004", quantity=1), line())

    assert (tally.rounded, tally.rounding) == (2, Decimal("0.046"))


def test_the_span_of_days_is_that_of_the_sales() -> None:
    tally = Tally()

    count(tally, line(at="2010-12-05"), line(at="2010-12-01"), line(at="2009-01-01", price="0"))

    assert (tally.first_day, tally.last_day) == ("2010-12-01", "2010-12-05")


def test_every_single_one_can_be_had_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "left_out.csv"

    with tally_with_details(path) as tally:
        count(tally, *(line(quantity=0) for _ in range(TOLD + 3)), "too,few")

    lines = path.read_text().splitlines()
    assert lines[:2] == ["line,kind,reason", "2,quantity not above zero,0"]
    assert lines[-1] == '10,broken row,"has 2 fields, the header has 8"'
    assert len(lines) == TOLD + 5


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(DetailsError, match="No such file"),
        tally_with_details(tmp_path / "nowhere" / "left_out.csv"),
    ):
        pass
