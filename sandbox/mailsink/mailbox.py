"""The mails that were accepted: whole ones in the journal, in memory only where each one lies."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

import orjson

from sandbox.journal import Journal, Place


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it came: `raw` with CRLF and without dot-stuffing, `received` in RFC 3339."""

    mail_id: str
    received: str
    sender: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass(slots=True)
class Entry:
    mail_id: str
    place: Place
    read: bool = False


class Mailbox:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._entries: dict[str, Entry] = {}
        self.unread = 0
        for place, line in journal.load():
            match line:
                case {"mail": str(mail_id)}:
                    self._add(Entry(mail_id, place))
                case {"read": str(mail_id)}:
                    self._set_read(mail_id)
                case {"deleted": list(mail_ids)}:
                    self._forget(mail_ids)
                case {"deleted": None}:
                    self._forget(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def store(self, raw: bytes, sender: str, recipients: Sequence[str]) -> str:
        """Keep the mail and return its id."""
        mail_id = token_hex(11)
        line = {
            "mail": mail_id,
            "received": datetime.now(UTC).isoformat(),
            "sender": sender,
            "recipients": recipients,
            # Latin-1 takes any byte to one character and back.
            "raw": raw.decode("latin-1"),
        }
        self._add(Entry(mail_id, self._journal.append(orjson.dumps(line))))
        return mail_id

    def newest_first(self) -> Iterator[Entry]:
        """Yield the entries of this moment, whatever comes or goes meanwhile."""
        return reversed(list(self._entries.values()))

    def find(self, mail_id: str) -> Entry | None:
        """Return the entry with this id; `latest` is the last that came."""
        if mail_id == "latest":
            return next(reversed(self._entries.values()), None)
        return self._entries.get(mail_id)

    def opened(self, entry: Entry) -> Mail:
        line = self._journal.read(entry.place)
        return Mail(
            mail_id=entry.mail_id,
            received=line["received"],
            sender=line["sender"],
            recipients=tuple(line["recipients"]),
            raw=line["raw"].encode("latin-1"),
        )

    def mark_read(self, entry: Entry) -> None:
        if not entry.read:
            self._journal.append(orjson.dumps({"read": entry.mail_id}))
            self._set_read(entry.mail_id)

    def delete(self, mail_ids: list[str]) -> None:
        """Delete these mails, or all where none is named."""
        self._journal.append(orjson.dumps({"deleted": mail_ids or None}))
        self._forget(mail_ids or list(self._entries))

    def _add(self, entry: Entry) -> None:
        self._entries[entry.mail_id] = entry
        self.unread += 1

    def _set_read(self, mail_id: str) -> None:
        entry = self._entries[mail_id]
        self.unread -= not entry.read
        entry.read = True

    def _forget(self, mail_ids: list[str]) -> None:
        for mail_id in mail_ids:
            entry = self._entries.pop(mail_id, None)
            if entry is not None:
                self.unread -= not entry.read
