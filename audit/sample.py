"""I1 over HTTP: a seeded few of the orders, read as their customers read them."""

import random

from audit import access
from audit.evidence import Evidence
from audit.plan import Plan
from audit.reading.http import client, find
from audit.rows import Order
from audit.violations import Findings, Invariant

NTH = "SELECT order_id, status, version, total_cents FROM orders LIMIT 1 OFFSET ?"


async def read(plan: Plan, evidence: Evidence, findings: Findings) -> None:
    """Raises StackError if the order service does not answer at all."""
    order_service, token = plan.stack.services["order"], plan.stack.tokens.customer
    chosen = choose(evidence.count(Order), plan.sample, seed=plan.seed)
    async with client(order_service.url, token) as http:
        for place in chosen:
            (stored,) = evidence.select(NTH, place)
            order = await find(http, f"/orders/{stored[0]}")
            history = await find(http, f"/orders/{stored[0]}/events")
            findings.add(
                access.read_again(stored, order, None if history is None else len(history))
            )
    findings.note(Invariant.I1, f"{len(chosen)} of them over HTTP")


def choose(count: int, wanted: int, *, seed: int) -> list[int]:
    """Return places in a list of `count`, the same for the same seed, in order."""
    return sorted(random.Random(seed).sample(range(count), min(count, wanted)))  # noqa: S311
