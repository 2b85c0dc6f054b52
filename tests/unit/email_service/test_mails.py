"""Who may send which mail of an order."""

import pytest

from services.email.domain import CLAIM_LASTS, STALE_AFTER, BeingSent, Kind, Mail, Report, Status
from services.email.mails import Mails
from shared.clock import new_id
from shared.errors import DependencyDown, PermanentError, TransientError
from tests.unit.email_service.stories import (
    ADDRESS,
    NOON,
    cancelled,
    claim,
    confirmed,
    later,
    mail_of,
    refunded,
)

ORDER = new_id()
AFTER_CLAIM = NOON + CLAIM_LASTS
STALE = NOON + STALE_AFTER


def sent(mail: Mail) -> Mail:
    mail.accepted(ADDRESS, now=NOON)
    return mail


def kinds(mails: Mails, status: Status) -> set[Kind]:
    return {mail.kind for mail in mails if mail.status is status}


def test_the_intent_is_stored_and_claimed() -> None:
    mails, mine = Mails(), claim()
    [errand] = mails.take_up(mail_of(confirmed(ORDER)), mine, now=NOON)
    [mail] = mails.new
    assert (errand.kind, errand.recipient, errand.claim) == (Kind.CONFIRMED, ADDRESS, mine)
    assert (mail.status, mail.claim) == (Status.PENDING, mine)


def test_a_mail_that_was_sent_is_not_sent_again() -> None:
    event = confirmed(ORDER)
    mails = Mails([sent(mail_of(event))])
    assert mails.take_up(mail_of(event), claim(), now=NOON) == ()


def test_another_event_of_the_same_kind_is_told_once() -> None:
    mails = Mails([sent(mail_of(cancelled(ORDER)))])
    assert mails.take_up(mail_of(cancelled(ORDER)), claim(), now=NOON) == ()


def test_a_mail_that_another_sends_is_left_alone_until_the_claim_ends() -> None:
    event, mails = confirmed(ORDER), Mails()
    mails.take_up(mail_of(event), claim(), now=NOON)
    with pytest.raises(BeingSent) as refusal:
        mails.take_up(mail_of(event), claim(), now=later(1))
    assert refusal.value.until == AFTER_CLAIM
    [errand] = mails.take_up(mail_of(event), claim(at=AFTER_CLAIM), now=AFTER_CLAIM)
    assert errand.kind is Kind.CONFIRMED


def test_a_refund_goes_to_the_address_of_another_mail_of_the_order() -> None:
    mails = Mails([sent(mail_of(confirmed(ORDER)))])
    [errand] = mails.take_up(mail_of(refunded(ORDER)), claim(), now=NOON)
    assert (errand.kind, errand.recipient) == (Kind.REFUNDED, ADDRESS)


def test_a_refund_without_an_address_waits_without_a_claim() -> None:
    mails = Mails()
    assert mails.take_up(mail_of(refunded(ORDER)), claim(), now=NOON) == ()
    [mail] = mails.new
    assert mail.waits
    assert mail.claim is None


def test_no_address_is_taken_from_another_order() -> None:
    mails = Mails([sent(mail_of(confirmed()))])
    assert mails.take_up(mail_of(refunded(ORDER)), claim(), now=NOON) == ()


def test_the_mail_that_brings_the_address_takes_the_waiting_one_along() -> None:
    mails = Mails([mail_of(refunded(ORDER))])
    errands = mails.take_up(mail_of(cancelled(ORDER)), claim(), now=NOON)
    assert [(errand.kind, errand.recipient) for errand in errands] == [
        (Kind.CANCELLED, ADDRESS),
        (Kind.REFUNDED, ADDRESS),
    ]
    mails.settle([Report(errand) for errand in errands], now=NOON)
    assert kinds(mails, Status.SENT) == {Kind.CANCELLED, Kind.REFUNDED}
    assert all(mail.recipient == ADDRESS for mail in mails)


def test_a_waiting_mail_is_taken_along_again_by_a_redelivery() -> None:
    event, mails = cancelled(ORDER), Mails([mail_of(refunded(ORDER))])
    own, waiting = mails.take_up(mail_of(event), claim(), now=NOON)
    mails.settle([Report(own), Report(waiting, TransientError("451"))], now=NOON)
    [errand] = mails.take_up(mail_of(event), claim(), now=later(1))
    assert errand.kind is Kind.REFUNDED


def test_two_events_that_bring_the_address_do_not_both_take_the_waiting_one() -> None:
    mails = Mails([mail_of(refunded(ORDER))])
    mails.take_up(mail_of(confirmed(ORDER)), claim(), now=NOON)
    [errand] = mails.take_up(mail_of(cancelled(ORDER)), claim(), now=NOON)
    assert errand.kind is Kind.CANCELLED


def test_a_refund_that_goes_along_with_another_mail_is_left_to_it() -> None:
    refund, mails = refunded(ORDER), Mails([])
    mails.take_up(mail_of(refund), claim(), now=NOON)
    mails.take_up(mail_of(cancelled(ORDER)), claim(), now=NOON)
    assert mails.take_up(mail_of(refund), claim(), now=NOON) == ()


def test_a_refund_with_a_known_address_is_its_own_events_affair() -> None:
    refund, mails = refunded(ORDER), Mails([sent(mail_of(confirmed(ORDER)))])
    [own] = mails.take_up(mail_of(refund), claim(), now=NOON)
    mails.settle([Report(own, DependencyDown("smtp"))], now=later(1))
    [errand] = mails.take_up(mail_of(cancelled(ORDER)), claim(), now=later(1))
    assert errand.kind is Kind.CANCELLED
    [own] = mails.take_up(mail_of(refund), claim(), now=later(1))
    assert own.kind is Kind.REFUNDED


@pytest.mark.parametrize(
    ("error", "status", "attempts"),
    [
        (PermanentError("550"), Status.FAILED, 1),
        (TransientError("451"), Status.PENDING, 1),
        (DependencyDown("smtp"), Status.PENDING, 0),
        (RuntimeError("a bug"), Status.PENDING, 1),
    ],
)
def test_a_failure_gives_the_claim_back(error: Exception, status: Status, attempts: int) -> None:
    mails = Mails()
    [errand] = mails.take_up(mail_of(confirmed(ORDER)), claim(), now=NOON)
    mails.settle([Report(errand, error)], now=later(1))
    [mail] = mails
    assert (mail.status, mail.attempts, mail.detail) == (status, attempts, str(error))
    assert mail.holder(later(1)) is None


def test_only_stale_mails_are_swept_up_and_once() -> None:
    mails = Mails([mail_of(confirmed(ORDER)), mail_of(refunded(ORDER))])
    assert mails.take_up_stale(ORDER, claim(), now=later(1)) == ()
    errands = mails.take_up_stale(ORDER, claim(at=STALE), now=STALE)
    assert {(errand.kind, errand.recipient) for errand in errands} == {
        (Kind.CONFIRMED, ADDRESS),
        (Kind.REFUNDED, ADDRESS),
    }
    assert mails.take_up_stale(ORDER, claim(at=STALE), now=STALE) == ()


def test_a_mail_without_any_address_is_not_swept_up() -> None:
    mails = Mails([mail_of(refunded(ORDER))])
    assert mails.take_up_stale(ORDER, claim(at=STALE), now=STALE) == ()


def test_an_empty_address_is_an_address_and_a_bad_one() -> None:
    [errand] = Mails().take_up(mail_of(confirmed(ORDER, email="")), claim(), now=NOON)
    assert errand.recipient == ""
