"""CPU time by process and by Postgres backend, from /proc.

A backend's title tells whose it is: `postgres: order order 127.0.0.1(…)`, `postgres: checkpointer`;
each service has a role of its own, of its own name. Backends that ended meanwhile are in the
postmaster's account of its children.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress

import psutil

from shopctl.stack_file import StackFile

OUTSIDE = frozenset({"provider", "mail"})
"""The world outside: it costs CPU time here, but not the shop's."""
POSTGRES = "postgres"

Cpu = Mapping[str, float]
"""Process → CPU seconds since it began."""


def cpu_of(stack: StackFile, *, ours: Collection[int] = ()) -> Cpu:
    """Read all of them; `ours` are backends that work for whoever measures, and do not count."""
    return {
        **{name: _seconds(psutil.Process(pid)) for name, pid in pids(stack).items()},
        **_postgres(psutil.Process(stack.postgres.pid), ours),
    }


def pids(stack: StackFile) -> dict[str, int]:
    """Return every process but Postgres's."""
    found = {
        f"{service}-{number}": replica.pid
        for service, place in stack.services.items()
        for number, replica in enumerate(place.replicas, start=1)
    }
    found |= {"nats": stack.nats.pid, "redis": stack.redis.pid}
    outside = {"provider": stack.provider.pid, "mail": stack.mail.pid}
    return found | {name: pid for name, pid in outside.items() if pid is not None}


def spent(before: Cpu, after: Cpu) -> Cpu:
    """Return the seconds between two readings.

    Where a backend ended meanwhile, its owner's may be negative: they went to the children's.
    """
    names = dict.fromkeys((*before, *after))
    return {name: after.get(name, 0.0) - before.get(name, 0.0) for name in names}


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _postgres(postmaster: psutil.Process, ours: Collection[int]) -> Cpu:
    total: dict[str, float] = defaultdict(float)
    for backend in postmaster.children():
        if backend.pid in ours:
            continue
        with suppress(psutil.NoSuchProcess):
            total[_owner(backend)] += _seconds(backend)
    times = postmaster.cpu_times()
    total[f"{POSTGRES}: itself"] += times.user + times.system
    total[f"{POSTGRES}: ended"] += times.children_user + times.children_system
    return total


def _owner(backend: psutil.Process) -> str:
    return owner(" ".join(backend.cmdline()))


def owner(title: str) -> str:
    """Return `postgres: order` for `postgres: order order 127.0.0.1(4711) idle`."""
    words = title.removeprefix("postgres:").split()
    is_client = len(words) > 2 and "(" in words[2]
    return f"{POSTGRES}: {words[0] if is_client else ' '.join(words[:2])}"
