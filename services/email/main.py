"""The composition root of email."""

from fastapi import FastAPI

from services.email import api, consumers
from services.email.domain import BeingSent
from services.email.mailer import SmtpMailer
from services.email.metrics import MailMetrics
from services.email.rendering.composer import Composer
from services.email.repository import MailReader, MailRepository, OutcomeRepository
from services.email.settings import EmailSettings
from services.email.sweeper import Sweeper
from services.email.use_cases import Mailroom
from shared.clock import new_id, utc_now
from shared.server import run
from shared.service import Service

OUTCOMES_LINGER_S = 0.02  # the mail is out, nobody waits; longer, and too many events stay in hand


def build(settings: EmailSettings) -> FastAPI:
    service = Service("email", settings)
    mailer = SmtpMailer(
        *settings.smtp_address,
        connections=settings.email_connections,
        deadline_s=settings.email_timeout_s,
    )
    service.resource(mailer)
    stored = MailRepository()
    mailroom = Mailroom(
        commits=service.commits(stored, refusals=(BeingSent,)),
        outcomes=service.commits(
            OutcomeRepository(stored), linger_s=min(OUTCOMES_LINGER_S, settings.email_linger_s)
        ),
        composer=Composer(settings.email_sender),
        mailer=mailer,
        metrics=MailMetrics(service.metrics.registry),
        clock=utc_now,
        new_id=new_id,
    )
    consumers.subscribe(service.consumer, mailroom, linger_s=settings.email_linger_s)
    mails = MailReader(service.database)
    sweeper = Sweeper(mailroom, mails, utc_now)
    service.every(settings.email_sweep_every_s, sweeper.run, name="sweep-mails")
    service.app.include_router(api.router(mails))
    return service.app


def main() -> None:
    run(EmailSettings, build)
