"""Commands that run to their end while the stack comes up."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import PIPE, STDOUT

from shopctl.errors import PartError
from shopctl.processes import environment, identity

WITHIN_S = 60.0


async def run_step(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    directory: Path,
    env: Mapping[str, str] | None = None,
    user: str | None = None,
    stdin: str = "",
) -> None:
    """Raises PartError unless it ends with 0 in time; never leaves it running."""
    with log.open("ab") as output:
        step = await asyncio.create_subprocess_exec(
            *command,
            cwd=directory,
            env=environment(env or {}),
            stdin=PIPE,
            stdout=output,
            stderr=STDOUT,
            start_new_session=True,
            **identity(user),
        )
    try:
        async with asyncio.timeout(WITHIN_S):
            await step.communicate(stdin.encode())
    except TimeoutError:
        raise PartError(name, f"not done within {WITHIN_S:.0f} s", log=log) from None
    finally:
        if step.returncode is None:
            step.kill()
            await step.wait()
    if step.returncode:
        raise PartError(name, f"ended with exit code {step.returncode}", log=log)
