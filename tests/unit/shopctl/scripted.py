"""A shop whose answers are written down beforehand."""

from collections.abc import Callable, Iterator

import httpx

from shopctl.patience import PatientClient
from shopctl.stack_file import Replica, ServicePlace

ONE, TWO = "http://one", "http://two"
Step = httpx.Response | Exception


def place(*urls: str) -> dict[str, ServicePlace]:
    replicas = [Replica(pid=1, url=url) for url in urls]
    return {"order": ServicePlace(url=urls[0], replicas=replicas)}


def answering(steps: Iterator[Step], asked: list[httpx.Request]) -> Callable[..., httpx.Response]:
    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        step = next(steps)
        if isinstance(step, Exception):
            raise step
        return step

    return answer


def client(*steps: Step, asked: list[httpx.Request], urls: tuple[str, ...]) -> PatientClient:
    transport = httpx.MockTransport(answering(iter(steps), asked))
    return PatientClient(httpx.AsyncClient(transport=transport), place(*urls))
