"""What was read, side by side: a database of the audit's own that spills to disk.

Readers fill the tables of `rows.py`; checks ask them.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import get_type_hints

from audit.rows import TABLES, Row, Table

CACHE_KIB = 65_536


# Made after the reading, where a check looks things up by another column than the key.
INDEXES = """
CREATE INDEX events_by_type ON events (event_type, event_id);
CREATE INDEX events_by_order ON events (order_id, event_type);
CREATE INDEX letters_by_event ON letters (event_id, service);
CREATE INDEX movements_by_order ON movements (order_id);
CREATE INDEX mails_by_event ON mails (event_id);
ANALYZE;
"""


class Evidence:
    """A private database without a name: gone with its connection."""

    def __init__(self) -> None:
        # An empty name is a database on disk, of which SQLite keeps CACHE_KIB in memory.
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(
            f"PRAGMA cache_size = -{CACHE_KIB}; PRAGMA journal_mode = OFF;"
            "PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
        )
        for row_type, table in TABLES.items():
            self._connection.execute(_definition(row_type, table))
        self._inserts = {row_type: _insert(row_type) for row_type in TABLES}
        self._connection.execute("BEGIN")

    def add(self, row_type: type[Row], rows: Iterable[Sequence[object]]) -> None:
        """Add rows that have the columns of `row_type`, in their order."""
        self._connection.executemany(self._inserts[row_type], rows)

    def complete(self) -> None:
        """Everything is read: make it fast to ask."""
        self._connection.execute("COMMIT")
        self._connection.executescript(INDEXES)

    def select(self, statement: str, *parameters: object) -> Iterator[Row]:
        return self._connection.execute(statement, parameters)

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)

    def count(self, row_type: type[Row]) -> int:
        name = TABLES[row_type].name
        ((rows,),) = self._connection.execute(f"SELECT count(*) FROM {name}")  # noqa: S608 - ours
        return int(rows)

    def close(self) -> None:
        self._connection.close()


def _definition(row_type: type[Row], table: Table) -> str:
    columns = ", ".join(
        f"{name} {'INTEGER' if hint is int else 'TEXT'}"
        for name, hint in get_type_hints(row_type).items()
    )
    if not table.key:
        return f"CREATE TABLE {table.name} ({columns})"
    key = ", ".join(table.key)
    return f"CREATE TABLE {table.name} ({columns}, PRIMARY KEY ({key})) WITHOUT ROWID"


def _insert(row_type: type[Row]) -> str:
    marks = ", ".join("?" * len(get_type_hints(row_type)))
    return f"INSERT OR IGNORE INTO {TABLES[row_type].name} VALUES ({marks})"  # noqa: S608 - ours
