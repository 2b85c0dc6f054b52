"""Catalogue files as people and spreadsheets write them."""

import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.inventory.catalogue import Line
from services.inventory.catalogue_file import HeaderError, read_catalogue
from services.inventory.csv_records import MAX_RECORD_CHARS, Rejection
from services.inventory.domain import Description

HEADER = "sku,name,price_cents,currency,quantity\n"


def read(text: str | bytes) -> list[Line | Rejection]:
    data = text.encode() if isinstance(text, str) else text
    return list(read_catalogue(io.BytesIO(data), reference="file"))


def reason(line: str | bytes) -> str:
    data = line.encode() if isinstance(line, str) else line
    (found,) = read(HEADER.encode() + data)
    assert isinstance(found, Rejection)
    assert found.line == 2
    return found.reason


def names(found: list[Line | Rejection]) -> list[str | int]:
    """Return the names of good lines and the numbers of bad ones."""
    return [it.line if isinstance(it, Rejection) else it.description.name for it in found]


def test_a_line_is_a_description_and_a_receipt_of_its_own() -> None:
    assert read(HEADER + "MUG-1,Mug,795,EUR,10\n") == [
        Line("MUG-1", Description("Mug", 795, "EUR"), 10, "file:2")
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_do_not_matter(end: str, mark: str) -> None:
    text = mark + HEADER + "A,First,1,EUR,1\n\nB,Second,2,EUR,2"
    assert names(read(text.replace("\n", end))) == ["First", "Second"]


def test_quotes_hold_commas_quotes_and_line_breaks() -> None:
    text = HEADER + 'A,"Mug, ""blue""",1,EUR,1\nB,"two\r\nlines",2,EUR,2\nC,Third,3,EUR,3\n'
    found = read(text)
    assert names(found) == ['Mug, "blue"', "two lines", "Third"]
    assert [it.reference for it in found if isinstance(it, Line)] == ["file:2", "file:3", "file:5"]


def test_space_around_fields_is_not_part_of_them() -> None:
    assert read(HEADER + " A , First\t, 1 , EUR , 1 \n") == [
        Line("A", Description("First", 1, "EUR"), 1, "file:2")
    ]


def test_an_empty_quantity_is_none() -> None:
    (found,) = read(HEADER + "A,First,1,EUR,\n")
    assert isinstance(found, Line)
    assert found.quantity == 0


def test_columns_may_stand_in_any_order_among_others() -> None:
    assert read("quantity,colour,SKU,name,currency,price_cents\n3,blue,A,First,EUR,1\n") == [
        Line("A", Description("First", 1, "EUR"), 3, "file:2")
    ]


@pytest.mark.parametrize(
    ("header", "faults"),
    [
        ("sku,name,currency,quantity\n", {"price_cents": "is missing from the header"}),
        ("sku,sku,name,price_cents,currency,quantity\n", {"sku": "stands in the header twice"}),
    ],
)
def test_a_header_without_a_column_names_it(header: str, faults: dict[str, str]) -> None:
    with pytest.raises(HeaderError) as caught:
        read(header + "A,First,1,EUR\n")
    assert caught.value.faults == faults


@pytest.mark.parametrize("content", ["", "\n", "{}", "\x00\xff", '"sku', "x" * 10_000])
def test_what_is_no_such_file_lacks_every_column(content: str) -> None:
    with pytest.raises(HeaderError) as caught:
        read(content)
    assert len(caught.value.faults) == 5


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (",First,1,EUR,1", "sku must have 1 to 64 characters"),
        ("A/B,First,1,EUR,1", "sku must not contain a slash"),
        (f"{'A' * 65},First,1,EUR,1", "sku must have 1 to 64 characters"),
        ("A,,1,EUR,1", "name must have 1 to 200 characters"),
        ("A,Fi\x07rst,1,EUR,1", "name must be text without control characters"),
        ("A,First,-1,EUR,1", "price_cents must be a whole number from 0 to 1000000000"),
        ("A,First,1.5,EUR,1", "price_cents must be a whole number from 0 to 1000000000"),
        ("A,First,1000000001,EUR,1", "price_cents must be a whole number from 0 to 1000000000"),
        ("A,First,,EUR,1", "price_cents must be a whole number from 0 to 1000000000"),
        ("A,First,1,eur,1", "currency must be three capital letters, like EUR"),
        ("A,First,1,EUR,-1", "quantity must be a whole number from 0 to 1000000000"),
        ("A,First,1,EUR,\u0661", "quantity must be a whole number from 0 to 1000000000"),
        ("A,First,1,EUR", "has 4 fields, where the header has 5"),
        ('A,"First"x,1,EUR,1', "',' expected after '\"'"),
        ('A,"First,1,EUR,1', "unexpected end of data"),
    ],
)
def test_a_bad_line_is_rejected_with_its_fault(line: str, expected: str) -> None:
    assert reason(line) == expected


def test_a_line_that_is_not_utf_8_is_rejected_alone() -> None:
    data = HEADER.encode() + b"A,\xe9t\xe9,1,EUR,1\nB,\xc3\xa9t\xc3\xa9,1,EUR,1\n"
    assert names(read(data)) == [2, "été"]


@pytest.mark.parametrize("after", [1, 1000])
def test_a_quote_left_open_costs_its_own_line_only(after: int) -> None:
    good = "".join(f"B{number},Good {number},1,EUR,1\n" for number in range(after))
    found = names(read(HEADER + 'A,"First,1,EUR,1\n' + good))
    assert found == [2, *(f"Good {number}" for number in range(after))]


def test_a_line_without_an_end_is_rejected_in_bounded_memory() -> None:
    file = io.BytesIO(HEADER.encode() + b"x" * 32 * 1024 * 1024)
    tracemalloc.start()
    assert names(list(read_catalogue(file, reference="file"))) == [2]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024


def test_a_line_that_is_too_long_is_rejected_alone() -> None:
    long = "A," + "x" * 3 * MAX_RECORD_CHARS + ",1,EUR,1\n"
    assert names(read(HEADER + long + "B,Good,1,EUR,1\n")) == [2, "Good"]


def test_a_long_line_within_open_quotes_is_read_again_for_itself() -> None:
    long = "x" * 2 * MAX_RECORD_CHARS + "\n"
    assert names(read(HEADER + 'A,"open\n' + long + "B,Good,1,EUR,1\n")) == [2, 3, "Good"]


@given(st.binary(max_size=300))
def test_no_bytes_make_it_fail(data: bytes) -> None:
    found = read(HEADER.encode() + data)
    numbers = [it.line if isinstance(it, Rejection) else int(it.reference[5:]) for it in found]
    assert numbers == sorted(set(numbers))
