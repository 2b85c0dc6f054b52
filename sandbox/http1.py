"""HTTP/1.1 on an asyncio transport: httptools parses, a handler answers, keep-alive is the rule.

Why not uvicorn: at a steady 1,000 requests/s the same handler as a raw ASGI app on uvicorn
(uvloop, httptools, no access log) costs 111 to 126 µs of CPU a request, here 63 to 75; at full
speed 50 to 60 against 28 to 32. The sandbox shares two cores with the shop it tests. And faults
want the transport itself: to hang up without an answer is not in ASGI.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from http import HTTPStatus
from typing import cast

import httptools
import structlog

from sandbox.web import Answer, Handler, Request, problem

BODY_LIMIT = 64 * 1024
_STATUS_LINES = {s.value: f"HTTP/1.1 {s.value} {s.phrase}\r\n" for s in HTTPStatus}

log = structlog.get_logger()


class Http1(asyncio.Protocol):
    """One client's connection. Requests that it pipelines are answered in their order."""

    def __init__(self, handle: Handler) -> None:
        self._handle = handle
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._keep_alive = True
        self._stream: Iterator[bytes] | None = None
        self._write_paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep_alive = False
            self._deliver(problem(400, f"this is not HTTP/1.1: {error}"))

    # What the parser calls, in this order.

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._body = b""

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if self._headers.get(b"expect", b"").lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        if len(self._body) <= BODY_LIMIT:
            self._body += body

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        method = self._parser.get_method().decode()
        request = Request(method, path, query, self._headers, self._body)
        self._waiting.append((request, self._parser.should_keep_alive()))
        self._answer_waiting()

    # What leaves.

    def _answer_waiting(self) -> None:
        while self._waiting and not self._busy and not self._transport.is_closing():
            request, self._keep_alive = self._waiting.popleft()
            self._busy = True
            answer = self._answer(request)
            if answer.after_s:
                asyncio.get_running_loop().call_later(answer.after_s, self._deliver_late, answer)
            else:
                self._deliver(answer)

    def _answer(self, request: Request) -> Answer:
        if len(request.body) > BODY_LIMIT:
            return problem(413, f"a body has at most {BODY_LIMIT} bytes")
        try:
            return self._handle(request)
        except Exception:  # the process's edge: one bad request ends nothing else
            log.exception("request.failed", method=request.method, path=request.path)
            return problem(500, "this is a bug of the sandbox")

    def _deliver_late(self, answer: Answer) -> None:
        self._deliver(answer)
        self._answer_waiting()

    def _deliver(self, answer: Answer) -> None:
        if answer.hang_up:
            self._transport.abort()
        if self._transport.is_closing():
            return
        if isinstance(answer.body, bytes):
            length = f"content-length: {len(answer.body)}\r\n"
            self._transport.write(self._head(answer, length) + answer.body)
            self._finish()
        else:
            self._transport.write(self._head(answer, "transfer-encoding: chunked\r\n"))
            self._stream = answer.body
            self._send_chunk()

    def _head(self, answer: Answer, length: str) -> bytes:
        more = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        if not self._keep_alive:
            more += "connection: close\r\n"
        status = _STATUS_LINES[answer.status]
        return f"{status}content-type: {answer.content_type}\r\n{length}{more}\r\n".encode()

    def _send_chunk(self) -> None:
        """Send one chunk and let the others have their turn, until the stream is at its end."""
        if self._stream is None or self._write_paused or self._transport.is_closing():
            return
        chunk = self._next_chunk(self._stream)
        if chunk is None:
            self._stream = None
            self._transport.write(b"0\r\n\r\n")
            self._finish()
            self._answer_waiting()
            return
        if chunk:
            self._transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        asyncio.get_running_loop().call_soon(self._send_chunk)

    def _next_chunk(self, stream: Iterator[bytes]) -> bytes | None:
        try:
            return next(stream, None)
        except Exception:  # too late for another status: the client sees it cut short
            log.exception("stream.failed")
            self._transport.abort()
            return b""

    def _finish(self) -> None:
        self._busy = False
        if not self._keep_alive:
            self._transport.close()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._send_chunk()
