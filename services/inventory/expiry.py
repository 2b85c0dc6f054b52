"""Gives back, now and then, what is held by reservations that ran out.

Every replica does; what two of them find at once is released by whoever comes first.
"""

from datetime import timedelta

import structlog

from services.inventory.queries import find_overdue
from services.inventory.use_cases import Commits, expire_reservations
from shared.clock import Clock, NewId, new_id, utc_now
from shared.persistence.database import Database

log = structlog.get_logger(__name__)

ORDERS_AT_ONCE = 200


class Expiry:
    """The periodic job.

    `grace` is the way that the news of a confirmation may take: the order service confirms
    nothing after `expires_at`, but what it confirmed just before may still be travelling.
    """

    def __init__(
        self,
        database: Database,
        commits: Commits,
        *,
        grace: timedelta,
        clock: Clock = utc_now,
        new_id: NewId = new_id,
    ) -> None:
        self._database = database
        self._commits = commits
        self._grace = grace
        self._clock = clock
        self._new_id = new_id

    async def run(self) -> None:
        """Release all reservations that ran out, a group at a time."""
        while released := await self._release_some():
            log.info("reservations.expired", count=released)

    async def _release_some(self) -> int:
        now = self._clock()
        orders = await find_overdue(self._database, before=now - self._grace, limit=ORDERS_AT_ONCE)
        if not orders:
            return 0
        work = expire_reservations(orders, at=now, new_id=self._new_id, grace=self._grace)
        return await self._commits.run(work)
