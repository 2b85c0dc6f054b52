"""How many dead letters of a group wait for an operator, and since when: for the metrics."""

from collections.abc import Callable

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from shared.clock import Clock, utc_now
from shared.events.topology import DEAD_LETTERS, DESK, dead_letter_subject, desk_subject
from shared.messaging.desk.letters import Action, Letter
from shared.messaging.desk.reading import letter_of, read
from shared.metrics import DeadLetterMetrics


class Gauges:
    """Asks for counts by subject, so that it costs the same with one letter or a million."""

    def __init__(
        self,
        group: str,
        jetstream: Callable[[], JetStreamContext],
        metrics: DeadLetterMetrics,
        now: Clock = utc_now,
    ) -> None:
        self._group = group
        self._jetstream = jetstream
        self._metrics = metrics
        self._now = now

    async def refresh(self) -> None:
        """Raises nats.errors.Error."""
        letters = await self._count(DEAD_LETTERS.name, dead_letter_subject(self._group, ">"))
        discarded = await self._discarded() if letters else set()
        self._metrics.letters.set(letters - len(discarded))
        oldest = await self._oldest(discarded) if letters > len(discarded) else None
        age_s = (self._now() - oldest.failed_at).total_seconds() if oldest else 0.0
        self._metrics.oldest_age.set(age_s)

    async def _count(self, stream: str, subject: str) -> int:
        return sum((await self._subjects(stream, subject)).values())

    async def _discarded(self) -> set[int]:
        """Return the numbers of discarded letters that are still there."""
        discarded = await self._noted(Action.DISCARDED)
        if discarded:  # and not replayed after all
            discarded -= await self._noted(Action.HANDLED)
            discarded -= await self._noted(Action.FAILED)
        return discarded

    async def _noted(self, action: Action) -> set[int]:
        pattern = desk_subject(action, "*", self._group, ">")
        subjects = await self._subjects(DESK.name, pattern)
        return {int(subject.split(".")[2]) for subject in subjects}

    async def _oldest(self, discarded: set[int]) -> Letter | None:
        jetstream, seq = self._jetstream(), 1
        pattern = dead_letter_subject(self._group, ">")
        while True:
            try:
                found = await jetstream.get_msg(DEAD_LETTERS.name, seq, pattern, next=True)
            except NotFoundError:
                return None
            assert found.seq  # noqa: S101 - a stored message has one
            if found.seq not in discarded:
                break
            seq = found.seq + 1
        stored = await read(jetstream, DEAD_LETTERS.name, found.seq)
        return letter_of(stored) if stored else None

    async def _subjects(self, stream: str, pattern: str) -> dict[str, int]:
        info = await self._jetstream().stream_info(stream, subjects_filter=pattern)
        return info.state.subjects or {}
