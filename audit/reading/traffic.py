"""Inboxes and outboxes: the same two tables in every service's database."""

from audit.evidence import Evidence
from audit.reading.databases import Snapshot, pages
from audit.reading.progress import Progress
from audit.rows import Heard, Said
from audit.scope import Scope

INBOX = "SELECT event_id::text FROM inbox WHERE event_id > $1 ORDER BY event_id"

PUBLISHED = """
SELECT event_id::text, subject FROM outbox
WHERE event_id > $1 AND published_at IS NOT NULL ORDER BY event_id
"""


async def read(
    tx: Snapshot, evidence: Evidence, *, service: str, scope: Scope, progress: Progress
) -> None:
    seen = 0
    async for rows in pages(tx, INBOX, scope.events_after):
        evidence.add(Heard, [(service, row[0]) for row in rows])
        seen += len(rows)
        progress(f"inbox of {service}", seen, None)
    async for rows in pages(tx, PUBLISHED, scope.events_after):
        evidence.add(Said, [(service, *row) for row in rows])
