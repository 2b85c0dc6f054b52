"""Dead letters for eyes."""

import json
from collections.abc import Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from shared.clock import utc_now
from shared.messaging.desk.letters import Action, Filed, Letter, Record, State
from shared.messaging.desk.selection import count

OTHER_COLUMNS = 66  # of a list: what they take before the error
LEAST_ERROR = 24
COLOURS = {State.OPEN: "red", State.REPLAYING: "yellow", State.HANDLED: "green"}


def show_counts(console: Console, letters: Sequence[Filed]) -> None:
    """Print how many there are of each kind: group × subject × class of error."""
    table = _table("group", "subject", "error", right=("letters", "open", "oldest", "newest"))
    for each in count(letters):
        names = (each.group, each.subject, escape(each.error_class))
        numbers = (f"{each.letters:,}", f"{each.open:,}")
        table.add_row(*names, *numbers, _age(each.oldest), _age(each.newest))
    console.print(table)


def show_list(console: Console, letters: Sequence[Filed], *, limit: int) -> None:
    """Print the first of them one by one."""
    table = _table("letter", "state", "group", "subject", "error", right=("tries", "age"))
    width = max(LEAST_ERROR, console.width - OTHER_COLUMNS)
    for each in letters[:limit]:
        letter = each.letter
        error = escape(_shortened(letter.error, width))
        tries, age = str(letter.deliveries), _age(letter.failed_at)
        table.add_row(
            str(letter.seq), _state(each), letter.group, letter.subject, error, tries, age
        )
    console.print(table)
    if len(letters) > limit:
        console.print(f"… and {len(letters) - limit:,} more (--limit)")


def show_whole(console: Console, filed: Filed) -> None:
    """Print the event beside its error, and what happened since."""
    letter = filed.letter
    event = Panel(_event(letter.data or b""), title=f"[bold]{letter.subject}[/]", expand=True)
    told = Panel(_story(filed), title=f"dead letter {letter.seq}", expand=True)
    if console.width < 100:
        console.print(Group(told, event))
        return
    beside = Table.grid(expand=True)
    beside.add_column(ratio=1)
    beside.add_column(ratio=1)
    beside.add_row(event, told)
    console.print(beside)


def _story(filed: Filed) -> RenderableType:
    letter = filed.letter
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(letter):
        facts.add_row(f"[dim]{name}[/]", escape(value))
    facts.add_row("[dim]state[/]", _state(filed))
    steps = [Text(""), *(Text.from_markup(_step(record)) for record in filed.records)]
    return Group(Text(letter.error, style="red"), Text(""), facts, *steps)


def _facts(letter: Letter) -> list[tuple[str, str]]:
    facts = [
        ("failed", f"{letter.failed_at:%Y-%m-%d %H:%M:%S} UTC, {_age(letter.failed_at)} ago"),
        ("group", letter.group),
        ("deliveries", str(letter.deliveries)),
        ("in its stream", f"{letter.subject}, number {letter.stream_seq}"),
        ("message id", letter.message_id or "none"),
    ]
    if letter.replay_of:
        facts.append(("comes from", f"dead letter {letter.replay_of}, replayed"))
    return facts


def _step(record: Record) -> str:
    at = f"[dim]{record.at:%Y-%m-%d %H:%M:%S}[/]"
    match record.action:
        case Action.REPLAY:
            changed = f", with other {record.changed}" if record.changed else ""
            return f"{at} {escape(f'{record.who} replayed it{changed}')}"
        case Action.DISCARDED:
            return f"{at} {escape(f'{record.who} discarded it: {record.note}')}"
        case Action.HANDLED:
            return f"{at} [green]handled[/]"
        case Action.FAILED:
            return f"{at} [red]failed again[/] as {record.became}: {escape(record.note)}"


def _event(data: bytes) -> RenderableType:
    try:
        text = json.dumps(json.loads(data), indent=2, ensure_ascii=False)
    except ValueError:
        return Text(data.decode(errors="replace") or "(empty)")
    return Syntax(text, "json", word_wrap=True, background_color="default")


def _state(filed: Filed) -> str:
    colour = COLOURS.get(filed.state, "dim")
    return f"[{colour}]{filed.state}[/]"


def _age(at: datetime) -> str:
    """How long ago, in the one unit that says enough."""
    seconds = max(0, int((utc_now() - at).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _shortened(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _table(*left: str, right: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in left:
        table.add_column(heading, no_wrap=True)
    for heading in right:
        table.add_column(heading, justify="right", no_wrap=True)
    return table
