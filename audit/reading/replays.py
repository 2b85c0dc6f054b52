"""What analytics counted by way of the dead-letter desk: perhaps not what the stream has."""

from audit.reading import messages
from audit.reading.messages import Message
from shared.events import Event
from shared.events.topology import REPLAY

GROUP = "analytics"


class Replays:
    """Follows the desk's records, in their order: a replay, and that it was handled."""

    def __init__(self) -> None:
        self._on_their_way: dict[str, Event] = {}  # by their letters

    def handled(self, record: Message) -> Event | None:
        """Return the event that analytics has handled now, as it was sent; None otherwise."""
        action, letter, group, subject = record.subject.split(".", 4)[1:]
        if group != GROUP:
            return None
        if action == REPLAY:
            if event := messages.decode(subject, record.data):
                self._on_their_way[letter] = event
            return None
        sent = self._on_their_way.pop(letter, None)
        return sent if action == messages.HANDLED else None
