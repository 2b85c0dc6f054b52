"""What a stack leaves on the machine."""

from contextlib import suppress

import psutil

from shopctl.run_dir import RunDir


def processes_of(run_dir: RunDir) -> list[str]:
    """Command lines of all processes that name one of its folders, or work in it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            traits = (*process.cmdline(), process.cwd())
            places = (str(run_dir.path), str(run_dir.postgres))
            if any(place in trait for trait in traits for place in places):
                found.append(" ".join(traits))
    return found


def files_of(run_dir: RunDir) -> list[str]:
    """All but the logs, the lock and NATS's configuration, which may stay."""
    places = (run_dir.data, run_dir.postgres, run_dir.state, run_dir.stack)
    return [str(place) for place in places if place.exists() or place.is_symlink()]


def lives(process: psutil.Process) -> bool:
    """A zombie does not: it only waits for its parent to notice."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
