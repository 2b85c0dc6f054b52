"""Arrays on their way to Postgres, in its binary form.

A group's rows travel as one array a column. asyncpg asks of each element whether it is an array
itself, which takes it up to three calls into `abc`: 5.1 µs a row of five columns, with all else,
where this takes 2.3 (docs/explanation/performance.md). Here arrays have one dimension, and of what
type their elements are stands in the statement.

It rests on one private part of asyncpg, `add_python_codec`, which its own `set_type_codec` refuses
to call for arrays; `tests/integration/shared/persistence/test_arrays.py` fails when that changes.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct
from typing import Any, NoReturn
from uuid import UUID

import asyncpg

Values = Sequence[Any]
ToBytes = Callable[[Values], list[bytes]]
"""From elements to their binary form, each behind its length."""

NULL = b"\xff\xff\xff\xff"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_header = Struct(">iiIii").pack  # dimensions, flags, type of elements; length, lower bound
_length = Struct(">i").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_bool = Struct(">i?").pack


def install(connection: asyncpg.Connection) -> None:
    """Let the connection send arrays so; it reads none from then on."""
    settings = connection._protocol.get_settings()  # type: ignore[attr-defined]  # see above
    for name, oid, element, to_bytes in ARRAYS:
        settings.add_python_codec(
            oid, name, "pg_catalog", [], "array", _encoder(element, to_bytes), _unread, "binary"
        )


def _encoder(element: int, to_bytes: ToBytes) -> Callable[[Values], bytes]:
    def encode(values: Values) -> bytes:
        return _header(1, 0, element, len(values), 1) + b"".join(to_bytes(values))

    return encode


def _unread(_: bytes) -> NoReturn:
    raise NotImplementedError("a connection for group commits reads no arrays")


def _uuids(values: Sequence[UUID | None]) -> list[bytes]:
    return [NULL if it is None else b"\0\0\0\x10" + it.bytes for it in values]


def _texts(values: Sequence[str | None]) -> list[bytes]:
    return [NULL if it is None else _sized(it.encode()) for it in values]


def _jsonbs(values: Sequence[str | None]) -> list[bytes]:
    return [NULL if it is None else _sized(b"\x01" + it.encode()) for it in values]


def _byteas(values: Sequence[bytes | None]) -> list[bytes]:
    return [NULL if it is None else _sized(it) for it in values]


def _int4s(values: Sequence[int | None]) -> list[bytes]:
    return [NULL if it is None else _int4(4, it) for it in values]


def _int8s(values: Sequence[int | None]) -> list[bytes]:
    return [NULL if it is None else _int8(8, it) for it in values]


def _bools(values: Sequence[bool | None]) -> list[bytes]:
    return [NULL if it is None else _bool(1, it) for it in values]


def _moments(values: Sequence[datetime | None]) -> list[bytes]:
    """Of aware times; a naive one is a TypeError."""
    return [NULL if it is None else _int8(8, (it - EPOCH) // MICROSECOND) for it in values]


def _sized(value: bytes) -> bytes:
    return _length(len(value)) + value


# The numbers of built-in types never change (Postgres's pg_type.dat).
ARRAYS: tuple[tuple[str, int, int, ToBytes], ...] = (
    ("_bool", 1000, 16, _bools),
    ("_bytea", 1001, 17, _byteas),
    ("_int4", 1007, 23, _int4s),
    ("_text", 1009, 25, _texts),
    ("_int8", 1016, 20, _int8s),
    ("_timestamptz", 1185, 1184, _moments),
    ("_uuid", 2951, 2950, _uuids),
    ("_jsonb", 3807, 3802, _jsonbs),
)
"""Name, number, number of the elements' type, and how they become bytes."""
