"""Reading mismatches without a lock: for operators, and for the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select

from services.payment.reconciliation.comparison import Problem
from services.payment.tables import MismatchRow, ReconciliationRow
from shared.persistence.database import Database


@dataclass(frozen=True, slots=True)
class Standing:
    """How many mismatches there are, by problem, and when the last comparison was finished."""

    open: Mapping[Problem, int]
    finished_at: datetime | None


class MismatchReader:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def standing(self) -> Standing:
        counts = (
            select(col(MismatchRow.problem), func.count())
            .where(col(MismatchRow.problem).is_not(None), col(MismatchRow.gone_at).is_(None))
            .group_by(col(MismatchRow.problem))
        )
        async with self._database.session() as session:
            found = dict((await session.exec(counts)).all())
            finished_at = (await session.exec(select(ReconciliationRow.finished_at))).one()
        return Standing({problem: found.get(problem, 0) for problem in Problem}, finished_at)

    async def page(
        self, *, problem: Problem | None, gone: bool, before: int | None, limit: int
    ) -> list[MismatchRow]:
        """Return mismatches, newest first; `before` is the last id of the page before."""
        query = (
            select(MismatchRow)
            .where(col(MismatchRow.problem).is_not(None))
            .order_by(col(MismatchRow.mismatch_id).desc())
            .limit(limit)
        )
        if problem is not None:
            query = query.where(MismatchRow.problem == problem)
        if not gone:
            query = query.where(col(MismatchRow.gone_at).is_(None))
        if before is not None:
            query = query.where(col(MismatchRow.mismatch_id) < before)
        async with self._database.session() as session:
            return list(await session.exec(query))
