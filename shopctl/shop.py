"""The running shop, for the commands that sell."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import ValidationError

from shopctl.errors import ShopctlError
from shopctl.patience import Content, PatientClient, refusal
from shopctl.run_dir import RunDir
from shopctl.stack_file import StackFile

CONNECTIONS = 200
IMPORT_WITHIN_S = 300.0
IN_FLIGHT = 409


class NoStackError(ShopctlError):
    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"no shop is up: {path} {reason}. `make up` starts one")


class RefusedError(ShopctlError):
    def __init__(self, service: str, answer: httpx.Response) -> None:
        super().__init__(f"{service} refused with {answer.status_code}: {refusal(answer)}")


@dataclass(frozen=True, slots=True)
class Accepted:
    order_id: UUID
    total_cents: int


@dataclass(frozen=True, slots=True)
class Refused:
    status: int
    reason: str


class Shop:
    """All of it raises NoAnswerError where the shop stays away."""

    def __init__(self, stack: StackFile, client: httpx.AsyncClient) -> None:
        self._stack = stack
        self._client = client
        self._services = PatientClient(client, stack.services)

    async def order(self, body: bytes, *, key: str, operator: bool = False) -> Accepted | Refused:
        """Places an order; the same key and body again is the same order."""
        headers = {
            **(self._operator if operator else self._customer),
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        answer = await self._services.request(
            "order", "POST", "/orders", headers=headers, content=lambda: body, not_yet={IN_FLIGHT}
        )
        if answer.status_code != 202:
            return Refused(answer.status_code, refusal(answer))
        accepted = answer.json()
        return Accepted(UUID(accepted["order_id"]), accepted["total_cents"])

    async def cancel(self, order_id: UUID) -> bool:
        """False if it was too late."""
        path = f"/orders/{order_id}/cancel"
        answer = await self._services.request("order", "POST", path, headers=self._customer)
        return answer.status_code == 202

    async def ship(self, order_id: UUID, *, carrier: str, tracking_number: str) -> bool:
        """False unless it was confirmed and still here."""
        body = json.dumps({"carrier": carrier, "tracking_number": tracking_number}).encode()
        answer = await self._services.request(
            "order",
            "POST",
            f"/orders/{order_id}/ship",
            headers={**self._operator, "Content-Type": "application/json"},
            content=lambda: body,
        )
        return answer.status_code == 202

    async def import_products(self, content: Content) -> dict[str, Any]:
        """Imports a catalogue file; raises RefusedError."""
        answer = await self._services.request(
            "inventory",
            "POST",
            "/products/import",
            headers={**self._operator, "Content-Type": "text/csv"},
            content=content,
            answer_within_s=IMPORT_WITHIN_S,
        )
        return _answered("inventory", answer)

    async def get(self, service: str, path: str, **query: str | int) -> dict[str, Any]:
        """Reads as the operator; raises RefusedError."""
        target = f"{path}?{httpx.QueryParams(query)}" if query else path
        answer = await self._services.request(service, "GET", target, headers=self._operator)
        return _answered(service, answer)

    async def from_monitor(self, path: str) -> dict[str, Any]:
        """What NATS's own monitoring tells; raises httpx.HTTPError."""
        answer = await self._client.get(self._stack.nats.monitor + path)
        return dict(answer.raise_for_status().json())

    @property
    def _customer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._stack.tokens.customer}"}

    @property
    def _operator(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._stack.tokens.operator}"}


@asynccontextmanager
async def shop_of(stack: StackFile) -> AsyncIterator[Shop]:
    # With many requests under way httpx's own pool takes 4 ms of CPU time for each; aiohttp's does
    # not, and it does not look for a proxy between us and loopback.
    transport = AiohttpTransport(limits=httpx.Limits(max_connections=CONNECTIONS))
    async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
        yield Shop(stack, client)


def find_stack(run_dir: Path, file: Path | None = None) -> StackFile:
    """From the file that is named, else the run directory's; raises NoStackError."""
    path = file or RunDir.at(run_dir).stack
    try:
        return StackFile.read(path)
    except OSError as error:
        raise NoStackError(path, f"cannot be read ({error.strerror})") from None
    except ValidationError:
        raise NoStackError(path, "is no stack file") from None


def _answered(service: str, answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise RefusedError(service, answer)
    return dict(answer.json())
