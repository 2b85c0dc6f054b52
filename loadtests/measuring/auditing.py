"""No figure without an audit: whoever is fast by losing something is not fast."""

from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson

from loadtests.measuring.systems import BenchError, Place, said

LOOKED = (0, 1)
WAIT_S = 60.0
SHOWN = 5


async def audited(place: Place, *, since: datetime | None = None) -> str:
    """Return what was found to hold; raises BenchError with what was not."""
    if not place.system.has_audit:
        return await _books_of_outsiders(place)
    words = ["--json", "--stack", str(place.stack_file), "--wait", str(WAIT_S)]
    if since is not None:
        words += ["--since", since.astimezone(UTC).isoformat()]
    document = orjson.loads(await said(place.system.checkout, "audit", *words, accept=LOOKED))
    if not document["holds"]:
        raise BenchError(f"the audit finds violations, so there is no figure:\n{_told(document)}")
    held = [it["invariant"] for it in document["invariants"] if it["state"] == "holds"]
    return f"clean: {', '.join(held)}"


def _told(document: dict[str, Any]) -> str:
    left = [f"  not done: {it}" for it in document["drain"]["left"]]
    found = [
        f"  {it['invariant']} {it['about']} {it['name']}: {it['expected']}; {it['found']}"
        for it in document["violations"][:SHOWN]
    ]
    return "\n".join([*left, *found])


async def _books_of_outsiders(place: Place) -> str:
    """The provider and the mail sink agree with each other: one charge and one mail an order."""
    async with aiohttp.ClientSession(trust_env=False) as http:
        async with http.get(f"{place.stack.provider.url}/ledger") as answer:
            movements = (await answer.json())["movements"]
        async with http.get(f"{place.stack.mail.url}/api/v1/messages?limit=1") as answer:
            mails = (await answer.json())["total"]
    charged = [it["order_id"] for it in movements if it["status"] == "succeeded"]
    if len(charged) != len(set(charged)):
        raise BenchError(f"{len(charged) - len(set(charged))} orders were charged twice")
    if len(charged) != mails:
        raise BenchError(f"{len(charged)} charges and {mails} mails")
    return f"its own books agree: {mails:,} charges, {mails:,} mails"
