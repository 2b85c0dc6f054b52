"""Last of all here: the audit finds nothing in what the other tests have left."""

import asyncio
import json
import sys

from shopctl.stack import Stack


async def test_the_audit_of_all_that_was_sold_here_is_clean(stack: Stack) -> None:
    command = [sys.executable, "-m", "audit", "--json", "--stack", str(stack.run_dir.stack)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    said, _ = await process.communicate()
    assert process.returncode == 0, json.loads(said)
