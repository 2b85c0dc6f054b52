"""HTTP, with the two failures apart: what does not answer, and what answers with an error."""

from collections.abc import Mapping
from typing import Any

import httpx
import orjson
from httpx_aiohttp import HttpxAiohttpClient

from audit.stack import StackError

TIMEOUT_S = 30.0
Params = Mapping[str, str | int]


def client(base_url: str, token: str = "") -> httpx.AsyncClient:
    """Return a client over aiohttp: the sink answers in a chunk a mail, and it parses them in C."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return HttpxAiohttpClient(base_url=base_url, headers=headers, timeout=TIMEOUT_S)


async def get(client: httpx.AsyncClient, path: str, *, params: Params | None = None) -> Any:
    """Return the JSON of a 200. Raises StackError for everything else."""
    response = await ask(client, path, params=params)
    if response.status_code != httpx.codes.OK:
        raise StackError(f"{response.url} answers {response.status_code}: {response.text[:200]}")
    return orjson.loads(response.content)


async def find(client: httpx.AsyncClient, path: str) -> Any | None:
    """Return the JSON of a 200, None for another answer. Raises StackError if there is none."""
    response = await ask(client, path)
    return orjson.loads(response.content) if response.status_code == httpx.codes.OK else None


async def ask(
    client: httpx.AsyncClient, path: str, *, params: Params | None = None
) -> httpx.Response:
    try:
        return await client.get(path, params=params)
    except httpx.HTTPError as error:
        raise StackError(f"{client.base_url} does not answer: {error!r}") from error
