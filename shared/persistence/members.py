"""The members of a group on their way through a group commit, and who waits for them."""

import asyncio
from typing import Any, Generic, TypeVar

import asyncpg

from shared.errors import AlreadyConsumed
from shared.events import Event
from shared.persistence.work import Work
from shared.telemetry import current_traceparent

RACES = 5  # lost one after the other
GROUPS_LET_GO = 2  # by who is early

N = TypeVar("N")
S = TypeVar("S")


class Caller:
    """Who waits for one member or for many, and goes on when the last of them is settled."""

    __slots__ = ("_left", "woken")

    def __init__(self, members: int, loop: asyncio.AbstractEventLoop) -> None:
        self._left = members
        self.woken: asyncio.Future[None] = loop.create_future()

    @property
    def is_gone(self) -> bool:
        """Tell whether it was cancelled; nobody else is done before its members are."""
        return self.woken.done()

    def hear(self) -> None:
        """One more member is settled."""
        self._left -= 1
        if not self._left and not self.woken.done():
            self.woken.set_result(None)


class Member(Generic[N, S]):
    __slots__ = ("caller", "error", "let_go", "races", "refusal", "result", "trace", "work")

    def __init__(self, work: Work[N, S, Any], caller: Caller) -> None:
        self.work = work
        self.caller = caller
        self.trace = current_traceparent()  # of the caller: the writer has a context of its own
        self.result: Any = None
        self.error: Exception | None = None
        self.refusal: Exception | None = None
        self.races = 0
        self.let_go = 0

    def waits(self, state: S) -> bool:
        """Tell whether this group goes without it: it is early, and has not waited long."""
        is_early = self.work.is_early
        return is_early is not None and self.let_go < GROUPS_LET_GO and is_early(state)

    def decide(self, state: S, refusals: tuple[type[Exception], ...]) -> tuple[Event, ...]:
        """Decide on the shared state, and return what is to be said.

        A command that is refused changed nothing and goes alone. An event that is refused has
        its inbox row in this transaction: the group must roll back.
        """
        self.refusal = None
        try:
            decision = self.work.decide(state)
        except refusals as refusal:
            if self.work.consumed is not None:
                raise
            self.refusal = refusal
            return ()
        self.result = decision.result
        return decision.events

    def lost_race(self, error: Exception) -> bool:
        """Tell whether it is worth deciding again, on what the other replica wrote."""
        self.races += isinstance(error, asyncpg.UniqueViolationError)
        return isinstance(error, asyncpg.UniqueViolationError) and self.races < RACES

    def settle(self) -> None:
        """Tell the caller how it ended; what was decided is committed."""
        self.error = self.refusal
        self.caller.hear()

    def fail(self, error: Exception) -> None:
        self.error = error
        self.caller.hear()


Members = list[Member[N, S]]


def consumed(members: Members[N, S]) -> list[Event]:
    return [member.work.consumed for member in members if member.work.consumed is not None]


def without_repeats(group: Members[N, S], known: set[int]) -> Members[N, S]:
    """Leave out members whose event was consumed before, or comes a second time in this group."""
    fresh = []
    for member in group:
        event = member.work.consumed
        if event is None:
            fresh.append(member)
        elif event.event_id.int in known:
            member.refusal = AlreadyConsumed(event.event_id)
        else:
            known.add(event.event_id.int)
            fresh.append(member)
    return fresh
