"""Arrays on their way to Postgres and back, in its binary form.

A group's rows travel as one array a column. asyncpg asks of each element whether it is an array
itself, which takes it up to three calls into `abc`: 5.9 µs a row of five columns, with all else,
where this takes 2.9 (docs/explanation/performance.md). Here arrays have one dimension, and of what
type their elements are stands in the statement.

It rests on one private part of asyncpg, `add_python_codec`, which its own `set_type_codec` refuses
to call for arrays; `tests/integration/shared/persistence/test_arrays.py` fails when that changes.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg.pgproto import pgproto

Values = Sequence[Any]
Write = Callable[[Values], list[bytes]]
"""From elements to their binary form, each behind its length; in as many pieces as it likes."""
Read = Callable[[bytes], Any]
"""From an element's binary form to the element."""

NULL = b"\xff\xff\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_header = Struct(">iiIii")  # dimensions, flags, type of elements; length, lower bound
_length = Struct(">i")
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_xid = Struct(">iI").pack
_bool = Struct(">i?").pack
_LENGTHS = tuple(f"\0\0\0{chr(length)}" for length in range(128))
"""What stands before a short text, as text."""


def install(connection: asyncpg.Connection) -> None:
    """Let the connection send and read arrays so."""
    settings = connection._protocol.get_settings()  # type: ignore[attr-defined]  # see above
    for name, oid, element, write, read in ARRAYS:
        codec = (_encoder(element, write), _decoder(read))
        settings.add_python_codec(oid, name, "pg_catalog", [], "array", *codec, "binary")


def _encoder(element: int, write: Write) -> Callable[[Values], bytes]:
    def encode(values: Values) -> bytes:
        return _header.pack(1, 0, element, len(values), 1) + b"".join(write(values))

    return encode


def _decoder(read: Read) -> Callable[[bytes], list[Any]]:
    def decode(data: bytes) -> list[Any]:
        dimensions = _length.unpack_from(data)[0]
        if dimensions > 1:
            raise NotImplementedError("an array of more than one dimension")
        return [None if it is None else read(it) for it in _elements(data)] if dimensions else []

    return decode


def _elements(data: bytes) -> Iterator[bytes | None]:
    place = _header.size
    while place < len(data):
        (length,) = _length.unpack_from(data, place)
        place += _length.size
        yield None if length < 0 else data[place : place + length]
        place += max(0, length)


def _uuids(values: Sequence[UUID | None]) -> list[bytes]:
    return [NULL if it is None else b"\0\0\0\x10" + it.bytes for it in values]


def _texts(values: Sequence[str | None]) -> list[bytes]:
    """Where all are short and ASCII, as most columns are, in one piece: half the time."""
    try:
        together = "".join([_LENGTHS[len(it)] + it for it in values])  # type: ignore[arg-type,operator]
    except (IndexError, TypeError):  # a long one, or NULL
        return _texts_one_by_one(values)
    return [together.encode()] if together.isascii() else _texts_one_by_one(values)


def _texts_one_by_one(values: Sequence[str | None]) -> list[bytes]:
    return [NULL if it is None else len(b := it.encode()).to_bytes(4) + b for it in values]


def _byteas(values: Sequence[bytes | None]) -> list[bytes]:
    return [NULL if it is None else len(it).to_bytes(4) + it for it in values]


def _int4s(values: Sequence[int | None]) -> list[bytes]:
    return [NULL if it is None else _int4(4, it) for it in values]


def _int8s(values: Sequence[int | None]) -> list[bytes]:
    return [NULL if it is None else _int8(8, it) for it in values]


def _xids(values: Sequence[int | None]) -> list[bytes]:
    """Of row versions, as `xmin` tells them."""
    return [NULL if it is None else _xid(4, it) for it in values]


def _bools(values: Sequence[bool | None]) -> list[bytes]:
    return [NULL if it is None else _bool(1, it) for it in values]


def _moments(values: Sequence[datetime | None]) -> list[bytes]:
    """Of aware times; a naive one is a TypeError."""
    return [NULL if it is None else _int8(8, (it - EPOCH) // MICROSECOND) for it in values]


def _int(value: bytes) -> int:
    return int.from_bytes(value, "big", signed=True)


def _moment(value: bytes) -> datetime:
    return EPOCH + _int(value) * MICROSECOND


# The numbers of built-in types never change (Postgres's pg_type.dat).
ARRAYS: tuple[tuple[str, int, int, Write, Read], ...] = (
    ("_bool", 1000, 16, _bools, any),
    ("_bytea", 1001, 17, _byteas, bytes),
    ("_int4", 1007, 23, _int4s, _int),
    ("_xid", 1011, 28, _xids, int.from_bytes),
    ("_text", 1009, 25, _texts, bytes.decode),
    ("_int8", 1016, 20, _int8s, _int),
    ("_timestamptz", 1185, 1184, _moments, _moment),
    ("_uuid", 2951, 2950, _uuids, pgproto.UUID),
)
"""Name, number, number of the elements' type; how they become bytes, and come back."""
