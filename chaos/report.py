"""The campaign's results: a table for eyes, JSON for programs."""

import json
from collections.abc import Sequence
from math import isfinite
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from chaos.run import Result, Tally

SHOWN = 10


def show(results: Sequence[Result], console: Console) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("fault")
    for heading in ("rounds", "times", "orders", "recovery p50", "max", "violations"):
        table.add_column(heading, justify="right")
    for result in results:
        for number, tally in enumerate(result.tallies):
            table.add_row(*_row(result, tally, is_first=number == 0))
    console.print(table)
    for result in results:
        _show_troubles(result, console)


def write(results: Sequence[Result], path: Path) -> None:
    path.write_text(json.dumps([_document(result) for result in results], indent=1))


def _row(result: Result, tally: Tally, *, is_first: bool) -> tuple[str, ...]:
    orders, violations = "〃", "〃"  # several faults on one stack are counted and checked together
    if is_first:
        orders = f"{len(result.history.ok):,}"
        total = result.verdict.total
        violations = f"[red]{total}[/]" if total else "[green]0[/]"
    times = f"{tally.times:,}" if tally.fired else f"[red]{tally.times:,}, not each time[/]"
    half, most = _recovery(tally)
    return tally.fault.name, str(tally.rounds), times, orders, half, most, violations


def _recovery(tally: Tally) -> tuple[str, str]:
    if not tally.recoveries_s:
        return "-", "-"
    text = f"{max(tally.recoveries_s):.2f} s"
    return f"{median(tally.recoveries_s):.2f} s", f"[red]{text}[/]" if tally.late else text


def _show_troubles(result: Result, console: Console) -> None:
    for tally in result.tallies:
        for reason in tally.unfired:
            console.print(f"[red]{tally.fault.name} did not fire[/]: {escape(reason)}")
        if tally.late:
            promise, late = tally.fault.promise_s, ", ".join(f"{it:.2f}" for it in tally.late)
            console.print(f"[red]{tally.fault.name}[/]: back after {late} s, promised {promise} s")
    if result.verdict.total:
        console.print(f"\n[red]{result.name}[/], seed {result.seed}: {result.verdict.counts}")
    for violation in result.verdict.described[:SHOWN]:
        console.print(f"    {escape(violation)}")


def _document(result: Result) -> dict[str, Any]:
    return {
        "run": result.name,
        "seed": result.seed,
        "is_right": result.is_right,
        "is_prompt": result.is_prompt,
        "orders": result.history.counts,
        "answers": dict(result.history.statuses),
        "violations": dict(result.verdict.counts),
        "faults": [
            {
                "fault": tally.fault.name,
                "rounds": tally.rounds,
                "times": tally.times,
                "recoveries_s": [
                    round(it, 3) if isfinite(it) else None for it in tally.recoveries_s
                ],
                "promise_s": tally.fault.promise_s,
                "not_fired": tally.unfired,
            }
            for tally in result.tallies
        ],
    }
