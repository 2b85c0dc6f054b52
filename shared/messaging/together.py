"""Handling together what arrived together, where all that an event asks for is a decision.

Such a handler returns the work for a group commit instead of waiting for it. So a whole batch is
decoded, decided, committed and acknowledged in one go, without a task, a future and nine calls
deep of stages for each message (docs/adr/0011-decided-together.md).

In hope, as the group commit itself goes: that each event comes for the first time and reads well,
and that nothing is away. Whatever does not get through is left, and goes alone through the
stages, which know what to make of it. Nothing of it was settled or counted until then.
"""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, TypeVar
from uuid import UUID

from shared.errors import Overloaded
from shared.events import Event
from shared.messaging.client import EventMsg
from shared.messaging.finished import Finished
from shared.messaging.pipeline import deliveries_of
from shared.persistence.group_commit import GroupCommit
from shared.persistence.work import Work
from shared.telemetry import is_tracing

E = TypeVar("E", bound=Event)
Asked = Work[Any, Any, None]
Decide = Callable[[E], Asked]
"""A handler that needs nothing but a decision: from the event to the work."""


class DecidedTogether:
    """One subscription's batches, in one group commit each."""

    def __init__(
        self,
        event_type: type[E],
        decide: Decide[E],
        commits: GroupCommit[Any, Any],
        finished: Finished,
    ) -> None:
        self._event_type = event_type
        self._decide: Decide[Any] = decide
        self._commits = commits
        self._finished = finished

    async def __call__(self, batch: Sequence[EventMsg]) -> None:
        """Handle and acknowledge what gets through; the rest stays as it came."""
        if is_tracing():  # each message has a trace of its own
            return
        hopeful = [(msg, work) for msg in batch if (work := self._work_of(msg)) is not None]
        if not hopeful:
            return
        started = perf_counter()
        try:
            errors = await self._commits.run_all([work for _, work in hopeful])
        except Overloaded:
            return
        pairs = zip(hopeful, errors, strict=True)
        through = [came for came, error in pairs if error is None]
        if through:
            self._finished.note(
                [msg for msg, _ in through],
                [_event_id(work) for _, work in through],
                seconds=perf_counter() - started,
            )

    def _work_of(self, msg: EventMsg) -> Asked | None:
        """Return what the event asks for; None if it has to go alone."""
        if deliveries_of(msg) > 1:  # Redis may know it
            return None
        try:
            return self._decide(self._event_type.from_bytes(msg.data))
        except Exception:  # noqa: BLE001 - it fails again in the stages, which settle it
            return None


def _event_id(work: Asked) -> UUID:
    assert work.consumed is not None  # noqa: S101 - it is the event that was heard
    return work.consumed.event_id
