"""`replay`: choose, mend, preview, ask, send, follow."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape

from shared.messaging.desk.editing import Mend, changed, parse_assignment
from shared.messaging.desk.errors import BadEdit
from shared.messaging.desk.selection import Selection
from shared.messaging.desk.views import RecordView
from shopctl.dead_letters import options, replaying, showing
from shopctl.dead_letters.at_desk import desk_at, nats_url
from shopctl.dead_letters.editor import edited
from shopctl.dead_letters.replaying import Chosen, Outcome, Wish
from shopctl.errors import BadPlanError
from shopctl.run_dir import DEFAULT

PREVIEWED = 10


def replay(
    numbers: Annotated[
        list[int] | None, typer.Argument(metavar="[SEQ]...", help="Letters' numbers.")
    ] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="All open ones, or as said.")] = False,
    group: options.GroupOption = None,
    subject: options.SubjectOption = None,
    error: options.ErrorOption = None,
    older: options.OlderOption = None,
    newer: options.NewerOption = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Mend it first: items.0.quantity=2."),
    ] = None,
    edit: Annotated[bool, typer.Option("--edit", help="Mend it first, in $EDITOR.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also if handled or discarded.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    within: Annotated[float, typer.Option(min=0, help="Seconds to follow what was sent.")] = 60.0,
    who: options.Who = "",
    as_json: options.AsJson = False,
    run_dir: options.RunDir = DEFAULT,
    nats: options.NatsUrl = None,
) -> None:
    """Send events again, each to the one group that failed at it; exit 1 unless all are handled.

    Twice has one effect: the group's inbox knows what it has handled.
    """
    selection = options.selection_of(group, subject, error, older, newer)
    _say_which(numbers or [], selection, everything=everything, edit=edit)
    values = _values(assignments or [])
    url, console = nats_url(run_dir, nats), options.console(stderr=as_json)
    chosen = options.run(_choose(url, numbers or [], selection, again=again))
    mend = Mend(values, _edited(chosen) if edit else None)
    options.run(_check(url, chosen, mend))
    outcome = Outcome(skipped=list(chosen.skipped))
    if chosen.letters:
        _preview(console, chosen, mend)
        if not yes:
            typer.confirm("Replay?", abort=True, err=True)
        wish = Wish(mend, who or options.login(), again)
        outcome = options.run(_replay(url, chosen, wish, within_s=within, console=console))
    _tell(console, outcome)
    if as_json:
        views: list[BaseModel] = [RecordView.of(each) for each in (*outcome.sent, *outcome.ends)]
        options.print_json(views)
    if not outcome.is_good:
        raise typer.Exit(1)


def _say_which(
    numbers: Sequence[int], selection: Selection, *, everything: bool, edit: bool
) -> None:
    if bool(numbers) == everything or (numbers and selection != Selection()):
        raise BadPlanError("say which: SEQ…, or --all with --group, --subject, --error, --older …")
    if edit and len(numbers) != 1:
        raise BadPlanError("--edit is for one letter; --set is for many")


def _values(assignments: Sequence[str]) -> dict[str, Any]:
    try:
        return dict(parse_assignment(text) for text in assignments)
    except BadEdit as bad:
        raise BadPlanError(str(bad)) from None


def _edited(chosen: Chosen) -> bytes | None:
    """Raises LetterError; None if the one letter is skipped anyway."""
    return edited(chosen.letters[0].letter.data or b"") if chosen.letters else None


def _preview(console: Console, chosen: Chosen, mend: Mend) -> None:
    showing.show_counts(console, chosen.letters)
    if len(chosen.letters) <= PREVIEWED:
        console.print()
        showing.show_list(console, chosen.letters, limit=PREVIEWED)
    for path, value in mend.values.items():
        console.print(f"with {escape(path)} = {escape(json.dumps(value, ensure_ascii=False))}")
    if mend.whole is not None:
        before = chosen.letters[0].letter.data or b""
        console.print(f"with other {escape(', '.join(changed(before, mend.whole)))}")


async def _choose(url: str, numbers: Sequence[int], selection: Selection, *, again: bool) -> Chosen:
    async with desk_at(url) as desk:
        return await replaying.choose(desk, numbers, selection, again=again)


async def _check(url: str, chosen: Chosen, mend: Mend) -> None:
    async with desk_at(url) as desk:
        await replaying.check(desk, chosen.letters, mend)


async def _replay(
    url: str, chosen: Chosen, wish: Wish, *, within_s: float, console: Console
) -> Outcome:
    async with desk_at(url) as desk:
        outcome = await replaying.replay(desk, chosen, wish, console)
        await replaying.follow(desk, outcome, within_s=within_s, console=console)
        return outcome


def _tell(console: Console, outcome: Outcome) -> None:
    for refused in outcome.skipped:
        console.print(f"[yellow]skipped[/]: {escape(str(refused))}")
    for end in outcome.failed:
        console.print(
            f"[red]failed again[/]: {end.letter_seq} is {end.became} now: {escape(end.note)}"
        )
    if outcome.under_way:
        console.print(f"[yellow]{outcome.under_way:,} on their way still[/]: look again later")
    console.print(f"{outcome.handled:,} of {len(outcome.sent):,} replayed are handled.")
