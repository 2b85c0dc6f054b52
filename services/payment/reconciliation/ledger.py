"""The provider's ledger, read page by page: every movement in order, ids without a gap.

LedgerError
├── LedgerUnreadable   the answer is no page of a ledger
└── LedgerLost         it no longer has what it had: it was restored from a copy, or began anew
"""

from collections.abc import Sequence

from pydantic import BaseModel, ValidationError

from services.payment.exchange import Request
from services.payment.provider_calls import PROVIDER, NoAnswer, ProviderCalls, Refused
from services.payment.reconciliation.comparison import Movement
from shared.errors import DependencyDown

OK = 200
TIMEOUT_S = 2.0
START = (0, "")


class LedgerError(Exception):
    pass


class LedgerUnreadable(LedgerError):
    pass


class LedgerLost(LedgerError):
    def __init__(self, movement_id: int) -> None:
        super().__init__(f"movement {movement_id} is not what it was")
        self.movement_id = movement_id


class LedgerPage(BaseModel):
    movements: list[Movement]


class ProviderLedger:
    def __init__(self, base_url: str, calls: ProviderCalls) -> None:
        self._url = f"{base_url.rstrip('/')}/ledger"
        self._calls = calls

    async def after(self, last: tuple[int, str], *, limit: int) -> list[Movement]:
        """Return the movements behind the last one that was read: its id and key, or START.

        It is asked for once more, for by it one sees that this is still the same ledger.

        Raises:
            DependencyDown: the provider is away, or does not show its ledger.
            LedgerUnreadable, LedgerLost: as above.
        """
        if last == START:
            return await self._page(0, limit)
        movement_id, _ = last
        page = await self._page(movement_id - 1, limit + 1)
        if not page or (page[0].movement_id, page[0].key) != last:
            raise LedgerLost(movement_id)
        return page[1:]

    async def _page(self, after: int, limit: int) -> list[Movement]:
        movements = _movements(await self._ask(after, limit))[:limit]
        _check(movements)
        return movements

    async def _ask(self, after: int, limit: int) -> bytes:
        request = Request("GET", self._url, query={"after": after, "limit": limit})
        try:
            async with self._calls.slot("ledger"):
                response = await self._calls.once(request, TIMEOUT_S)
                if response.status != OK:
                    raise Refused(f"the provider answered {response.status}")
                return response.body
        except NoAnswer as failure:
            raise DependencyDown(PROVIDER, str(failure)) from failure


def _movements(document: bytes) -> list[Movement]:
    try:
        return LedgerPage.model_validate_json(document).movements
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise LedgerUnreadable(f"{where or 'the page'}: {first['msg']}") from error


def _check(movements: Sequence[Movement]) -> None:
    """Raise LedgerUnreadable unless ids follow one another, and times can be compared with ours."""
    first = movements[0].movement_id if movements else 0
    for number, movement in enumerate(movements, start=first):
        if movement.movement_id != number:
            raise LedgerUnreadable(
                f"movement {movement.movement_id} stands in the place of {number}"
            )
        if movement.created_at.tzinfo is None:
            raise LedgerUnreadable(f"movement {number} was made in an unknown time zone")
