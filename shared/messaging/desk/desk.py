"""The dead-letter desk: look at dead letters, replay them, discard them. CLI and HTTP use it.

A replay is a record in the stream DESK that the failed group hears, and nobody else: what is
noted and what is done are one message. Its subject is the letter's own, and the broker stores it
only if nothing came between (`Nats-Expected-Last-Subject-Sequence`): of two operators one wins.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import timedelta

from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import PubAck
from nats.js.errors import BadRequestError

from shared.clock import Clock, utc_now
from shared.events.topology import (
    DEAD_LETTERS,
    DESK,
    dead_letter_subject,
    desk_subject,
)
from shared.messaging import headers as h
from shared.messaging.desk.editing import AS_IT_IS, Mend, changed
from shared.messaging.desk.errors import NoSuchLetter, Refusal
from shared.messaging.desk.hindrance import hindrance, told
from shared.messaging.desk.letters import (
    Action,
    Filed,
    Letter,
    Record,
    State,
    file,
    file_all,
)
from shared.messaging.desk.reading import letter_of, pulling, read, record_of, scan
from shared.messaging.desk.selection import Selection

WRONG_LAST_SEQUENCE = 10071
CLOCKS_APART = timedelta(hours=1)  # a record is never older than its letter, but clocks differ
ENDS = (Action.HANDLED, Action.FAILED)


class Desk:
    """Args:
    connection: to the broker; asked for each time, as a service's comes later.
    group: only this group's letters; None: all.
    """

    def __init__(
        self, connection: Callable[[], Client], *, group: str | None = None, now: Clock = utc_now
    ) -> None:
        self._connection = connection
        self._group = group
        self._now = now

    async def letters(self, selection: Selection, *, limit: int | None = None) -> list[Filed]:
        """Return the letters that are meant, without their bytes, the oldest first.

        Args:
            limit: look at so many letters at the most.
        """
        group = self._group or selection.group or "*"
        pattern = dead_letter_subject(group, selection.subject or ">")
        letters, since = [], None
        async for stored in scan(self._connection(), DEAD_LETTERS.name, pattern):
            letters.append(letter_of(stored))
            since = since or stored.at - CLOCKS_APART
            if len(letters) == limit:
                break
        if since is None:
            return []
        pattern = desk_subject("*", "*", group, selection.subject or ">")
        notes = scan(self._connection(), DESK.name, pattern, since=since)
        records = [record_of(stored) async for stored in notes]
        return [each for each in file_all(letters, records) if selection.takes(each, self._now())]

    async def letter(self, seq: int) -> Filed:
        """Return one letter with its bytes and all its records, wherever it is now.

        Raises:
            NoSuchLetter: there never was one, or it is too long ago.
        """
        jetstream = self._jetstream()
        stored = await read(jetstream, DEAD_LETTERS.name, seq)
        letter = letter_of(stored) if stored else None
        records = await self._records(seq)
        kept = [record.letter for record in records if record.letter]
        letter = letter or (kept[-1] if kept else None)
        if letter is None or self._group not in (None, letter.group):
            raise NoSuchLetter(seq, self._group)
        return file(letter, records)

    async def replay(
        self, seq: int, *, who: str, mend: Mend = AS_IT_IS, again: bool = False
    ) -> Record:
        """Send the letter's event to the group that failed at it, and note who did.

        Args:
            again: also if it was handled before, or discarded.

        Raises:
            NoSuchLetter, BadEdit
            Refusal: it was replayed already, or nobody hears such events any more.
        """
        found = await self.letter(seq)
        letter = found.letter
        if reason := hindrance(found, again=again):
            raise Refusal(seq, reason)
        before, data = letter.data or b"", mend.applied(letter)
        names = changed(before, data) if data != before else []
        headers = {**_of_the_event(letter), h.WHO: h.one_line(who)}
        if names:
            headers[h.CHANGED] = h.one_line(", ".join(names))
        sent = await self._note(found, Action.REPLAY, data, headers)
        return await self._read_record(sent.seq)

    async def discard(self, seq: int, *, who: str, reason: str) -> Record:
        """Note that the event will not be handled, and why; the letter stays where it is.

        Raises:
            NoSuchLetter
            Refusal: it is on its way, or done; or there is no reason.
        """
        found = await self.letter(seq)
        if not reason.strip():
            raise Refusal(seq, "is not discarded without a reason")
        if found.state is not State.OPEN:
            raise Refusal(seq, told(found))
        headers = {h.WHO: h.one_line(who), h.NOTE: h.one_line(reason)}
        noted = await self._note(found, Action.DISCARDED, b"", headers)
        return await self._read_record(noted.seq)

    async def outcomes(
        self, letters: Collection[int], *, from_seq: int, within_s: float
    ) -> AsyncIterator[Record]:
        """Yield how replays end, as they end, until all have or the time is over.

        Args:
            from_seq: of the first of these replays' records.
        """
        end, waiting = self._now() + timedelta(seconds=within_s), set(letters)
        pattern = desk_subject("*", "*", self._group or "*", ">")
        async with pulling(self._connection(), DESK.name, pattern, from_seq=from_seq) as pull:
            while waiting and (left_s := (end - self._now()).total_seconds()) > 0:
                try:
                    record = record_of(await pull.next(left_s))
                except NatsTimeoutError:
                    return
                if record.action in ENDS and record.letter_seq in waiting:
                    waiting.discard(record.letter_seq)
                    yield record

    async def _records(self, seq: int) -> list[Record]:
        pattern = desk_subject("*", seq, "*", ">")
        numbers = [stored.seq async for stored in scan(self._connection(), DESK.name, pattern)]
        return [await self._read_record(number) for number in numbers]

    async def _read_record(self, seq: int) -> Record:
        stored = await read(self._jetstream(), DESK.name, seq)
        assert stored  # noqa: S101 - the stream has just named it
        return record_of(stored)

    async def _note(
        self, found: Filed, action: Action, data: bytes, headers: Mapping[str, str]
    ) -> PubAck:
        letter, before = found.letter, found.noted(action)
        try:
            return await self._jetstream().publish(
                desk_subject(action, letter.seq, letter.group, letter.subject),
                data,
                headers={
                    # No message id: this refuses the second of two, and numbers may come again.
                    h.LETTER_ID: letter.letter_id,
                    "Nats-Expected-Last-Subject-Sequence": str(before[-1].seq if before else 0),
                    **headers,
                },
            )
        except BadRequestError as error:
            if error.err_code != WRONG_LAST_SEQUENCE:
                raise
            raise Refusal(letter.seq, "was dealt with by somebody else, just now") from None

    def _jetstream(self) -> JetStreamContext:
        return self._connection().jetstream(timeout=5)


def _of_the_event(letter: Letter) -> dict[str, str]:
    """Return what a replay has to know of where its event comes from."""
    headers = {
        h.ORIGINAL_SUBJECT: letter.subject,
        h.STREAM_SEQUENCE: str(letter.stream_seq),
    }
    if letter.message_id:
        headers[h.ORIGINAL_ID] = letter.message_id
    if letter.trace:
        headers[h.TRACE] = letter.trace
    return headers
