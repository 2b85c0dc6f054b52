"""`python -m audit`: exit 0 if every invariant holds, 1 if not, 2 if it cannot tell."""

import asyncio
import traceback
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from audit import course, report, stack
from audit.plan import Plan
from audit.scope import Scope
from audit.stack import Stack, StackError
from audit.violations import Invariant

NO_VERDICT = 2
TELL_EVERY_S = 5.0

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@app.command()
def audit(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
    stack_file: Annotated[
        Path, typer.Option("--stack", help="The stack's file.", show_default=False)
    ] = stack.DEFAULT,
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Longest wait for the drain, seconds.")
    ] = 30.0,
    since: Annotated[
        str | None, typer.Option(help="Only what began then: an RFC 3339 time, or 90s, 15m, 2h.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Some invariants, like I3,I4.")] = None,
    probe: Annotated[bool, typer.Option("--probe", help="Try I9 with orders of its own.")] = False,
    sample: Annotated[int, typer.Option(min=0, help="Orders that are read over HTTP too.")] = 25,
    no_repeats: Annotated[
        bool, typer.Option("--no-repeats", help="No answer of the mail server was ever lost.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Which orders these are.")] = 0,
    accepted: Annotated[
        Path | None,
        typer.Option(exists=True, help="Order ids that were answered 202, one a line."),
    ] = None,
) -> None:
    """Check the invariants I1 to I10 of a running stack, from outside."""
    try:
        plan = Plan(
            stack=Stack.read(stack_file),
            scope=_scope(since),
            wanted=_wanted(only),
            wait_s=wait,
            probe=probe,
            sample=sample,
            seed=seed,
            repeats_allowed=not no_repeats,
            accepted=accepted,
        )
        outcome = asyncio.run(course.run(plan, say=_say, progress=Telling()))
    except StackError as error:
        errors.print(f"[red]{escape(str(error))}[/]")
        raise typer.Exit(NO_VERDICT) from error
    except typer.BadParameter:
        raise
    except Exception as error:  # an audit that breaks must not look like one that found something
        errors.print(traceback.format_exc(), markup=False)
        raise typer.Exit(NO_VERDICT) from error
    if as_json:
        typer.echo(report.as_json(outcome))
    else:
        report.show(outcome, console)
    if not outcome.holds:
        raise typer.Exit(1)


class Telling:
    """Says on stderr how far the reading is, if it takes long."""

    def __init__(self) -> None:
        self._next = monotonic() + TELL_EVERY_S

    def __call__(self, what: str, read: int, total: int | None) -> None:
        if monotonic() < self._next:
            return
        self._next = monotonic() + TELL_EVERY_S
        _say(f"reading {what}: {read:,}" + (f" of {total:,}" if total else ""))


def _say(text: str) -> None:
    errors.print(f"[dim]{escape(text)}[/]")


def _scope(since: str | None) -> Scope:
    try:
        return Scope.parse(since, now=datetime.now(UTC))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error


def _wanted(only: str | None) -> frozenset[Invariant]:
    if only is None:
        return frozenset(Invariant)
    try:
        return frozenset(Invariant(word.strip().upper()) for word in only.split(","))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--only") from error


if __name__ == "__main__":
    app(prog_name="python -m audit")
