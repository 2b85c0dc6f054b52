from pathlib import Path

import pytest

from shopctl.run_dir import RunDir


@pytest.fixture
def run_dir(tmp_path: Path) -> RunDir:
    return RunDir.at(tmp_path / "run")
