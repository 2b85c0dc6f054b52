"""How inbox and outbox came to be what they are; each step is part of every service's history.

What stands here is never changed: databases that exist have gone through it. `tables.py` tells
what the last step leads to.
"""

from alembic.operations import Operations

INBOX = """
CREATE TABLE inbox (
    event_id uuid PRIMARY KEY,
    subject text NOT NULL,
    consumed_at timestamptz NOT NULL DEFAULT clock_timestamp())
"""

OUTBOX = """
CREATE TABLE outbox (
    event_id uuid PRIMARY KEY,
    subject text NOT NULL,
    payload bytea NOT NULL,
    traceparent text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    stream_seq bigint)
"""

UNPUBLISHED = "CREATE INDEX outbox_unpublished ON outbox (event_id) WHERE published_at IS NULL"

GROUPS = """
CREATE TABLE outbox_groups (
    group_id uuid PRIMARY KEY,
    event_ids uuid[] NOT NULL,
    subjects text[] NOT NULL,
    payloads bytea[] NOT NULL,
    traceparents text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    published_at timestamptz,
    stream_seqs bigint[])
"""

UNPUBLISHED_GROUPS = """
CREATE INDEX outbox_groups_unpublished ON outbox_groups (group_id) WHERE published_at IS NULL
"""

# Long values go to a table beside this one, from which a mark copies nothing; as they are, since
# compressing them would take longer than all the rest.
STORED_AS_THEY_ARE = """
ALTER TABLE outbox_groups
    ALTER event_ids SET STORAGE EXTERNAL, ALTER subjects SET STORAGE EXTERNAL,
    ALTER payloads SET STORAGE EXTERNAL, ALTER traceparents SET STORAGE EXTERNAL
"""

GROUP_ROWS = """
INSERT INTO outbox_groups
SELECT event_id, ARRAY[event_id], ARRAY[subject], ARRAY[payload], ARRAY[traceparent],
    created_at, published_at, CASE WHEN stream_seq IS NOT NULL THEN ARRAY[stream_seq] END
FROM outbox
"""

# A row for each event, for those who look from outside.
VIEW = """
CREATE VIEW outbox AS
SELECT event_id, subject, payload, traceparent, created_at, published_at, stream_seq
FROM outbox_groups,
    unnest(event_ids, subjects, payloads, traceparents, stream_seqs)
        AS said (event_id, subject, payload, traceparent, stream_seq)
"""

FIRST = (INBOX, OUTBOX, UNPUBLISHED)
GROUPED = (GROUPS, STORED_AS_THEY_ARE, GROUP_ROWS, "DROP TABLE outbox", UNPUBLISHED_GROUPS, VIEW)
ROW_BY_ROW = (
    "ALTER VIEW outbox RENAME TO outbox_as_rows",
    OUTBOX,
    "INSERT INTO outbox SELECT * FROM outbox_as_rows",
    "DROP VIEW outbox_as_rows",
    "DROP TABLE outbox_groups",
    UNPUBLISHED,
)


def create_messaging_tables(op: Operations) -> None:
    """Create the inbox and the outbox; for the first migration of each service."""
    _execute(op, FIRST)


def drop_messaging_tables(op: Operations) -> None:
    """Undo `create_messaging_tables`."""
    _execute(op, ("DROP TABLE outbox", "DROP TABLE inbox"))


def group_outbox(op: Operations) -> None:
    """Give a group's messages one row; those that are stored have one each."""
    _execute(op, GROUPED)


def ungroup_outbox(op: Operations) -> None:
    """Undo `group_outbox`. A group that is published in part is not published."""
    _execute(op, ROW_BY_ROW)


def _execute(op: Operations, statements: tuple[str, ...]) -> None:
    for statement in statements:
        op.execute(statement)
