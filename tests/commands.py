"""The project's command lines, as somebody in the checkout calls them."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE, STDOUT

from shopctl.run_dir import CHECKOUT


async def command(module: str, *words: object, **env: str) -> tuple[int | None, str]:
    """Run `python -m module words`; the exit code, and all that was printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *map(str, words)),
        cwd=CHECKOUT,
        env={**os.environ, **env},
        stdout=PIPE,
        stderr=STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode, said.decode()
