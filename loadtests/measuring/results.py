"""All that was measured in one go, as a file."""

import os
import platform
import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from loadtests.measuring.figures import Figures, middle
from loadtests.measuring.systems import BenchError
from shopctl.run_dir import CHECKOUT

CPUINFO = Path("/proc/cpuinfo")


@dataclass(slots=True)
class Results:
    at: datetime
    machine: str
    figures: list[Figures]

    @classmethod
    def begun(cls, parts: Collection[str], at: datetime, *, last: Path | None) -> "Results":
        """Return results without figures, or with those that the last run found in other parts.

        Raises:
            BenchError: the last run was of another version, or on another machine.
        """
        results = cls(at, machine(), [])
        if last is None or not last.exists():
            return results
        try:
            before = cls.read(last)
        except ValidationError as error:
            raise BenchError(f"cannot add to figures of another form: {last}") from error
        if before.machine != results.machine:
            raise BenchError(f"cannot add to figures of another kind: {before.machine}")
        results.figures = [it for it in before.figures if it.part not in parts]
        return results

    def write(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(FORMAT.dump_json(self, indent=1))

    @classmethod
    def read(cls, path: Path) -> "Results":
        return FORMAT.validate_json(path.read_bytes())

    def of(self, part: str) -> list[Figures]:
        return [it for it in self.figures if it.part == part]

    @property
    def told(self) -> list[Figures]:
        """Of runs that repeat each other, the same load of the same part, the middle one."""
        alike: dict[tuple[str, str], list[Figures]] = {}
        for it in self.figures:
            alike.setdefault((it.part, it.label), []).append(it)
        return [middle(runs) for runs in alike.values()]


FORMAT = TypeAdapter(Results)


def machine() -> str:
    """Name cores, processor, Python and the source's version."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in (CPUINFO.read_text().splitlines() if CPUINFO.exists() else ())
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}, {_version()}"


def _version() -> str:
    words = ("git", "describe", "--always", "--dirty")
    found = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip() or "no git"
