import gzip
from pathlib import Path

import pytest

from shopctl.replay.source import SourceError, opened
from tests.unit.shopctl.replay.sheets import line, sheet

CONTENT = sheet(*(line(str(number)) for number in range(5000))).encode()


def hash_of(path: Path) -> str:
    with opened(path) as (source, text):
        assert text.read().encode("latin-1") == CONTENT
        return source.sha256


def test_a_file_and_its_gzip_are_the_same_content(tmp_path: Path) -> None:
    plain, zipped = tmp_path / "plain.csv", tmp_path / "named_as_it_likes"
    plain.write_bytes(CONTENT)
    zipped.write_bytes(gzip.compress(CONTENT))

    assert hash_of(plain) == hash_of(zipped)


def test_a_gzip_that_is_broken_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv.gz"
    path.write_bytes(gzip.compress(CONTENT)[:-500])

    with pytest.raises(SourceError, match=r"broken\.csv\.gz.*nothing was sold"):
        hash_of(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"absent\.csv: No such file"):
        hash_of(tmp_path / "absent.csv")
