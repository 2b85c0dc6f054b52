"""One mail's verbs."""

import pytest

from services.email.domain import CLAIM_LASTS, STALE_AFTER, SWEPT_AT_MOST, Mail, Status
from tests.unit.email_service.stories import (
    ADDRESS,
    NOON,
    claim,
    confirmed,
    later,
    mail_of,
    refunded,
)

AFTER_CLAIM = NOON + CLAIM_LASTS
STALE = NOON + STALE_AFTER


@pytest.fixture
def mail() -> Mail:
    return mail_of(confirmed())


def test_an_accepted_mail_is_sent(mail: Mail) -> None:
    mail.entrust(claim(), recipient=ADDRESS, now=NOON)
    mail.accepted(ADDRESS, now=later(1))
    assert mail.status is Status.SENT
    assert (mail.sent_at, mail.attempts, mail.claim) == (later(1), 1, None)


def test_accepting_again_changes_nothing(mail: Mail) -> None:
    mail.accepted(ADDRESS, now=later(1))
    mail.changed = False
    mail.accepted("other@example.org", now=later(2))
    assert (mail.sent_at, mail.recipient, mail.attempts) == (later(1), ADDRESS, 1)
    assert not mail.changed


def test_a_refused_mail_has_failed_and_says_why(mail: Mail) -> None:
    errand = mail.entrust(claim(), recipient=ADDRESS, now=NOON)
    mail.refused("550 nobody", claim=errand.claim, now=later(1))
    assert (mail.status, mail.detail, mail.claim) == (Status.FAILED, "550 nobody", None)


def test_a_failed_mail_can_be_sent_after_all(mail: Mail) -> None:
    first = mail.entrust(claim(), recipient=ADDRESS, now=NOON)
    mail.refused("550 nobody", claim=first.claim, now=later(1))
    mail.entrust(claim(at=later(2)), recipient=ADDRESS, now=later(2))
    mail.accepted(ADDRESS, now=later(3))
    assert (mail.status, mail.detail, mail.attempts) == (Status.SENT, "", 2)


def test_a_mail_put_back_is_free_and_only_a_try_counts(mail: Mail) -> None:
    for tried in (True, False):
        errand = mail.entrust(claim(), recipient=ADDRESS, now=NOON)
        mail.put_back("451 later", claim=errand.claim, now=later(1), tried=tried)
    assert (mail.status, mail.attempts, mail.detail) == (Status.PENDING, 1, "451 later")
    assert mail.holder(later(1)) is None


def test_a_claim_ends_by_itself(mail: Mail) -> None:
    mail.entrust(claim(), recipient=ADDRESS, now=NOON)
    assert mail.holder(later(1)) is not None
    assert mail.holder(AFTER_CLAIM) is None


def test_who_lost_the_claim_cannot_write_a_failure(mail: Mail) -> None:
    lost = mail.entrust(claim(), recipient=ADDRESS, now=NOON)
    mail.entrust(claim(at=AFTER_CLAIM), recipient=ADDRESS, now=AFTER_CLAIM)
    mail.refused("550 nobody", claim=lost.claim, now=AFTER_CLAIM)
    mail.put_back("451 later", claim=lost.claim, now=AFTER_CLAIM, tried=True)
    assert (mail.status, mail.detail, mail.attempts) == (Status.PENDING, "", 0)
    assert mail.holder(AFTER_CLAIM) is not None


def test_who_lost_the_claim_still_notes_that_the_mail_went_out(mail: Mail) -> None:
    mail.entrust(claim(), recipient=ADDRESS, now=NOON)
    successor = mail.entrust(claim(at=AFTER_CLAIM), recipient=ADDRESS, now=AFTER_CLAIM)
    mail.accepted(ADDRESS, now=AFTER_CLAIM)
    mail.refused("550 nobody", claim=successor.claim, now=AFTER_CLAIM)
    assert mail.status is Status.SENT


def test_a_mail_is_begun_in_the_first_half_of_its_claim() -> None:
    made = claim()
    assert made.last_start == NOON + CLAIM_LASTS / 2


def test_only_a_mail_without_address_waits() -> None:
    waiting = mail_of(refunded())
    assert waiting.waits
    waiting.accepted(ADDRESS, now=NOON)
    assert not waiting.waits
    assert not mail_of(confirmed()).waits


def test_a_mail_that_nobody_touched_for_long_is_stale(mail: Mail) -> None:
    assert not mail.is_stale(later(1))
    assert mail.is_stale(STALE)


def test_what_is_sent_failed_or_tried_too_often_is_never_stale(mail: Mail) -> None:
    mail.attempts = SWEPT_AT_MOST
    assert not mail.is_stale(STALE)
    mail.attempts = 0
    for status in (Status.SENT, Status.FAILED):
        mail.status = status
        assert not mail.is_stale(STALE)
