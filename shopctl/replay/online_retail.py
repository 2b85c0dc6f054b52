"""The public *Online Retail* format, line by line: what is a sale, and why the rest is not.

`InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country`, in any order
and among others; the second edition calls them Invoice, Price and Customer ID.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache
from typing import TextIO

from shopctl.errors import ShopctlError
from shopctl.replay.records import Record, records

NEEDED = ("InvoiceNo", "StockCode", "Quantity", "InvoiceDate", "UnitPrice")
ALSO_CALLED = {"invoice": "invoiceno", "price": "unitprice"}
DATE_FORMATS = (
    "%m/%d/%Y %H:%M",  # the UCI repository's own; a day over 12 tells those below apart
    "%d/%m/%Y %H:%M",
    "%d-%m-%Y %H:%M",
)
MAX_QUANTITY = 1_000_000  # as POST /orders
MAX_PRICE = Decimal(10_000_000)
MAX_NAME = 200
CENT = Decimal("0.01")
SHOWN = 40

NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,2})?", re.ASCII)
INVOICE = re.compile(r"[0-9A-Za-z._-]{1,32}")
SKU = re.compile(r"[^\x00-\x1f\x7f-\x9f/\u2028\u2029\ud800-\udfff]{1,64}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Kind(StrEnum):
    """Why a line or an invoice is no sale."""

    CANCELLATION = "cancellation"
    QUANTITY = "quantity not above zero"
    PRICE = "price not above zero"
    BROKEN = "broken row"
    FIELD = "unusable field"
    INVOICE = "invoice too large for one order"
    REFUSED = "refused by the shop"


@dataclass(frozen=True, slots=True)
class LeftOut:
    line: int
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class SaleLine:
    """One line of a plain sale; the header is line 1 of the file."""

    line: int
    invoice: str
    sku: str
    name: str  # "" where it is missing
    quantity: int
    price: Decimal
    day: date
    customer: str  # "" where it is missing

    @property
    def price_cents(self) -> int:
        """Rounded to a whole cent, halves up: the shop's prices have no fractions of a cent."""
        return int(self.price.quantize(CENT, ROUND_HALF_UP).scaleb(2))

    @property
    def rounding(self) -> Decimal:
        """What the rounding adds to this line."""
        return self.quantity * (Decimal(self.price_cents).scaleb(-2) - self.price)


class HeaderError(ShopctlError):
    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            f"not the Online Retail format: the first line has no column {', '.join(missing)}"
        )


def read(text: TextIO) -> Iterator[SaleLine | LeftOut]:
    """Reads every line; raises HeaderError at the first step.

    A missing description, customer or country is none; all else a line needs.
    """
    found = records(text)
    columns = _columns(next(found, None))
    for record in found:
        if isinstance(record, Record):
            yield _line(record.line, dict(zip(columns, record.fields, strict=True)))
        else:
            yield LeftOut(record.line, Kind.BROKEN, record.reason)


def _columns(header: object) -> list[str]:
    names = header.fields if isinstance(header, Record) else []
    plain = [re.sub(r"[\s_\ufeff]", "", name).lower() for name in names]
    columns = [ALSO_CALLED.get(name, name) for name in plain]
    if missing := [name for name in NEEDED if name.lower() not in columns]:
        raise HeaderError(missing)
    return columns


def _line(number: int, fields: Mapping[str, str]) -> SaleLine | LeftOut:
    invoice = fields["invoiceno"].strip()
    if invoice[:1] in {"C", "c"}:
        return LeftOut(number, Kind.CANCELLATION, _shown(invoice))
    try:
        line = SaleLine(
            line=number,
            invoice=_matching(INVOICE, invoice, "InvoiceNo"),
            sku=_matching(SKU, fields["stockcode"].strip(), "StockCode"),
            name=_name(fields.get("description", "")),
            quantity=_quantity(fields["quantity"]),
            price=_number(fields["unitprice"], "UnitPrice"),
            day=_day(fields["invoicedate"].strip()),
            customer=_customer(fields.get("customerid", "")),
        )
    except ValueError as fault:
        return LeftOut(number, Kind.FIELD, str(fault))
    return _plain_sale(line)


def _plain_sale(line: SaleLine) -> SaleLine | LeftOut:
    if line.quantity <= 0:
        return LeftOut(line.line, Kind.QUANTITY, f"{line.quantity}")
    if line.price <= 0:
        return LeftOut(line.line, Kind.PRICE, f"{line.price:f}")
    if line.quantity > MAX_QUANTITY:
        return LeftOut(line.line, Kind.FIELD, f"Quantity is over {MAX_QUANTITY:,}")
    if line.price > MAX_PRICE:
        return LeftOut(line.line, Kind.FIELD, f"UnitPrice is over {MAX_PRICE:,}")
    if line.price_cents == 0:
        return LeftOut(line.line, Kind.FIELD, f"UnitPrice {line.price:f} rounds to no cent at all")
    return line


def _matching(pattern: re.Pattern[str], text: str, column: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{column} is missing" if not text else f"{column} is {_shown(text)}")
    return text


def _name(text: str) -> str:
    return " ".join(UNPRINTABLE.sub(" ", text).split())[:MAX_NAME].rstrip()


def _number(text: str, column: str) -> Decimal:
    return Decimal(_matching(NUMBER, text.strip(), column))


def _quantity(text: str) -> int:
    """Also "6.0", as the file looks after a trip through a spreadsheet."""
    number = _number(text, "Quantity")
    if number != number.to_integral_value():
        raise ValueError(f"Quantity is {_shown(text)}")
    return int(number)


@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - the file has no zone
        except ValueError:
            continue
    raise ValueError("InvoiceDate is missing" if not text else f"InvoiceDate is {_shown(text)}")


def _customer(text: str) -> str:
    return UNPRINTABLE.sub(" ", text).strip().removesuffix(".0")[:64].rstrip()


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else f"{text[:SHOWN]}…")
