"""A mail server for tests that does as it is told: refuses, hangs up, falls silent."""

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.eventually import until

HANG_UP = "hang up"
SILENCE = "silence"

USUAL = {"MAIL": "250 ok", "RCPT": "250 ok", "DATA": "354 go on", "RSET": "250 ok"}


@dataclass(frozen=True, slots=True)
class Received:
    sender: str
    recipient: str
    content: bytes


@dataclass(slots=True)
class MailServer:
    """Answers as usual, save for what `then` puts in the queue of a verb.

    Verbs are those of SMTP, and GREETING and TEXT (the mail after DATA). With pipelining it waits
    for MAIL, RCPT and DATA before it answers any: a client that does not pipeline gets no answer.
    Without, it hangs up on a client that sends ahead. `sent_ahead` counts the texts that came with
    more behind them.
    """

    pipelining: bool = True
    utf8: bool = False
    received: list[Received] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    connections: int = 0
    open_now: int = 0
    most_open: int = 0
    sent_ahead: int = 0
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    _next: dict[str, deque[str]] = field(default_factory=lambda: defaultdict(deque))
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _server: asyncio.Server | None = None
    port: int = 0

    async def __aenter__(self) -> Self:
        self.hold.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.hold.set()
        await self.hang_up()

    def then(self, verb: str, *answers: str) -> None:
        """Answer so to the next occurrences of the verb, instead of the usual."""
        self._next[verb] += answers

    async def hang_up(self) -> None:
        """Close every connection, and wait until they are gone."""
        for writer in list(self._writers):
            writer.close()
        await until(lambda: not self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connections += 1
        self.open_now += 1
        self.most_open = max(self.most_open, self.open_now)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            self.open_now -= 1
            self._writers.discard(writer)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._answer("GREETING", writer, "220 ready")
        sender = recipient = ""
        answers: list[bytes] = []
        while line := (await reader.readline()).decode().strip():
            verb = line[:4].upper()
            self.verbs.append(verb)
            if verb == "EHLO":
                writer.write(self._extensions())
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                sender = _path(line) if verb == "MAIL" else sender
                recipient = _path(line) if verb == "RCPT" else recipient
                answers.append(await self._say(verb, writer, USUAL[verb]))
                if self.pipelining and verb in ("MAIL", "RCPT"):
                    continue
                self._look_ahead(reader)
                writer.write(b"".join(answers))
                reached_text = answers[-1].startswith(b"354")
                answers.clear()
                if reached_text:
                    content = await reader.readuntil(b"\r\n.\r\n")
                    self.sent_ahead += self._look_ahead(reader)
                    await self.hold.wait()
                    await self._take(Received(sender, recipient, content), writer)

    def _look_ahead(self, reader: asyncio.StreamReader) -> bool:
        ahead = bool(reader._buffer)  # type: ignore[attr-defined]  # private
        if ahead and not self.pipelining:
            raise ConnectionAbortedError("it sent ahead")
        return ahead

    async def _take(self, mail: Received, writer: asyncio.StreamWriter) -> None:
        self.verbs.append("TEXT")
        answer = next(iter(self._next["TEXT"]), "250")
        if answer.startswith("250") or answer in (HANG_UP, SILENCE):  # then its answer is lost
            self.received.append(mail)
        await self._answer("TEXT", writer, "250 taken")

    async def _answer(self, verb: str, writer: asyncio.StreamWriter, usual: str) -> None:
        writer.write(await self._say(verb, writer, usual))

    async def _say(self, verb: str, writer: asyncio.StreamWriter, usual: str) -> bytes:
        answer = self._next[verb].popleft() if self._next[verb] else usual
        if answer == HANG_UP:
            writer.transport.abort()
            raise ConnectionAbortedError
        if answer == SILENCE:
            await writer.wait_closed()
            raise ConnectionAbortedError
        return f"{answer}\r\n".encode()

    def _extensions(self) -> bytes:
        offered = ["PIPELINING"] * self.pipelining + ["SMTPUTF8"] * self.utf8 + ["HELP"]
        lines = ["250-test server", *(f"250-{name}" for name in offered[:-1]), f"250 {offered[-1]}"]
        return "".join(f"{line}\r\n" for line in lines).encode()


def _path(line: str) -> str:
    return line[line.index("<") + 1 : line.index(">")]
