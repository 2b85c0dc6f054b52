from datetime import date
from decimal import Decimal

import pytest

from shopctl.replay.online_retail import HeaderError, Kind, LeftOut, SaleLine, read
from tests.unit.shopctl.replay.sheets import HEADER, as_file, line, sheet


def found(text: str) -> list[SaleLine | LeftOut]:
    return list(read(as_file(text)))


def sale(**changes: object) -> SaleLine:
    [one] = found(sheet(line(**changes)))  # type: ignore[arg-type] # each test knows its column
    assert isinstance(one, SaleLine), one
    return one


def left_out(**changes: object) -> LeftOut:
    [one] = found(sheet(line(**changes)))  # type: ignore[arg-type] # as above
    assert isinstance(one, LeftOut), one
    return one


def test_a_plain_line_is_a_sale() -> None:
    assert sale() == SaleLine(
        line=2,
        invoice="536365",
        sku="85123A",
        name="T-LIGHT HOLDER",
        quantity=6,
        price=Decimal("2.55"),
        day=date(2010, 12, 1),
        customer="17850",
    )


@pytest.mark.parametrize(
    ("changes", "kind", "reason"),
    [
        ({"invoice": "C536379", "quantity": -1}, Kind.CANCELLATION, "'C536379'"),
        ({"invoice": "c536379"}, Kind.CANCELLATION, "'c536379'"),
        ({"quantity": 0}, Kind.QUANTITY, "0"),
        ({"quantity": -9360}, Kind.QUANTITY, "-9360"),
        ({"price": "0.0"}, Kind.PRICE, "0.0"),
        ({"price": "-11062.06"}, Kind.PRICE, "-11062.06"),
        ({"invoice": ""}, Kind.FIELD, "InvoiceNo is missing"),
        ({"invoice": "5363 65"}, Kind.FIELD, "InvoiceNo is '5363 65'"),
        ({"sku": " "}, Kind.FIELD, "StockCode is missing"),
        ({"sku": "a/b"}, Kind.FIELD, "StockCode is 'a/b'"),
        ({"sku": "x" * 65}, Kind.FIELD, f"StockCode is '{'x' * 40}…'"),
        ({"quantity": ""}, Kind.FIELD, "Quantity is missing"),
        ({"quantity": "six"}, Kind.FIELD, "Quantity is 'six'"),
        ({"quantity": "1.5"}, Kind.FIELD, "Quantity is '1.5'"),
        ({"quantity": "1_000"}, Kind.FIELD, "Quantity is '1_000'"),
        ({"quantity": "٣"}, Kind.FIELD, "Quantity is '٣'"),
        ({"quantity": 1_000_001}, Kind.FIELD, "Quantity is over 1,000,000"),
        ({"quantity": "1e99"}, Kind.FIELD, "Quantity is over 1,000,000"),
        ({"price": ""}, Kind.FIELD, "UnitPrice is missing"),
        ({"price": "NaN"}, Kind.FIELD, "UnitPrice is 'NaN'"),
        ({"price": "Infinity"}, Kind.FIELD, "UnitPrice is 'Infinity'"),
        ({"price": "£2.55"}, Kind.FIELD, "UnitPrice is '£2.55'"),
        ({"price": "1e999999999"}, Kind.FIELD, "UnitPrice is '1e999999999'"),
        ({"price": "10000000.01"}, Kind.FIELD, "UnitPrice is over 10,000,000"),
        ({"price": "0.001"}, Kind.FIELD, "UnitPrice 0.001 rounds to no cent at all"),
        ({"at": ""}, Kind.FIELD, "InvoiceDate is missing"),
        ({"at": "yesterday"}, Kind.FIELD, "InvoiceDate is 'yesterday'"),
        ({"at": "2010-02-30 08:00:00"}, Kind.FIELD, "InvoiceDate is '2010-02-30 08:00:00'"),
    ],
)
def test_what_is_no_sale_says_why(changes: dict[str, object], kind: Kind, reason: str) -> None:
    assert left_out(**changes) == LeftOut(2, kind, reason)


@pytest.mark.parametrize(
    ("price", "cents"),
    [
        ("2.55", 255),
        ("2.1", 210),
        ("3", 300),
        ("1.005", 101),  # as floats, 1.005 is less than that
        ("0.995", 100),
        ("0.005", 1),
        ("2.5499999523", 255),
        ("8142.75", 814275),
        ("1e2", 10000),
    ],
)
def test_prices_are_whole_cents_halves_up(price: str, cents: int) -> None:
    assert sale(price=price).price_cents == cents


def test_what_rounding_adds_is_known() -> None:
    assert sale(price="1.005", quantity=10).rounding == Decimal("0.050")
    assert sale(price="2.55").rounding == 0


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2010-12-01 08:26:00", date(2010, 12, 1)),
        ("2010-12-01T08:26:00Z", date(2010, 12, 1)),
        ("12/1/2010 8:26", date(2010, 12, 1)),
        ("13/12/2010 08:26", date(2010, 12, 13)),
        ("01-12-2010 08:26", date(2010, 12, 1)),
    ],
)
def test_dates_are_read_as_they_circulate(at: str, day: date) -> None:
    assert sale(at=at).day == day


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        ("", ""),
        ('"CANDLE, ""BIG"""', 'CANDLE, "BIG"'),
        ('"TWO\nLINES"', "TWO LINES"),
        ("  much   space ", "much space"),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("x" * 5000, "x" * 200),
    ],
)
def test_names_become_printable_and_short(name: str, read_as: str) -> None:
    assert sale(name=name).name == read_as


@pytest.mark.parametrize(("customer", "read_as"), [("", ""), ("17850.0", "17850"), (" A1 ", "A1")])
def test_customers_keep_their_number(customer: str, read_as: str) -> None:
    assert sale(customer=customer).customer == read_as


def test_the_second_edition_has_other_headings() -> None:
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    [one] = found(sheet(line(), header=f"\ufeff{header}"))

    assert isinstance(one, SaleLine)
    assert (one.invoice, one.price, one.customer) == ("536365", Decimal("2.55"), "17850")


def test_columns_may_stand_anywhere_and_some_may_be_missing() -> None:
    [one] = found("UnitPrice,Quantity,InvoiceNo,x,StockCode,InvoiceDate\n2.55,6,1,,A,2010-12-01\n")

    assert isinstance(one, SaleLine)
    assert (one.sku, one.name, one.customer) == ("A", "", "")


@pytest.mark.parametrize("text", ["", "\n", "a,b\n", HEADER.replace("Quantity", "Qty"), '"open\n'])
def test_another_format_is_refused_at_once(text: str) -> None:
    with pytest.raises(HeaderError, match="Quantity"):
        found(text)


def test_a_broken_row_is_none_of_its_neighbours_business() -> None:
    text = sheet(line(), "536365,too,few", line(), '536365,"open,1', line())

    assert [each.kind if isinstance(each, LeftOut) else each.line for each in found(text)] == [
        2,
        Kind.BROKEN,
        4,
        Kind.BROKEN,
        6,
    ]
