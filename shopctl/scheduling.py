"""How the machine divides its cores among the parts of the stack."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def without_preemption() -> Iterator[None]:
    """What is started in here does not interrupt another that runs when it is woken: SCHED_BATCH.

    A part wakes others with each message. If these took its core at once they would find one
    message, and it would come back to few; so more of them have come together when a part's turn
    comes. On idle cores nothing changes (docs/adr/0021-batch-scheduling.md).

    Where the kernel knows no such policy or refuses it, things start as they always did.
    """
    if sys.platform != "linux":
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        yield
    finally:
        with suppress(OSError):
            os.sched_setscheduler(0, *before)
