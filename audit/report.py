"""The outcome, for eyes and for programs."""

import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from audit.course import Outcome
from audit.violations import Findings, Invariant, Violation

SHOWN = 20


def as_json(outcome: Outcome) -> str:
    findings = outcome.findings
    document = {
        "holds": outcome.holds,
        "seconds": round(outcome.seconds, 3),
        "drain": {
            "done": outcome.drain.done,
            "seconds": round(outcome.drain.seconds, 3),
            "waited_for": outcome.drain.most,
            "left": [str(waiting) for waiting in outcome.drain.left],
        },
        "invariants": [_state(findings, invariant) for invariant in _asked(findings)],
        "violations": [
            _violation(violation)
            for invariant in _asked(findings)
            for violation in findings.named(invariant)
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def show(outcome: Outcome, console: Console) -> None:
    findings = outcome.findings
    table = Table(box=None, pad_edge=False)
    for heading in ("", "says", "looked at", ""):
        table.add_column(heading)
    for invariant in _asked(findings):
        seen = escape("; ".join(findings.notes[invariant]))
        table.add_row(invariant, invariant.says, seen, _verdict(findings, invariant))
    console.print(table)
    for invariant in _asked(findings):
        _show_violations(findings, invariant, console)
    console.print(_summary(outcome))


def _asked(findings: Findings) -> list[Invariant]:
    return [invariant for invariant in Invariant if invariant in findings.wanted]


def _state(findings: Findings, invariant: Invariant) -> dict[str, object]:
    return {
        "invariant": invariant,
        "says": invariant.says,
        "state": _word(findings, invariant),
        "violations": findings.counts[invariant],
        "looked_at": findings.notes[invariant],
        "reason": findings.unchecked.get(invariant),
    }


def _word(findings: Findings, invariant: Invariant) -> str:
    if findings.counts[invariant]:
        return "violated"
    return "not checked" if invariant in findings.unchecked else "holds"


def _verdict(findings: Findings, invariant: Invariant) -> str:
    match _word(findings, invariant):
        case "violated":
            return f"[red]{findings.counts[invariant]:,} violations[/]"
        case "not checked":
            return f"[yellow]not checked[/]: {escape(findings.unchecked[invariant])}"
        case _:
            return "[green]holds[/]"


def _violation(violation: Violation) -> dict[str, str | None]:
    return {
        "invariant": violation.invariant,
        "order": violation.name if violation.about == "order" else None,
        "about": violation.about,
        "name": violation.name,
        "expected": violation.expected,
        "found": violation.found,
    }


def _show_violations(findings: Findings, invariant: Invariant, console: Console) -> None:
    for it in findings.named(invariant)[:SHOWN]:
        console.print(f"\n[red]{invariant}[/] {escape(f'{it.about} {it.name}')}")
        console.print(f"    expected  {escape(it.expected)}")
        console.print(f"    found     {escape(it.found)}")
    if (more := findings.counts[invariant] - SHOWN) > 0:
        console.print(f"\n[red]{invariant}[/] and {more:,} more (--json names the first 1,000)")


def _summary(outcome: Outcome) -> str:
    drain, took = outcome.drain, f"{outcome.seconds:.1f} s"
    waited = f"waited {drain.seconds:.1f} s for the drain"
    if drain.most:
        waited += f" ({escape(', '.join(drain.most))})"
    if not drain.done:
        left = escape("; ".join(map(str, drain.left)) or "the streams still move")
        return f"\n[red]Not drained[/] after {drain.seconds:.1f} s: {left}. {took}."
    if outcome.holds:
        return f"\n[green]Every invariant that was checked holds.[/] {took}; {waited}."
    return f"\n[red]{outcome.findings.total:,} violations.[/] {took}; {waited}."
