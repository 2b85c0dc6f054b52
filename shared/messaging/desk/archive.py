"""What becomes of a replay: its letter leaves DEAD_LETTERS, and the desk's record keeps it.

So an event is in its group's inbox or in its dead letters, and never in both (invariant I7). It
is done before the replay is acknowledged, and each step bears to be repeated.
"""

from collections.abc import Callable

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from shared.errors import AlreadyConsumed, DependencyDown
from shared.events.topology import DEAD_LETTERS, desk_subject
from shared.messaging import headers as h
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.desk.letters import Action
from shared.messaging.desk.reading import Stored, read
from shared.messaging.pipeline import Delivery, Next

NO_SUCH_MESSAGE = 10057


class Archive:
    """Notes in the stream DESK how replays ended."""

    def __init__(self, jetstream: Callable[[], JetStreamContext]) -> None:
        self._jetstream = jetstream

    async def close(
        self, delivery: Delivery, action: Action, *, became: int | None = None, error: str = ""
    ) -> None:
        """Note the end of a replay beside the letter, and take the letter away.

        Raises:
            nats.errors.Error: it is not known to be done; it must be done again.
        """
        assert delivery.letter is not None  # noqa: S101 - only replays come here
        subscription = delivery.subscription
        letter_id = (delivery.msg.headers or {}).get(h.LETTER_ID, "")
        letter = await self._letter(delivery.letter, letter_id)
        headers = {
            **(_kept(letter) if letter else {}),
            h.MESSAGE_ID: f"{action}:{delivery.place}",
            h.LETTER_ID: letter_id,
        }
        if became is not None:
            headers |= {h.BECAME: str(became), h.NOTE: h.one_line(error)}
        await self._jetstream().publish(
            desk_subject(action, delivery.letter, subscription.group, subscription.subject),
            (letter.data or b"") if letter else b"",
            headers=headers,
        )
        if letter:
            await self._delete(letter.seq)

    async def _letter(self, seq: int, letter_id: str) -> Stored | None:
        """Return the letter; None if it is gone, or another one has its number.

        A broker that has lost its tail gives numbers a second time.
        """
        letter = await read(self._jetstream(), DEAD_LETTERS.name, seq)
        if letter is None or letter.headers.get(h.MESSAGE_ID, "") != letter_id:
            return None
        return letter

    async def _delete(self, seq: int) -> None:
        try:
            await self._jetstream().delete_msg(DEAD_LETTERS.name, seq)
        except NotFoundError:
            return
        except APIError as error:
            if error.err_code != NO_SUCH_MESSAGE:  # another replica was faster
                raise


def _kept(letter: Stored) -> dict[str, str]:
    """Return a letter's headers as its record keeps them."""
    return {h.FAILED_AT: letter.at.isoformat(), **letter.headers}


class ReplayedLetters(DeadLetters):
    """Where a replay goes that failed: it is a dead letter again, in place of the one before."""

    def __init__(self, jetstream: Callable[[], JetStreamContext], archive: Archive) -> None:
        super().__init__(jetstream)
        self._archive = archive

    async def put(self, delivery: Delivery, error: Exception) -> int:
        became = await super().put(delivery, error)
        said = f"{type(error).__name__}: {error}"
        await self._archive.close(delivery, Action.FAILED, became=became, error=said)
        return became


class Closing:
    """The stage right around the handler of a replayed event."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def __call__(self, delivery: Delivery, following: Next) -> None:
        try:
            await following(delivery)
        except AlreadyConsumed:
            await self._close(delivery)
            raise
        await self._close(delivery)

    async def _close(self, delivery: Delivery) -> None:
        try:
            await self._archive.close(delivery, Action.HANDLED)
        except (NatsError, OSError) as error:
            # The event is handled: it must not become a dead letter because of this.
            raise DependencyDown("broker", repr(error)) from error
