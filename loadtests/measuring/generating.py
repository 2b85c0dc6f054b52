"""The generator as a process: told a job, started on a word, and heard at its end."""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson
from pydantic import TypeAdapter

from loadtests.generator.job import Job, Outcome
from loadtests.measuring.systems import BenchError
from shopctl.run_dir import CHECKOUT

OUTCOME = TypeAdapter(Outcome)


@dataclass(slots=True)
class Generating:
    """A generator that is connected and waits."""

    process: asyncio.subprocess.Process
    outcome_file: Path

    async def run(self) -> Outcome:
        """Have it place its orders; return when the last has its end, or the time was over."""
        assert self.process.stdin is not None  # noqa: S101 - it was started with pipes
        self.process.stdin.write(b"go\n")
        await self.says(b"posted")
        if await self.process.wait() != 0:
            raise BenchError("the generator failed")
        return OUTCOME.validate_json(self.outcome_file.read_bytes())

    async def says(self, word: bytes) -> None:
        assert self.process.stdout is not None  # noqa: S101 - it was started with pipes
        said = await self.process.stdout.readline()
        if said.strip() != word:
            raise BenchError(f"the generator said {said!r} and not {word!r}")


@asynccontextmanager
async def generator(job: Job) -> AsyncIterator[Generating]:
    with tempfile.TemporaryDirectory(prefix="event-shop-job-") as folder:
        job_file, outcome_file = _written(job, Path(folder)), Path(folder, "outcome.json")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "loadtests.generator", str(job_file), str(outcome_file)),
            cwd=CHECKOUT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        generating = Generating(process, outcome_file)
        try:
            await generating.says(b"ready")
            yield generating
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


def _written(job: Job, folder: Path) -> Path:
    path = folder / "job.json"
    path.write_bytes(orjson.dumps(job, default=str))
    return path
