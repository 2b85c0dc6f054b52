"""HTTP to services that may be busy, restarting or away for a moment."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Collection, Mapping

import httpx

from shopctl.errors import ShopctlError
from shopctl.stack_file import ServicePlace

PATIENCE_S = 30.0
ANSWER_WITHIN_S = 10.0
TRY_AGAIN_AFTER_S = 0.25
TOO_MUCH = frozenset({429, 503})

Content = Callable[[], bytes | AsyncIterator[bytes]]  # anew for each try


class NoAnswerError(ShopctlError):
    def __init__(self, service: str, reason: str) -> None:
        super().__init__(
            f"{service} has not taken a request for {PATIENCE_S:.0f} s: {reason}. "
            "`python -m shopctl status` tells what is up"
        )


class PatientClient:
    """Sends each request again until it gets an answer other than "too much".

    So each request must bear to be repeated. Replicas are asked in turn. Raises NoAnswerError.
    """

    def __init__(self, client: httpx.AsyncClient, services: Mapping[str, ServicePlace]) -> None:
        self._client = client
        self._pause_until = 0.0
        self._replicas = {
            name: itertools.cycle([replica.url for replica in place.replicas])
            for name, place in services.items()
        }

    async def request(
        self,
        service: str,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: Content = bytes,
        answer_within_s: float = ANSWER_WITHIN_S,
        not_yet: Collection[int] = (),
    ) -> httpx.Response:
        """The final answer; a status in `not_yet` is none, as it will be another one soon."""
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE_S + answer_within_s
        while True:
            await asyncio.sleep(self._pause_until - clock())
            url = next(self._replicas[service]) + path
            try:
                answer = await self._client.request(
                    method, url, headers=headers, content=content(), timeout=answer_within_s
                )
            except httpx.TransportError as error:
                reason, wait_s = str(error) or type(error).__name__, TRY_AGAIN_AFTER_S
            else:
                if answer.status_code not in {*TOO_MUCH, *not_yet}:
                    return answer
                reason, wait_s = refusal(answer), _retry_after_s(answer)
                self._spare(answer, until=clock() + wait_s)
            if clock() + wait_s > deadline:
                raise NoAnswerError(service, reason)
            await asyncio.sleep(wait_s)

    def _spare(self, answer: httpx.Response, *, until: float) -> None:
        """Holds the next requests too, if they would hear the same."""
        if answer.status_code in TOO_MUCH:
            self._pause_until = max(self._pause_until, until)


def refusal(answer: httpx.Response) -> str:
    """Why the shop said no, in its own words, with the first faulty field."""
    try:
        problem = answer.json()
        faults = [f"{fault['field']} {fault['message']}" for fault in problem.get("errors", [])[:1]]
        return "; ".join([problem.get("detail") or problem["title"], *faults])
    except (ValueError, KeyError, TypeError, AttributeError):
        return answer.text[:200] or answer.reason_phrase


def _retry_after_s(answer: httpx.Response) -> float:
    stated = answer.headers.get("Retry-After", "")
    return float(stated) if stated.isdecimal() else TRY_AGAIN_AFTER_S
