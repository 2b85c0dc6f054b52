"""What must hold after a run: the audit's word, and the client's own history against it."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from chaos.history import History
from shopctl.run_dir import CHECKOUT
from shopctl.stack_file import StackFile

TERMINAL = frozenset({"CONFIRMED", "CANCELLED", "SHIPPED"})
FOUND = 0, 1  # the audit's exit codes when it could look
LATE_S = 120.0

# The client's orders have a customer each, named like their key.
ORDERS = "SELECT order_id::text, customer_id, status FROM orders"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Violations, counted by invariant, and described."""

    counts: Mapping[str, int]
    described: tuple[str, ...]
    audit: Mapping[str, Any]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


class AuditFailedError(Exception):
    """The audit could not look, or broke on the way."""


async def verdict(
    stack: Path,
    history: History,
    *,
    out: Path,
    wait_s: float,
    findings: list[str],
    repeats_mails: bool,
) -> Verdict:
    """Have everything checked; `findings` is what a fault saw itself."""
    accepted = out / "accepted.txt"
    accepted.write_text("".join(f"{it.order_id}\n" for it in history.ok))
    options = ["--wait", f"{wait_s}", "--accepted", str(accepted)]
    if not repeats_mails:
        options.append("--no-repeats")
    document = await run_audit(stack, *options)
    (out / "audit.json").write_text(json.dumps(document, indent=1))
    counts = {
        it["invariant"]: it["violations"] for it in document["invariants"] if it["violations"]
    }
    if not document["drain"]["done"]:
        counts.setdefault("drain", 1)
    of_client = [*await _of_history(stack, history), *findings]
    if of_client:
        counts["client"] = len(of_client)
    described = (*map(_in_words, document["violations"]), *of_client)
    return Verdict(counts, described, document)


async def run_audit(stack: Path, *options: str) -> dict[str, Any]:
    """Return the audit's document; raises AuditFailedError."""
    audit = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "audit", "--json", "--stack", str(stack), *options),
        cwd=CHECKOUT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await audit.communicate()
    if audit.returncode not in FOUND or not said:
        raise AuditFailedError(complained.decode()[-2000:])
    return dict(json.loads(said))


async def _of_history(stack: Path, history: History) -> list[str]:
    """Every order that was answered 202 exists and is decided; no key made two."""
    database = StackFile.read(stack).postgres.databases["order"]
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(ORDERS)
    finally:
        await connection.close()
    return [*history.contradictions, *_contradictions(history, rows)]


def _contradictions(history: History, rows: list[asyncpg.Record]) -> Iterator[str]:
    status_of = {row[0]: row[2] for row in rows}
    made = Counter(row[1] for row in rows)
    for purchase in history.purchases:
        if made[purchase.key] > 1:
            yield f"key {purchase.key} made {made[purchase.key]} orders"
    for purchase in history.ok:
        status = status_of.get(purchase.order_id, "not there")
        if status not in TERMINAL:
            yield f"order {purchase.order_id} was accepted and is {status}"


def _in_words(violation: Mapping[str, Any]) -> str:
    it = violation
    about = f"{it['invariant']} {it.get('about')} {it.get('name') or it.get('order')}"
    return f"{about}: expected {it['expected']}, found {it['found']}"
