"""What shopctl remembers of a stack between two commands: `.run/state.json`, for itself alone."""

import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from shopctl.errors import NotUpError
from shopctl.plan import Plan
from shopctl.processes import Running
from shopctl.run_dir import RunDir


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made anew for each stack."""

    customer: str = field(default_factory=secrets.token_urlsafe)
    operator: str = field(default_factory=secrets.token_urlsafe)
    database: str = field(default_factory=secrets.token_urlsafe)


@dataclass(slots=True)
class State:
    plan: Plan = field(default_factory=Plan)
    secrets: Secrets = field(default_factory=Secrets)
    running: dict[str, Running] = field(default_factory=dict)
    complete: bool = False  # everything was ready once


FORMAT = TypeAdapter(State)


def save(state: State, run_dir: RunDir) -> None:
    write_private(run_dir.state, FORMAT.dump_json(state, indent=1))


def load(run_dir: RunDir) -> State:
    """Raises NotUpError where there is none."""
    try:
        return FORMAT.validate_json(run_dir.state.read_bytes())
    except FileNotFoundError:
        raise NotUpError(run_dir.path) from None


def write_private(path: Path, content: bytes) -> None:
    """Replaces the file as a whole, readable by its owner only: nobody ever sees half of it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).replace(path)
