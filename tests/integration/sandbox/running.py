"""Sandbox processes for tests: started on free ports, killed at the end whatever happens."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

DEADLINE_S = 10.0


@dataclass
class Running:
    process: subprocess.Popen[str]
    http: httpx.Client
    ports: dict[str, int]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE_S)

    def ledger(self, **query: Any) -> list[dict[str, Any]]:
        movements: list[dict[str, Any]] = self.http.get("/ledger", params=query).json()["movements"]
        return movements


def launched(module: str, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *options]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_root()
    )


@contextmanager
def started(module: str, *options: str) -> Iterator[Running]:
    with launched(module, *options) as process:
        try:
            yield _ready(process)
        finally:
            process.kill()


@contextmanager
def provider(*options: str) -> Iterator[Running]:
    with started("sandbox.provider", *options) as running, running.http:
        yield running


@contextmanager
def mailsink(*options: str) -> Iterator[Running]:
    with started("sandbox.mailsink", *options) as running, running.http:
        yield running


def _ready(process: subprocess.Popen[str]) -> Running:
    assert process.stdout is not None
    word, *urls = process.stdout.readline().split()
    assert word == "listening"
    ports = {parts.scheme: parts.port or 0 for parts in map(urlsplit, urls)}
    http = httpx.Client(base_url=f"http://127.0.0.1:{ports['http']}", timeout=DEADLINE_S)
    return Running(process, http, ports)


def _root() -> Path:
    return Path(__file__).parents[3]
