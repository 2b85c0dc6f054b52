from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

from shared.metrics import Metrics
from shared.persistence.database import Database, KeptConnection
from shared.persistence.group_commit import GroupCommit, Repository

N = TypeVar("N")
S = TypeVar("S")


@asynccontextmanager
async def committing(
    database: Database,
    repository: Repository[N, S],
    *,
    refusals: tuple[type[Exception], ...] = (),
) -> AsyncIterator[GroupCommit[N, S]]:
    """One process's group commit; what it says stays in the outbox."""
    commits = GroupCommit(
        KeptConnection(database.engine),
        repository,
        publish=lambda _messages: None,
        metrics=Metrics().group_commit,
        refusals=refusals,
    )
    commits.start()
    try:
        yield commits
    finally:
        await commits.stop()
