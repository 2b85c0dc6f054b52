from pathlib import Path

import pytest

from shopctl.run_dir import RunDir
from shopctl.shop import NoStackError, find_stack
from tests.unit.shopctl.stacks import stack


def test_the_run_directory_s_file_is_found(tmp_path: Path) -> None:
    RunDir.at(tmp_path).stack.write_text(stack().model_dump_json())

    assert find_stack(tmp_path) == stack()


def test_a_named_file_goes_before_it(tmp_path: Path) -> None:
    named = tmp_path / "elsewhere.json"
    named.write_text(stack().model_dump_json())

    assert find_stack(tmp_path / "nothing", named) == stack()


def test_where_nothing_is_up_it_says_how_to_start(tmp_path: Path) -> None:
    with pytest.raises(NoStackError, match=r"no shop is up: .*`make up` starts one"):
        find_stack(tmp_path)


def test_another_file_is_no_stack(tmp_path: Path) -> None:
    named = tmp_path / "other.json"
    named.write_text("{}")

    with pytest.raises(NoStackError, match="is no stack file"):
        find_stack(tmp_path, named)
