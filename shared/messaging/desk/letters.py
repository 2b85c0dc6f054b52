"""A dead letter, what was done with it, and the state that follows from that. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from shared.events.topology import REPLAY
from shared.messaging import headers as h
from shared.messaging.headers import Headers


class Action(StrEnum):
    """What a record of the desk says; the first two are an operator's, the others follow."""

    REPLAY = REPLAY
    DISCARDED = "discarded"
    HANDLED = "handled"
    FAILED = "failed"


class State(StrEnum):
    OPEN = "open"
    REPLAYING = "replaying"
    DISCARDED = "discarded"
    HANDLED = "handled"
    FAILED_AGAIN = "failed-again"


_STATE_AFTER = {
    Action.REPLAY: State.REPLAYING,
    Action.DISCARDED: State.DISCARDED,
    Action.HANDLED: State.HANDLED,
    Action.FAILED: State.FAILED_AGAIN,
}


_CLOSING = (Action.HANDLED, Action.FAILED)


class Place(NamedTuple):
    """Whose letter it is, and of which subject."""

    group: str
    subject: str

    @classmethod
    def of_letter(cls, subject: str) -> "Place":
        """Read the subject that a dead letter lies under."""
        _, group, original = subject.split(".", 2)
        return cls(group, original)


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that `group` could not handle, as it was, and what happened to it.

    `stream_seq` is its place in the stream of `subject`; `data` is None where only headers were
    read. `replay_of` is the letter that was replayed and came back as this one.
    """

    seq: int
    group: str
    subject: str
    letter_id: str
    stream_seq: int
    message_id: str | None
    deliveries: int
    error: str
    failed_at: datetime
    replay_of: int | None
    trace: str | None
    data: bytes | None = None

    @property
    def error_class(self) -> str:
        return self.error.partition(":")[0]

    @classmethod
    def read(
        cls,
        seq: int,
        place: Place,
        headers: Headers,
        *,
        letter_id: str,
        stored_at: datetime,
        data: bytes | None,
    ) -> "Letter":
        """Read what `DeadLetters` wrote, or the copy that a record keeps; tolerant of gaps."""
        failed_at, replay_of = headers.get(h.FAILED_AT), headers.get(h.REPLAY_OF)
        return cls(
            seq=seq,
            group=place.group,
            subject=place.subject,
            letter_id=letter_id,
            stream_seq=int(headers.get(h.STREAM_SEQUENCE, 0)),
            message_id=headers.get(h.ORIGINAL_ID),
            deliveries=int(headers.get(h.DELIVERIES, 0)),
            error=headers.get(h.ERROR, "unknown"),
            failed_at=datetime.fromisoformat(failed_at) if failed_at else stored_at,
            replay_of=int(replay_of) if replay_of else None,
            trace=headers.get(h.TRACE),
            data=data,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """One thing that was done with a letter, or became of it.

    `letter` is the letter itself where the record keeps it: it has left the stream. `data` is
    what was sent, for a replay. `seq` is the record's own number.
    """

    seq: int
    action: Action
    letter_seq: int
    at: datetime
    who: str
    note: str = ""
    changed: str = ""
    became: int | None = None
    letter_id: str = ""
    letter: Letter | None = None
    data: bytes | None = None

    @classmethod
    def read(
        cls, seq: int, subject: str, headers: Headers, *, stored_at: datetime, data: bytes | None
    ) -> "Record":
        """Read a message of the stream DESK."""
        action, number, group, original = subject.split(".", 4)[1:]
        letter_seq, letter_id = int(number), headers.get(h.LETTER_ID, "")
        letter = None
        if action in _CLOSING and h.FAILED_AT in headers:
            place = Place(group, original)
            letter = Letter.read(
                letter_seq, place, headers, letter_id=letter_id, stored_at=stored_at, data=data
            )
        became = headers.get(h.BECAME)
        return cls(
            seq=seq,
            action=Action(action),
            letter_seq=letter_seq,
            at=stored_at,
            who=headers.get(h.WHO, ""),
            note=headers.get(h.NOTE, ""),
            changed=headers.get(h.CHANGED, ""),
            became=int(became) if became else None,
            letter_id=letter_id,
            letter=letter,
            data=data,
        )


@dataclass(frozen=True, slots=True)
class Filed:
    """A letter beside its records, the oldest first.

    `former` are records of another letter: a broker that lost its tail gives numbers twice.
    """

    letter: Letter
    records: tuple[Record, ...] = ()
    former: tuple[Record, ...] = ()

    @property
    def state(self) -> State:
        return _STATE_AFTER[self.records[-1].action] if self.records else State.OPEN

    def noted(self, action: Action) -> list[Record]:
        """Return all records of this kind under the letter's number."""
        return [record for record in (*self.former, *self.records) if record.action is action]


def file(letter: Letter, records: Sequence[Record]) -> Filed:
    """Put the records that stand under the letter's number beside it."""
    own = tuple(record for record in records if record.letter_id == letter.letter_id)
    return Filed(letter, own, tuple(record for record in records if record not in own))


def file_all(letters: Sequence[Letter], records: Sequence[Record]) -> list[Filed]:
    of: dict[int, list[Record]] = {letter.seq: [] for letter in letters}
    for record in records:
        if record.letter_seq in of:
            of[record.letter_seq].append(record)
    return [file(letter, of[letter.seq]) for letter in letters]
