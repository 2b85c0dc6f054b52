"""Groups of events written for real, and what the tables then hold, as `recount` gives it."""

import asyncio
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import asyncpg

from services.analytics.repository import TallyRepository
from services.analytics.use_cases import Commits, count
from shared.errors import AlreadyConsumed
from shared.events import Event
from shared.persistence.database import Database
from tests.integration.committing import committing

COUNTS = (
    "orders_placed",
    "orders_confirmed",
    "orders_cancelled",
    "confirmed_cents",
    "deducted_cents",
    "refunded_cents",
)


def replica(database: Database) -> AbstractAsyncContextManager[Commits]:
    return committing(database, TallyRepository())


async def hear(commits: Commits, events: Iterable[Event]) -> list[BaseException]:
    """Count the events together, as one group; returns the errors, repeats left out."""
    outcomes = await asyncio.gather(
        *(commits.run(count(event)) for event in events), return_exceptions=True
    )
    return [
        outcome
        for outcome in outcomes
        if isinstance(outcome, BaseException) and not isinstance(outcome, AlreadyConsumed)
    ]


async def stored(connection: asyncpg.Connection) -> dict[str, Any]:
    events = await connection.fetch("SELECT * FROM event_counts")
    minutes = await connection.fetch("SELECT * FROM revenue_minutes")
    sales = await connection.fetch("SELECT * FROM product_sales")
    payments = await connection.fetch("SELECT * FROM payment_method_totals")
    buyers = await connection.fetch("SELECT * FROM buyers")
    return {
        "events": {row["event_type"]: row["events"] for row in events},
        "customers": {row["customer_id"] for row in buyers},
        "minutes": {
            (row["minute"], row["currency"]): {name: row[name] for name in COUNTS if row[name]}
            for row in minutes
        },
        "sales": {
            (row["sku"], row["currency"]): (row["name"], row["quantity"], row["revenue_cents"])
            for row in sales
        },
        "payments": {
            (row["payment_method"], row["currency"]): (
                row["succeeded"],
                row["failed"],
                row["amount_cents"],
            )
            for row in payments
        },
    }
