"""What the generator is asked for, and what it hands back; both travel as JSON files."""

from dataclasses import dataclass, field
from pathlib import Path

CONFIRMED = "orders.confirmed"
CANCELLED = "orders.cancelled"
ENDS = (CONFIRMED, CANCELLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Orders to place: one after the other answer (closed loop), or at their times (open loop).

    Attributes:
        bodies: a file, one request body a line.
        key_prefix: of the Idempotency-Keys.
        concurrency: requests under way in the closed loop.
        rate: orders a second in the open loop; None is the closed loop.
        poisson_seed: arrivals at random, as customers come; None spaces them evenly.
        subjects: what is listened to, beside the orders' ends.
        settle_s: how long the last ends are waited for.
    """

    order_urls: tuple[str, ...]
    nats_url: str
    token: str
    bodies: Path
    key_prefix: str
    concurrency: int = 64
    rate: float | None = None
    poisson_seed: int | None = None
    subjects: tuple[str, ...] = ()
    settle_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that was answered 202. Times are the wall clock's, in seconds."""

    number: int
    order_id: str
    total_cents: int
    due: float
    sent: float
    answered: float


@dataclass(slots=True)
class Outcome:
    began: float = 0.0
    posted: float = 0.0
    placed: list[Placed] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    """Other answers than 202, by status and first words."""
    heard: dict[str, dict[str, float]] = field(default_factory=dict)
    """Subject → order id → when its event came by."""
