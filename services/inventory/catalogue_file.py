"""Reads a catalogue file, `sku,name,price_cents,currency,quantity`, in bounded memory.

Comma-separated with quotes as in RFC 4180, UTF-8 with or without a byte order mark, any of the
usual line ends. The columns may stand in any order, among others.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from io import TextIOWrapper
from typing import IO, TypeVar

from services.inventory.catalogue import Line
from services.inventory.csv_records import Record, Rejection, records
from services.inventory.details import (
    MAX_PRICE_CENTS,
    MAX_QUANTITY,
    checked_currency,
    checked_name,
    checked_sku,
    whole_number,
)
from services.inventory.domain import Description

COLUMNS = ("sku", "name", "price_cents", "currency", "quantity")

T = TypeVar("T")

checked_price = partial(whole_number, limit=MAX_PRICE_CENTS)
checked_quantity = partial(whole_number, limit=MAX_QUANTITY)


class HeaderError(ValueError):
    """The first line does not name each column once; `faults` says what is wrong with which."""

    def __init__(self, faults: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{column} {fault}" for column, fault in faults.items()))
        self.faults = faults


def read_catalogue(file: IO[bytes], *, reference: str) -> Iterator[Line | Rejection]:
    """Read the lines; each good one is a receipt of its own, `<reference>:<line number>`.

    Raises:
        HeaderError: at the first step.
    """
    # Bytes that are no UTF-8 become lone surrogates, which the checks refuse line by line.
    text = TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
    found = records(text)
    columns = _columns(next(found, None))
    for record in found:
        if isinstance(record, Rejection):
            yield record
        elif record.fields:
            yield _line(record, columns, reference=reference)


def _columns(header: Record | Rejection | None) -> list[str]:
    named = header.fields if isinstance(header, Record) else []
    columns = [name.strip().lower() for name in named]
    counts = {column: columns.count(column) for column in COLUMNS}
    faults = {
        column: "is missing from the header" if count == 0 else "stands in the header twice"
        for column, count in counts.items()
        if count != 1
    }
    if faults:
        raise HeaderError(faults)
    return columns


def _line(record: Record, columns: list[str], *, reference: str) -> Line | Rejection:
    if len(record.fields) != len(columns):
        reason = f"has {len(record.fields)} fields, where the header has {len(columns)}"
        return Rejection(record.line, reason)
    fields = dict(zip(columns, record.fields, strict=True))
    try:
        return Line(
            _checked(fields, "sku", checked_sku),
            Description(
                _checked(fields, "name", checked_name),
                _checked(fields, "price_cents", checked_price),
                _checked(fields, "currency", checked_currency),
            ),
            _checked(fields, "quantity", checked_quantity, empty="0"),
            f"{reference}:{record.line}",
        )
    except ValueError as fault:
        return Rejection(record.line, str(fault))


def _checked(
    fields: Mapping[str, str], column: str, check: Callable[[str], T], *, empty: str = ""
) -> T:
    """Check a field without the space around it; a line break inside counts as a space."""
    text = " ".join(fields[column].strip().splitlines()) or empty
    try:
        return check(text)
    except ValueError as fault:
        raise ValueError(f"{column} {fault}") from None
