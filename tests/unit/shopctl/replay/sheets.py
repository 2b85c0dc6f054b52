"""Files in the Online Retail format, made up for a test."""

from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TextIO

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
AT = "2010-12-01 08:26:00"


def line(
    invoice: str = "536365",
    sku: str = "85123A",
    name: str = "T-LIGHT HOLDER",
    quantity: object = 6,
    *,
    price: object = "2.55",
    at: str = AT,
    customer: str = "17850",
) -> str:
    return f"{invoice},{sku},{name},{quantity},{at},{price},{customer},United Kingdom"


def sheet(*lines: str, header: str = HEADER) -> str:
    return "\n".join([header, *lines, ""])


def written(path: Path, *lines: str) -> Path:
    path.write_text(sheet(*lines), encoding="utf-8")
    return path


def as_file(text: str) -> TextIO:
    """The text as a replay opens it."""
    return TextIOWrapper(BytesIO(text.encode()), encoding="latin-1", newline="")
