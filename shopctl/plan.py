"""What stack is asked for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from shared.events.topology import GROUPS
from shopctl.errors import BadPlanError

SERVICES = GROUPS  # each service is one consumer group
MOST_REPLICAS = 8


@dataclass(frozen=True, slots=True)
class Plan:
    replicas: Mapping[str, int] = field(default_factory=dict)  # only those that are not 1
    smtp: str | None = None  # another mail server, HOST:PORT
    provider: str | None = None  # another payment provider
    # Service → the words between `python -m` and its module, to run it under a wrapper.
    launch: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def parse(
        cls, replicas: Iterable[str] = (), *, smtp: str | None = None, provider: str | None = None
    ) -> Self:
        """From the command line's words, `order=2`; raises BadPlanError."""
        counts = dict(_count(word) for words in replicas for word in words.split(","))
        if smtp is not None:
            _check_smtp(smtp)
        if provider is not None and urlsplit(provider).scheme not in {"http", "https"}:
            raise BadPlanError(f"--provider {provider}: not an http or https URL")
        return cls({name: n for name, n in counts.items() if n != 1}, smtp, provider)

    def names(self, service: str) -> list[str]:
        """Its replicas: order-1, order-2."""
        return [f"{service}-{number + 1}" for number in range(self.replicas.get(service, 1))]


def service_of(replica: str) -> str:
    return replica.rpartition("-")[0]


def _count(word: str) -> tuple[str, int]:
    service, _, count = word.partition("=")
    if service not in SERVICES:
        raise BadPlanError(f"--replicas {word}: no service {service!r} among {', '.join(SERVICES)}")
    if not (count.isdecimal() and 1 <= int(count) <= MOST_REPLICAS):
        raise BadPlanError(f"--replicas {word}: want {service}=N, N from 1 to {MOST_REPLICAS}")
    return service, int(count)


def _check_smtp(smtp: str) -> None:
    host, _, port = smtp.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 65_536):
        raise BadPlanError(f"--smtp {smtp}: want HOST:PORT")
