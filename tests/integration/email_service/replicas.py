"""One email process's parts without its broker, and ways for it to die."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import UUID

from prometheus_client import CollectorRegistry

from services.email.domain import BeingSent
from services.email.letter import Letter
from services.email.mailer import Mailer, SmtpMailer
from services.email.metrics import MailMetrics
from services.email.rendering.composer import Composer
from services.email.repository import MailReader, MailRepository, OutcomeRepository
from services.email.sweeper import Sweeper
from services.email.tables import MailRow
from services.email.use_cases import Mailroom
from shared.clock import new_id
from shared.persistence.database import Database
from tests.integration.committing import committing
from tests.integration.shifted_clock import ShiftedClock


@dataclass(frozen=True, slots=True)
class Replica:
    mailroom: Mailroom
    mails: MailReader
    sweeper: Sweeper

    def with_mailer(self, mailer: Mailer) -> Mailroom:
        return replace(self.mailroom, mailer=mailer)

    async def stored(self, order_id: UUID) -> dict[str, MailRow]:
        """Return the order's mails by kind."""
        return {mail.kind: mail for mail in await self.mails.of_order(order_id)}

    async def statuses(self, order_id: UUID) -> dict[str, str]:
        return {kind: mail.status for kind, mail in (await self.stored(order_id)).items()}


@asynccontextmanager
async def open_replica(
    database: Database, port: int, clock: ShiftedClock
) -> AsyncIterator[Replica]:
    mails = MailReader(database)
    async with (
        committing(database, MailRepository(), refusals=(BeingSent,)) as commits,
        committing(database, OutcomeRepository(MailRepository())) as outcomes,
        SmtpMailer("127.0.0.1", port, deadline_s=1.0) as mailer,
    ):
        mailroom = Mailroom(
            commits=commits,
            outcomes=outcomes,
            composer=Composer("Event Shop <orders@shop.example>"),
            mailer=mailer,
            metrics=MailMetrics(CollectorRegistry()),
            clock=clock,
            new_id=new_id,
        )
        yield Replica(mailroom, mails, Sweeper(mailroom, mails, clock))


class Crash(BaseException):
    """The process ended here: nothing that stands behind runs."""


class CrashesBefore:
    """Dies with the intent stored and nothing sent."""

    async def send(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        raise Crash


@dataclass(frozen=True, slots=True)
class CrashesAfter:
    """Dies with the mail sent and nothing stored."""

    real: Mailer

    async def send(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        await self.real.send(letter, may_begin=may_begin)
        raise Crash


@dataclass(frozen=True, slots=True)
class Freezes:
    """Stands still before the text, for as long as `meanwhile` takes (SIGSTOP, SIGCONT)."""

    real: Mailer
    meanwhile: Callable[[], None]

    async def send(self, letter: Letter, *, may_begin: Callable[[], bool]) -> None:
        def after_the_freeze() -> bool:
            self.meanwhile()
            return may_begin()

        await self.real.send(letter, may_begin=after_the_freeze)
