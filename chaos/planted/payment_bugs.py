"""A bug in the call to the provider."""

from uuid import uuid4

import httpx

from services.payment.provider_calls import ProviderCalls


def charge_without_key() -> None:
    """Each try is a new request to the provider: it cannot know one that was repeated."""
    exchange = ProviderCalls._exchange

    async def anonymous(self: ProviderCalls, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers["Idempotency-Key"] = str(uuid4())
        return await exchange(self, request)

    ProviderCalls._exchange = anonymous  # type: ignore[method-assign]  # planted
