"""`list`, `show` and `discard`; `replay` has a module of its own."""

from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape

from shared.messaging.desk.letters import Filed, Record, State
from shared.messaging.desk.selection import Selection, count
from shared.messaging.desk.views import LettersView, LetterView, RecordView, WholeLetterView
from shopctl.dead_letters import options, showing
from shopctl.dead_letters.at_desk import desk_at, nats_url
from shopctl.dead_letters.replay_command import replay
from shopctl.run_dir import DEFAULT

app = typer.Typer(
    help="Events that a service could not handle: look, mend, replay, discard.",
    no_args_is_help=True,
)
app.command()(replay)


@app.command(name="list")
def list_letters(
    *,
    group: options.GroupOption = None,
    subject: options.SubjectOption = None,
    error: options.ErrorOption = None,
    older: options.OlderOption = None,
    newer: options.NewerOption = None,
    state: Annotated[State | None, typer.Option(help="Only such.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=0, help="So many one by one.")] = 20,
    as_json: options.AsJson = False,
    run_dir: options.RunDir = DEFAULT,
    nats: options.NatsUrl = None,
) -> None:
    """Count the dead letters by group, subject and error, and show the oldest."""
    selection = options.selection_of(group, subject, error, older, newer, state=state)
    letters = options.run(_find(nats_url(run_dir, nats), selection))
    if as_json:
        views = [LetterView.of(each) for each in letters[:limit]]
        view = LettersView(counts=count(letters), letters=views, total=len(letters))
        options.print_json(view)
        return
    console = options.console()
    if not letters:
        console.print("No dead letters." if selection == Selection() else "None of that kind.")
        return
    showing.show_counts(console, letters)
    console.print()
    showing.show_list(console, letters, limit=limit)


@app.command()
def show(
    seq: Annotated[int, typer.Argument(help="The letter's number.")],
    *,
    as_json: options.AsJson = False,
    run_dir: options.RunDir = DEFAULT,
    nats: options.NatsUrl = None,
) -> None:
    """Show the event beside its error, and what was done with it since; also of one handled."""
    found = options.run(_look_up(nats_url(run_dir, nats), seq))
    if as_json:
        options.print_json(WholeLetterView.of(found))
    else:
        showing.show_whole(options.console(), found)


@app.command()
def discard(
    numbers: Annotated[list[int], typer.Argument(metavar="SEQ...", help="Letters' numbers.")],
    *,
    reason: Annotated[str, typer.Option(help="Why it will not be handled: noted.")],
    who: options.Who = "",
    as_json: options.AsJson = False,
    run_dir: options.RunDir = DEFAULT,
    nats: options.NatsUrl = None,
) -> None:
    """Give letters up. They stay where they are, with the reason beside them."""
    url = nats_url(run_dir, nats)
    noted = options.run(_discard(url, numbers, who=who or options.login(), reason=reason))
    if as_json:
        options.print_json([RecordView.of(record) for record in noted])
        return
    for record in noted:
        options.console().print(f"Discarded {record.letter_seq}: {escape(record.note)}")


async def _find(url: str, selection: Selection) -> list[Filed]:
    async with desk_at(url) as desk:
        return await desk.letters(selection)


async def _look_up(url: str, seq: int) -> Filed:
    async with desk_at(url) as desk:
        return await desk.letter(seq)


async def _discard(url: str, numbers: Sequence[int], *, who: str, reason: str) -> list[Record]:
    async with desk_at(url) as desk:
        return [await desk.discard(seq, who=who, reason=reason) for seq in numbers]
