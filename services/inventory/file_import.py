"""Takes in a whole catalogue file: spools it, then works through it in groups of lines.

Memory stays bounded however large the file is. The same file again changes nothing, also when
the first time ended half way: each line's receipt is named by the file's hash and its number.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from tempfile import SpooledTemporaryFile
from typing import IO

from services.inventory.catalogue import Line, take_in
from services.inventory.catalogue_file import read_catalogue
from services.inventory.csv_records import Rejection
from services.inventory.use_cases import Commits
from shared.clock import Clock, NewId, new_id, utc_now
from shared.errors import ShopError

LINES_AT_ONCE = 200
REJECTIONS_TOLD = 1000
BYTES_IN_MEMORY = 1 << 20


class FileTooLarge(ShopError):
    def __init__(self, limit: int) -> None:
        super().__init__(f"the file is larger than {limit} bytes")
        self.limit = limit


@dataclass(slots=True)
class ImportReport:
    """What became of a file's lines.

    `imported` are the good ones, `repeated` those among them that had been imported before.
    Of the rejected the first are told, all are counted.
    """

    imported: int = 0
    repeated: int = 0
    rejected_count: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    def reject(self, rejection: Rejection) -> None:
        self.rejected_count += 1
        if len(self.rejected) < REJECTIONS_TOLD:
            self.rejected.append(rejection)


class FileImport:
    """The import of catalogue files."""

    def __init__(
        self, commits: Commits, *, max_bytes: int, clock: Clock = utc_now, new_id: NewId = new_id
    ) -> None:
        self._commits = commits
        self._clock = clock
        self._new_id = new_id
        self._max_bytes = max_bytes

    async def run(self, chunks: AsyncIterator[bytes]) -> ImportReport:
        """Take in the file that comes in chunks.

        Raises:
            FileTooLarge: nothing was taken in.
            HeaderError: nothing was taken in.
        """
        with SpooledTemporaryFile(BYTES_IN_MEMORY) as file:
            reference = await self._spool(chunks, file)
            file.seek(0)
            return await self._take_in(read_catalogue(file, reference=reference))

    async def _spool(self, chunks: AsyncIterator[bytes], file: IO[bytes]) -> str:
        """Copy the chunks into the file; return its hash."""
        digest = sha256()
        size = 0
        async for chunk in chunks:
            size += len(chunk)
            if size > self._max_bytes:
                raise FileTooLarge(self._max_bytes)
            digest.update(chunk)
            file.write(chunk)
        return digest.hexdigest()

    async def _take_in(self, lines: Iterator[Line | Rejection]) -> ImportReport:
        report = ImportReport()
        while group := list(islice(lines, LINES_AT_ONCE)):
            good = []
            for line in group:
                if isinstance(line, Rejection):
                    report.reject(line)
                else:
                    good.append(line)
            report.imported += len(good)
            report.repeated += len(good) - await self._commit(good)
        return report

    async def _commit(self, lines: list[Line]) -> int:
        """Return how many lines are new."""
        if not lines:
            return 0
        return await self._commits.run(take_in(lines, at=self._clock(), new_id=self._new_id))
