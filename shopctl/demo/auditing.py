"""The audit as a process of its own: it shares nothing with the shop, nor with the demo."""

import asyncio
import sys
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from shopctl.run_dir import CHECKOUT

CHECKED = "I1,I2,I3,I4,I5,I6,I7,I8,I10"  # I9 would need orders of the audit's own


async def audit(stack_file: Path, accepted: Iterable[UUID], *, wait_s: float) -> bool:
    """Lets the audit say what it finds; True if it finds nothing."""
    listed = stack_file.with_name("accepted.txt")
    listed.write_text("".join(f"{order_id}\n" for order_id in accepted))
    words = ("--stack", str(stack_file), "--accepted", str(listed), "--only", CHECKED)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "audit", *words, "--wait", str(wait_s), cwd=CHECKOUT
    )
    try:
        return await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
