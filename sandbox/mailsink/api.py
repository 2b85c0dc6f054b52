"""The mailbox over HTTP, as Mailpit answers."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import orjson

from sandbox.faults import Faults
from sandbox.mailsink import mailpit
from sandbox.mailsink.mailbox import Entry, Mailbox
from sandbox.mailsink.message import Message
from sandbox.mailsink.trouble import Trouble
from sandbox.web import Answer, Refusal, Request, Routes, answered

_PLAIN = "text/plain; charset=utf-8"
_OK = Answer(200, b"ok", _PLAIN)


class MailApi:
    def __init__(self, mailbox: Mailbox, faults: Faults[Trouble]) -> None:
        self._mailbox = mailbox
        self._faults = faults

    def routes(self) -> Routes:
        return Routes(
            ("GET", "/api/v1/messages", self._list),
            ("DELETE", "/api/v1/messages", self._delete),
            ("GET", "/api/v1/search", self._search),
            ("GET", "/api/v1/message/{id}", self._show),
            ("GET", "/api/v1/message/{id}/raw", self._show_raw),
            ("GET", "/readyz", lambda _: _OK),
            ("GET", "/livez", lambda _: _OK),
            ("GET", "/healthz", lambda _: answered(200, {"status": "ok"})),
            *self._faults.routes(),
        )

    def _list(self, request: Request) -> Answer:
        page = islice(self._mailbox.newest_first(), *_window(request))
        summaries = (self._summary(entry) for entry in page)
        total, unread = len(self._mailbox), self._mailbox.unread
        return self._listed(request, summaries, lambda: (total, unread))

    def _search(self, request: Request) -> Answer:
        query = request.queried("query").strip()
        if not query:
            return Answer(400, b"Error: no search query", _PLAIN)
        search = _Search(self._mailbox, query)
        summaries = search.summaries(*_window(request))
        return self._listed(request, summaries, lambda: (search.found, search.unread))

    def _listed(
        self,
        request: Request,
        summaries: Iterator[dict[str, Any] | None],
        counted: Callable[[], tuple[int, int]],
    ) -> Answer:
        whole = {
            "total": len(self._mailbox),
            "unread": self._mailbox.unread,
            "start": _window(request)[0],
            "tags": [],
        }
        return Answer(200, _document(whole, summaries, counted))

    def _show(self, request: Request) -> Answer:
        entry = self._named(request)
        self._mailbox.mark_read(entry)
        return answered(200, mailpit.full(Message(self._mailbox.opened(entry))))

    def _show_raw(self, request: Request) -> Answer:
        return Answer(200, self._mailbox.opened(self._named(request)).raw, _PLAIN)

    def _named(self, request: Request) -> Entry:
        entry = self._mailbox.find(request.params["id"])
        if entry is None:
            raise Refusal(Answer(404, b"404 page not found", _PLAIN))
        return entry

    def _delete(self, request: Request) -> Answer:
        self._mailbox.delete(_ids(request.body))
        return _OK

    def _summary(self, entry: Entry) -> dict[str, Any]:
        return mailpit.summary(Message(self._mailbox.opened(entry)), read=entry.read)


class _Search:
    """One walk through the mailbox; `found` and `unread` are right at its end."""

    def __init__(self, mailbox: Mailbox, query: str) -> None:
        self._mailbox = mailbox
        self._query = query
        self.found = 0
        self.unread = 0

    def summaries(self, start: int, stop: int | None) -> Iterator[dict[str, Any] | None]:
        """Yield the window's hits, and None for each other mail: so that nobody waits long."""
        for entry in self._mailbox.newest_first():
            message = Message(self._mailbox.opened(entry))
            hit = mailpit.matches(message, self._query)
            shown = hit and start <= self.found and (stop is None or self.found < stop)
            self.found += hit
            self.unread += hit and not entry.read
            yield mailpit.summary(message, read=entry.read) if shown else None


def _document(
    whole: dict[str, Any],
    summaries: Iterator[dict[str, Any] | None],
    counted: Callable[[], tuple[int, int]],
) -> Iterator[bytes]:
    count = 0
    yield b'{"messages":['
    for summary in summaries:
        comma = b"," if count and summary else b""
        yield comma + orjson.dumps(summary) if summary else b""
        count += summary is not None
    found, unread = counted()
    counts = {"count": count, "messages_count": found, "messages_unread": unread}
    yield b"]," + orjson.dumps(whole | counts)[1:]


def _window(request: Request) -> tuple[int, int | None]:
    """Return (start, stop); Mailpit's limit is 50, and 0 stands for all."""
    start, limit = request.number("start", default=0), request.number("limit", default=50)
    return start, start + limit if limit else None


def _ids(body: bytes) -> list[str]:
    """Return the ids to delete; none (all mails, as in Mailpit) where the body names none."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return []
    ids = asked.get("IDs") if isinstance(asked, dict) else None
    return [one for one in ids if isinstance(one, str)] if isinstance(ids, list) else []
