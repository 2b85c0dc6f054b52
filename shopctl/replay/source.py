"""A file, plain or gzipped, as text of which the content's hash is taken as it is read."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shopctl.errors import ShopctlError

GZIP_MAGIC = b"\x1f\x8b"
BUFFER = 1 << 16


class SourceError(ShopctlError):
    pass


class Source(io.RawIOBase):
    """The decompressed bytes; `position` is that in the file itself, for the progress."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        self._content = gzip.GzipFile(fileobj=file) if is_gzip else file
        self._digest = hashlib.sha256()

    @property
    def position(self) -> int:
        return self._file.tell()

    @property
    def sha256(self) -> str:
        """Of what has been read, decompressed: the same for a file and its .gz."""
        return self._digest.hexdigest()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # as io says
        content = self._content.read(len(buffer))
        self._digest.update(content)
        buffer[: len(content)] = content
        return len(content)


@contextmanager
def opened(path: Path) -> Iterator[tuple[Source, io.TextIOWrapper]]:
    """Raises SourceError where it cannot be read, also half way."""
    try:
        with path.open("rb") as file, Source(file) as source:
            buffered = io.BufferedReader(source, BUFFER)
            yield source, io.TextIOWrapper(buffered, encoding="latin-1", newline="")
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise SourceError(f"{path}: {reason}; nothing was sold") from None
