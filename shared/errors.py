"""The errors that the rooms of `shared` understand, and what the edges make of them.

ShopError
├── TransientError      a consumer naks with a delay and tries again
├── PermanentError      a consumer dead-letters at once
├── DependencyDown      a consumer pauses; HTTP answers 503 with Retry-After
├── Overloaded          HTTP answers 503 with Retry-After
└── AlreadyConsumed     a consumer acknowledges: the inbox has this event

A service's own errors stand in its `domain.py`; its `api.py` says which status each becomes.
Any other exception inside a handler counts as transient, and ends as a dead letter.
"""

from uuid import UUID


class ShopError(Exception):
    pass


class TransientError(ShopError):
    """It failed now and may succeed later, for a reason that lies in this one message."""


class PermanentError(ShopError):
    """It will never succeed as it is: trying again is no use."""


class DependencyDown(ShopError):
    """Something that every message needs is away: the fault is not the message's."""

    def __init__(self, name: str, detail: str = "") -> None:
        super().__init__(f"{name} is not available{': ' if detail else ''}{detail}")
        self.name = name
        self.detail = detail


class Overloaded(ShopError):
    """A bounded queue is full: come back after `retry_after_s` seconds."""

    def __init__(self, queue: str, *, retry_after_s: int = 1) -> None:
        super().__init__(f"{queue} is full")
        self.queue = queue
        self.retry_after_s = retry_after_s


class AlreadyConsumed(ShopError):
    """This consumer group has handled the event before."""

    def __init__(self, event_id: UUID) -> None:
        super().__init__(f"event {event_id} was consumed before")
        self.event_id = event_id
