"""Letters and records as JSON: what the command line's `--json` and HTTP show."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson
from pydantic import BaseModel, Field

from shared.messaging.desk.letters import Action, Filed, Record, State
from shared.messaging.desk.selection import Count


class LetterView(BaseModel):
    """A letter without its event."""

    seq: int
    group: str
    subject: str
    state: State
    error: str
    deliveries: int
    failed_at: datetime
    stream_seq: int = Field(description="Of the event in its own stream.")
    message_id: str | None
    replay_of: int | None = Field(description="The letter that was replayed and became this one.")

    @classmethod
    def of(cls, filed: Filed) -> "LetterView":
        return cls(**_fields(filed))


class RecordView(BaseModel):
    """Something that was done with a letter, or became of it."""

    action: Action
    letter_seq: int
    at: datetime
    who: str
    note: str
    changed: str = Field(description="The paths that an edit changed.")
    became: int | None
    event: Any = Field(description="What was sent, if it was a replay.")

    @classmethod
    def of(cls, record: Record) -> "RecordView":
        sent = shown(record.data or b"") if record.action is Action.REPLAY else None
        return cls(**{**_own(asdict(record), cls), "event": sent})


class WholeLetterView(LetterView):
    event: Any = Field(description="The original; a text where it is not JSON.")
    records: list[RecordView]

    @classmethod
    def of(cls, filed: Filed) -> "WholeLetterView":
        records = [RecordView.of(record) for record in filed.records]
        event = shown(filed.letter.data or b"")
        return cls(**_fields(filed), event=event, records=records)


class LettersView(BaseModel):
    counts: list[Count]
    letters: list[LetterView]
    total: int = Field(description="How many there are of this kind, shown or not.")


class SkippedView(BaseModel):
    seq: int
    reason: str


class ReplaysView(BaseModel):
    """What became of a wish to replay all letters of a kind."""

    sent: list[RecordView]
    skipped: list[SkippedView] = Field(description="What was dealt with meanwhile, or a bad edit.")
    left: int = Field(description="How many more there are: ask again.")


def shown(data: bytes) -> Any:
    """Return what JSON can say of the bytes."""
    try:
        return orjson.loads(data)
    except ValueError:
        return data.decode(errors="replace")


def _fields(filed: Filed) -> dict[str, Any]:
    return {**_own(asdict(filed.letter), LetterView), "state": filed.state}


def _own(fields: dict[str, Any], view: type[BaseModel]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name in view.model_fields}
