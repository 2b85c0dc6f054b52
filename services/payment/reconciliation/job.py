"""The reconciliation's run: the new pages of the ledger, then whatever is still open.

The replicas take turns. A turn ends by itself, so that no one has to wait for a process that died
in the midst of it; each page is stored in a transaction that sees to it that the turn still holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, takewhile

import structlog

from services.payment.metrics import ReconciliationMetrics
from services.payment.reconciliation.comparison import (
    Entry,
    Judgement,
    Mismatch,
    Movement,
    Outcome,
    Verdict,
    judge,
    judge_missing,
)
from services.payment.reconciliation.ledger import LedgerLost, LedgerUnreadable, ProviderLedger
from services.payment.reconciliation.listing import MismatchReader
from services.payment.reconciliation.sheet import Marks, Scope, Sheet, compare
from services.payment.reconciliation.store import (
    Bookmark,
    Conclusion,
    OpenItem,
    Store,
    TurnLost,
)
from shared.clock import Clock, first_id_at

log = structlog.get_logger(__name__)

CLAIM = timedelta(seconds=20)  # more than a page takes, with its writing
PAGE = 1000
PROGRESS_EVERY = 100  # pages
LOOKS = 10  # batches of open items in one run
TOLD = 20  # mismatches that are logged one by one in one run
# Without a charge in the ledger by which to tell, payments of orders as old as this are expected.
QUIET = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often, and how far behind: movements younger than `grace` may not be noted here yet."""

    every: timedelta = timedelta(seconds=30)
    grace: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    ledger: ProviderLedger
    store: Store
    mismatches: MismatchReader
    metrics: ReconciliationMetrics
    clock: Clock
    pace: Pace
    shared_ledger: bool = False

    async def run(self) -> None:
        """Compare what is new and look again at what is open, if no other replica does.

        Raises:
            DependencyDown: the provider or Postgres is away; a later run goes on.
        """
        try:
            if bookmark := await self.store.take_turn(self.clock(), until=self._turns_end()):
                await self._compare(bookmark)
        except LedgerUnreadable as error:
            log.warning("reconciliation.ledger_unreadable", reason=str(error))
        except TurnLost:
            log.warning("reconciliation.turn_lost")
        self.metrics.show(await self.mismatches.standing())

    async def _compare(self, bookmark: Bookmark) -> None:
        now = self.clock()
        try:
            bookmark = await self._read_ledger(bookmark, now)
        except LedgerLost as lost:
            await self._begin_anew(bookmark, lost, now)
            return
        await self._look_again(bookmark, now)
        await self.store.finish(bookmark, now, next_at=self.clock() + self.pace.every / 2)

    async def _begin_anew(self, bookmark: Bookmark, lost: LedgerLost, now: datetime) -> None:
        """Have the whole ledger read by the next run: it may lack what our books say."""
        log.error("reconciliation.ledger_lost", movement_id=lost.movement_id)
        await self.store.begin_anew(bookmark, now, until=now)

    async def _read_ledger(self, bookmark: Bookmark, now: datetime) -> Bookmark:
        """Compare all movements that are old enough, and await what they have not shown."""
        at_start, old_enough = bookmark.marks, now - self.pace.grace
        for pages in count(1):
            page = await self.ledger.after(bookmark.last, limit=PAGE)
            movements = list(takewhile(lambda it: it.created_at <= old_enough, page))
            if movements:
                bookmark = await self._compare_page(bookmark, movements)
            if len(movements) < PAGE:
                break
            if pages % PROGRESS_EVERY == 0:
                log.info("reconciliation.catching_up", movement_id=bookmark.last[0])
        marks = self._marks_at_the_end(at_start, bookmark.marks, now)
        return await self._note(bookmark, Sheet(marks))

    async def _compare_page(self, bookmark: Bookmark, movements: Sequence[Movement]) -> Bookmark:
        moved = [movement for movement in movements if movement.status is Outcome.SUCCEEDED]
        agreeing, others = await self.store.sift(moved)
        entries = await self.store.entries(movement.order_id for movement in others)
        judged = zip(others, entries, strict=True)
        sheet = compare(agreeing, judged, bookmark.marks, self._scope(bookmark))
        self.metrics.passed_over.inc(sheet.passed_over)
        return await self._note(bookmark.behind(movements), sheet)

    def _marks_at_the_end(self, at_start: Marks, marks: Marks, now: datetime) -> Marks:
        """Return the marks where the ledger has nothing more to show by which to move them."""
        orders_until = marks.orders_until
        if orders_until == at_start.orders_until:
            orders_until = max(orders_until, first_id_at(now - QUIET))
        noted = max(marks.refunds_until, self._long_ago(now))
        return Marks(orders_until=orders_until, refunds_until=noted)

    async def _look_again(self, bookmark: Bookmark, now: datetime) -> None:
        """Judge what is open; what is still open after so many looks waits for the next run."""
        news: list[tuple[OpenItem, Mismatch]] = []
        for _ in range(LOOKS):
            items = await self.store.open_items(now)
            if not items:
                break
            entries = await self.store.entries(item.order_id for item in items)
            conclusions = [
                Conclusion(item, self._judge(item, entry, bookmark, now))
                for item, entry in zip(items, entries, strict=True)
            ]
            await self.store.conclude(bookmark, conclusions, now, until=self._turns_end())
            news += [(it.item, it.news) for it in conclusions if it.news is not None]
        _tell(news)

    def _judge(
        self, item: OpenItem, entry: Entry | None, bookmark: Bookmark, now: datetime
    ) -> Judgement:
        if item.movement is None:
            return judge_missing(item.kind, entry, long_ago=self._long_ago(now))
        if entry is None and not self._scope(bookmark).concerns(item.movement):
            return Verdict.AGREES
        if bookmark.marks.still_to_pass(item.kind, entry):
            return Verdict.OPEN
        return judge(item.movement, entry, given_back_cents=item.given_back_cents)

    def _scope(self, bookmark: Bookmark) -> Scope:
        return Scope(since=bookmark.since, shared=self.shared_ledger)

    async def _note(self, bookmark: Bookmark, sheet: Sheet) -> Bookmark:
        return await self.store.note(bookmark, sheet, self.clock(), until=self._turns_end())

    def _turns_end(self) -> datetime:
        return self.clock() + CLAIM

    def _long_ago(self, now: datetime) -> datetime:
        """Return when a payment must have changed for the ledger, as it was read, to show it.

        A second grace on top of that of the reading: the provider's clock may be ahead of ours.
        """
        return now - 2 * self.pace.grace


def _tell(news: Sequence[tuple[OpenItem, Mismatch]]) -> None:
    for item, mismatch in news[:TOLD]:
        log.warning(
            "payment.mismatch",
            problem=mismatch.problem,
            order_id=item.order_id,
            key=item.key,
            expected=mismatch.expected,
            found=mismatch.found,
        )
    if len(news) > TOLD:
        log.warning("payment.more_mismatches", count=len(news) - TOLD)
