"""Where one stack keeps its files: logs, data, state. Two directories are two stacks."""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shopctl.errors import BusyError

CHECKOUT = Path(__file__).resolve().parents[1]
DEFAULT = CHECKOUT / ".run"
LOCK_WITHIN_S = 60.0
KEY_LENGTH = 12


@dataclass(frozen=True, slots=True)
class RunDir:
    path: Path

    @classmethod
    def at(cls, path: Path) -> "RunDir":
        return cls(path.resolve())

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def stack(self) -> Path:
        return self.path / "stack.json"

    @property
    def postgres(self) -> Path:
        """Under the temporary directory: as root, Postgres runs as a user that may not get here."""
        link = self.data / "postgres"
        if link.is_symlink():  # not computed again: TMPDIR may have changed
            return link.readlink()
        key = hashlib.sha256(bytes(self.path)).hexdigest()[:KEY_LENGTH]
        return Path(tempfile.gettempdir()).resolve() / f"event-shop-{os.getuid()}-{key}"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def prepare(self) -> None:
        """Makes it ready for a new stack: no old logs, a link to Postgres's folder."""
        self.path.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.logs, ignore_errors=True)
        for folder in (self.logs, self.data):
            folder.mkdir(mode=0o700, exist_ok=True)
        link = self.data / "postgres"
        if not link.is_symlink():
            link.symlink_to(self.postgres)

    def remove_data(self) -> None:
        shutil.rmtree(self.postgres, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """One shopctl at a time works on a run directory; another waits for it."""
        self.path.mkdir(parents=True, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await self._acquire(lock)
            yield
        finally:
            os.close(lock)

    async def _acquire(self, lock: int) -> None:
        deadline = asyncio.get_running_loop().time() + LOCK_WITHIN_S
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if asyncio.get_running_loop().time() > deadline:
                    raise BusyError(self.path) from None
                await asyncio.sleep(0.1)
