"""What the commands have in common."""

import asyncio
import getpass
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from pydantic import BaseModel
from rich.console import Console

from shared.messaging.desk.letters import State
from shared.messaging.desk.selection import Selection, parse_age
from shopctl.errors import BadPlanError
from shopctl.interrupts import all_like_ctrl_c

T = TypeVar("T")

RunDir = Annotated[Path, typer.Option("--run-dir", help="Of the stack.", show_default=False)]
NatsUrl = Annotated[
    str | None,
    typer.Option("--nats", envvar="SHOP_NATS_URL", help="Of another shop.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Who = Annotated[
    str, typer.Option(help="Noted beside the action; your login, if not stated.", metavar="NAME")
]
GroupOption = Annotated[str | None, typer.Option("--group", help="The service that failed.")]
SubjectOption = Annotated[str | None, typer.Option("--subject", help="As in orders.placed.")]
ErrorOption = Annotated[str | None, typer.Option("--error", help="A part of the error's text.")]
OlderOption = Annotated[
    str | None, typer.Option("--older", metavar="AGE", help="Failed before that: 90s, 15m, 2h, 3d.")
]
NewerOption = Annotated[
    str | None, typer.Option("--newer", metavar="AGE", help="Failed since then.")
]


def selection_of(
    group: str | None,
    subject: str | None,
    error: str | None,
    older: str | None,
    newer: str | None,
    *,
    state: State | None = None,
) -> Selection:
    """Raises BadPlanError."""
    try:
        return Selection(
            group=group,
            subject=subject,
            error=error,
            older=parse_age(older) if older else None,
            newer=parse_age(newer) if newer else None,
            state=state,
        )
    except ValueError as wrong:
        raise BadPlanError(str(wrong)) from None


def login() -> str:
    """Who runs this command; a container may not know."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "operator"


def run(work: Coroutine[Any, Any, T]) -> T:
    with all_like_ctrl_c():
        return asyncio.run(work)


def console(*, stderr: bool = False) -> Console:
    return Console(highlight=False, soft_wrap=True, stderr=stderr)


def print_json(view: BaseModel | list[BaseModel]) -> None:
    if isinstance(view, list):
        print(json.dumps([each.model_dump(mode="json") for each in view], indent=1))
    else:
        print(view.model_dump_json(indent=1))
