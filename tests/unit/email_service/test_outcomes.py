"""How an errand went is written on the mail as it was stored with its claim, unread."""

from typing import Any

from services.email.mails import Mails
from services.email.repository import Held, MailRepository, OutcomeRepository
from tests.unit.email_service.stories import NOON, claim, confirmed, mail_of

OUTCOMES = OutcomeRepository(MailRepository())


class Reads:
    """A database without mails that notes of which orders they were asked for."""

    def __init__(self) -> None:
        self.orders: list[Any] = []

    async def fetch(self, _: str, orders: list[Any]) -> list[Any]:
        self.orders += orders
        return []


async def test_a_mail_that_was_just_stored_is_not_read_again_until_it_is_changed() -> None:
    mail, reads = mail_of(confirmed()), Reads()
    db: Any = reads
    needs = [Held(mail.order_id, [mail])]

    mails = Mails()
    mails.take_up(mail, claim(), now=NOON)
    await OUTCOMES.look(db, needs)
    assert reads.orders == [mail.order_id]  # as long as it is only here

    mails.stored(7)
    reads.orders.clear()
    assert list(await OUTCOMES.look(db, needs)) == [mail]
    assert reads.orders == []
    assert mail.row_version == 7

    mail.accepted("ada@example.com", now=NOON)
    assert list(await OUTCOMES.look(db, needs)) == []
    assert reads.orders == [mail.order_id]  # it was decided on, and that may not stand in the row


async def test_an_event_without_an_errand_reads_nothing() -> None:
    reads = Reads()
    db: Any = reads
    assert list(await OUTCOMES.look(db, [Held(confirmed().order_id, [])])) == []
    assert reads.orders == []
