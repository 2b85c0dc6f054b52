"""Postgres 18 from its wheel: one server, and for each service a database and a role of its own."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from shopctl import postgres_home, wheels
from shopctl.ports import LOOPBACK, Ports
from shopctl.processes import POLL_S, Program, kill_all
from shopctl.run_dir import RunDir
from shopctl.steps import run_step

NAME = "postgres"
ORPHANS_GONE_WITHIN_S = 2.0
SEGMENT_LINE = 6  # of postmaster.pid: key and id of its shared memory

SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "wal_compression": "pglz",
    # After a kill the files that were open are synced one by one otherwise, for up to 20 s.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
    "max_wal_size": "512MB",  # what a killed server replays at most: a few seconds' work
    "min_wal_size": "256MB",
    "checkpoint_timeout": "10min",
    "jit": "off",  # short statements only
    "dynamic_shared_memory_type": "mmap",  # lies in the data folder: a killed server leaves nothing
    "log_line_prefix": "%m [%p] %d ",
}

# The socket lies in a folder that only its owner can enter. By TCP, a role reaches the database
# of its own name and no other.
HBA = """\
local all      all              trust
host  sameuser all 127.0.0.1/32 scram-sha-256
"""

# psql's variables name and password; may be run again. A new database goes into the WAL as a
# whole: compressing that takes longer than all the rest.
PROVISION = r"""
SET wal_compression = off;
SELECT format('CREATE ROLE %I', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
"""


async def prepare(run_dir: RunDir) -> None:
    """Makes the data folder, unless there is one from before."""
    user = postgres_home.account()
    postgres_home.make_folders(run_dir.postgres, user)
    await clear_after_crash(run_dir)
    if (_data(run_dir) / "PG_VERSION").exists():
        return
    initdb = (postgres_home.binaries(run_dir.postgres, user) / "initdb", "-D", _data(run_dir))
    options = "-U postgres -A trust -E UTF8 --locale=C --locale-provider=builtin"
    await run_step(
        NAME,
        (*initdb, *options.split(), "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"),
        log=run_dir.log(NAME),
        directory=run_dir.postgres,
        user=user,
    )
    (_data(run_dir) / "pg_hba.conf").write_text(HBA)


def program(run_dir: RunDir, ports: Ports) -> Program:
    port = ports.free()
    user = postgres_home.account()
    settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(_socket(run_dir))}
    flags = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
    server = str(postgres_home.binaries(run_dir.postgres, user) / "postgres")
    return Program(
        name=NAME,
        command=(server, "-D", str(_data(run_dir)), *flags),
        log=run_dir.log(NAME),
        directory=run_dir.postgres,
        ready_when=(f"postgresql://{LOOPBACK}:{port}",),
        urls={"address": f"{LOOPBACK}:{port}"},
        user=user,
        stop_signal=signal.SIGINT,  # "fast": ends sessions, writes everything
        discard_signal=signal.SIGQUIT,  # "immediate": does not write what is removed anyway
    )


async def provision(
    run_dir: RunDir, postgres: Program, names: Iterable[str], *, password: str
) -> None:
    """A role and its database for each name."""
    port = postgres.urls["address"].rpartition(":")[2]
    where = ("-h", _socket(run_dir), "-p", port, "-U", "postgres", "-d", "postgres")
    settings = rf"\set ON_ERROR_STOP on{chr(10)}\set password '{password}'{chr(10)}"
    script = "".join(rf"\set name {name}{chr(10)}{PROVISION}" for name in names)
    await run_step(
        NAME,
        (wheels.postgres() / "bin/psql", "-X", "-q", *where),
        log=run_dir.log(NAME),
        directory=run_dir.path,
        stdin=settings + script,
    )


def url(postgres: Program, name: str, *, password: str) -> str:
    return f"postgresql://{name}:{password}@{postgres.urls['address']}/{name}"


async def clear_after_crash(run_dir: RunDir) -> None:
    """Removes what a killed server left. To be called when the server itself is known to be dead.

    Its lock files would do no harm, were it not for machines whose first process is slow to reap,
    or never does: there the dead server's pid stays taken, and a new one refuses to start.
    """
    await _no_orphans(run_dir)
    lock = _data(run_dir) / "postmaster.pid"
    if lock.exists():
        _remove_shared_memory(lock.read_text())
        lock.unlink()
    for socket in _socket(run_dir).glob(".s.PGSQL.*"):
        socket.unlink()


async def _no_orphans(run_dir: RunDir) -> None:
    """Waits for its backends: they end by themselves, unless they are suspended."""
    deadline = asyncio.get_running_loop().time() + ORPHANS_GONE_WITHIN_S
    while orphans := list(_at_work_in(_data(run_dir))):
        if asyncio.get_running_loop().time() > deadline:
            await kill_all(orphans)
        await asyncio.sleep(POLL_S)


def _remove_shared_memory(lock: str) -> None:
    lines = lock.split("\n")
    if len(lines) <= SEGMENT_LINE:  # killed before it had any
        return
    key = lines[SEGMENT_LINE].split()[0]
    with suppress(OSError):  # no ipcrm here: 56 bytes stay until the next boot
        subprocess.run(("ipcrm", "-M", key), check=False, capture_output=True)


def _at_work_in(data: Path) -> Iterator[psutil.Process]:
    """Every process of a server has the data folder as its working directory."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.name() == "postgres" and Path(process.cwd()) == data:
                yield process


def _data(run_dir: RunDir) -> Path:
    return run_dir.postgres / "data"


def _socket(run_dir: RunDir) -> Path:
    return run_dir.postgres / "socket"
