"""Mending an event before it is replayed: only what its group will understand is sent. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.events import EVENTS, BadPayload
from shared.events.topology import MAX_EVENT_BYTES
from shared.messaging.desk.errors import BadEdit
from shared.messaging.desk.letters import Letter

_TYPES = {event_type.subject: event_type for event_type in EVENTS}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Mend:
    """How the event is edited before it is sent: values by dotted path, or the whole of it."""

    values: Mapping[str, Any] = field(default_factory=dict)
    whole: bytes | None = None

    def applied(self, letter: Letter) -> bytes:
        """Return what to send; raises BadEdit."""
        before = letter.data or b""
        if self.whole is None and not self.values:
            return before
        after = before if self.whole is None else self.whole
        after = with_values(after, self.values) if self.values else after
        return checked(letter.subject, before, after)


AS_IT_IS = Mend()


def parse_assignment(text: str) -> tuple[str, Any]:
    """Read `field.0.name=value`; a value that is not JSON is the text that it is."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise BadEdit(f"{text!r} is not field=value")
    try:
        return path, json.loads(value)
    except ValueError:
        return path, value


def with_values(data: bytes, values: Mapping[str, Any]) -> bytes:
    """Return the event with each value at its dotted path; a list's members go by number."""
    try:
        event = orjson.loads(data)
    except ValueError:
        raise BadEdit("it is not JSON, and has no fields to set: edit it as a whole") from None
    for path, value in values.items():
        _put(event, path, value)
    return orjson.dumps(event)


def checked(subject: str, before: bytes, after: bytes) -> bytes:
    """Return `after` if it may be sent in place of `before`.

    Raises:
        BadEdit: it is no event of that subject, or another one: the inbox knows events by id.
    """
    if after == before:
        raise BadEdit("the edit changes nothing")
    if len(after) > MAX_EVENT_BYTES:
        raise BadEdit(f"it is larger than {MAX_EVENT_BYTES} bytes")
    try:
        event = _TYPES[subject].from_bytes(after)
    except KeyError:
        raise BadEdit(f"{subject} is no event's subject") from None
    except BadPayload as bad:
        raise BadEdit(f"that is no {_TYPES[subject].__name__}: {bad.reason}") from None
    if (event_id := _field(before, "event_id")) not in (None, str(event.event_id)):
        raise BadEdit(f"its event_id stays {event_id}: with another it is another event")
    return after


def changed(before: bytes, after: bytes) -> list[str]:
    """Name the paths that differ; everything (`*`) where one of them is not JSON."""
    try:
        return list(_differing("", orjson.loads(before), orjson.loads(after)))
    except ValueError:
        return ["*"]


def _put(event: Any, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    place = event
    for parent in parents:
        place = _member(place, parent, path)
    match place:
        case dict():
            place[last] = value
        case list():
            _member(place, last, path)
            place[int(last)] = value
        case _:
            raise BadEdit(f"{path}: there is nothing to set in {'.'.join(parents) or 'it'}")


def _member(place: Any, name: str, path: str) -> Any:
    match place:
        case dict() if name in place:
            return place[name]
        case list() if name.isdecimal() and int(name) < len(place):
            return place[int(name)]
        case _:
            raise BadEdit(f"{path}: there is no {name}")


def _differing(path: str, before: Any, after: Any) -> Iterator[str]:
    match before, after:
        case dict(), dict():
            pairs = [
                (name, before.get(name, _MISSING), after.get(name, _MISSING))
                for name in dict.fromkeys([*before, *after])
            ]
        case list(), list() if len(before) == len(after):
            pairs = [(str(i), *pair) for i, pair in enumerate(zip(before, after, strict=True))]
        case _:
            if before != after:
                yield path or "*"
            return
    for name, one, other in pairs:
        yield from _differing(f"{path}.{name}" if path else name, one, other)


def _field(data: bytes, name: str) -> str | None:
    try:
        event = orjson.loads(data)
    except ValueError:
        return None
    found = event.get(name) if isinstance(event, dict) else None
    return found if isinstance(found, str) else None
