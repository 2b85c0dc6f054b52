"""A bug in the call to the provider."""

from dataclasses import replace
from uuid import uuid4

from services.payment.exchange import Request, Response
from services.payment.provider_calls import ProviderCalls


def charge_without_key() -> None:
    """Each try is a new request to the provider: it cannot know one that was repeated."""
    exchange = ProviderCalls._exchange

    async def anonymous(self: ProviderCalls, request: Request) -> Response:
        if request.method == "POST":
            headers = {**request.headers, "Idempotency-Key": str(uuid4())}
            request = replace(request, headers=headers)
        return await exchange(self, request)

    ProviderCalls._exchange = anonymous  # type: ignore[method-assign]  # planted
