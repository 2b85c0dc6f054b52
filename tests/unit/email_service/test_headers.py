"""Nothing that a customer or a shop worker types can begin a header of its own."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.email.letter import BadAddress, checked
from services.email.rendering.composer import Composer
from services.email.rendering.message import header_text, write
from shared.clock import new_id
from tests.unit.email_service.goldens import SENDER, written
from tests.unit.email_service.stories import confirmed, errand_of, shipped

BREAKS = ["\r\n", "\n", "\r", "\r\n ", "\n\t", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
NAMES = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"]


def head_of(subject: str) -> list[str]:
    content = write(
        event_id=new_id(),
        at=datetime(2026, 1, 1, tzinfo=UTC),
        sender=SENDER,
        recipient="rosa@example.org",
        subject=subject,
        text="text",
        html="html",
    )
    return message_from_bytes(content, policy=policy.SMTP).keys()


@pytest.mark.parametrize("line_break", BREAKS)
def test_a_line_break_in_a_subject_begins_no_header(line_break: str) -> None:
    subject = f"Tea{line_break}Bcc: thief@example.org"
    assert head_of(subject) == [*NAMES, "Content-Type"]
    assert header_text(subject) == "Tea Bcc: thief@example.org"


@given(st.text(max_size=300))
def test_no_subject_at_all_begins_a_header(subject: str) -> None:
    assert head_of(subject) == [*NAMES, "Content-Type"]
    value = header_text(subject).encode("ascii")
    assert b"\n" not in value.replace(b"\r\n ", b"")
    assert b"\r" not in value.replace(b"\r\n ", b"")


def test_a_long_subject_beyond_ascii_survives() -> None:
    subject = " ".join(["Théière"] * 30)
    [value] = message_from_bytes(
        f"Subject: {header_text(subject)}\r\n\r\n".encode(), policy=policy.SMTP
    ).values()
    assert value == subject


@pytest.mark.parametrize("line_break", BREAKS)
def test_a_line_break_in_a_carrier_begins_no_header(line_break: str) -> None:
    message = written(shipped(carrier=f"Post{line_break}Bcc: thief@example.org"))
    assert message.keys() == [*NAMES, "Content-Type"]


@pytest.mark.parametrize(
    "address",
    [
        *(f"rosa@example.org{line_break}Bcc: thief@example.org" for line_break in BREAKS),
        *(f"rosa{line_break}@example.org" for line_break in BREAKS),
        "rosa@example.org> SIZE=1",
        "<rosa@example.org",
        "rosa@example.org,thief@example.org",
        "rosa@example.org;thief@example.org",
        "rosa @example.org",
        "rosa@@example.org",
        "rosa",
        "@example.org",
        "rosa@",
        "",
        "rosa\x00@example.org",
        "a" * 65 + "@example.org",
        "a@" + "b" * 256,
        "a@[127.0.0.1]",
    ],
)
def test_an_address_that_could_be_more_than_one_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        Composer(SENDER).compose(errand_of(confirmed(), recipient=address))


@pytest.mark.parametrize(
    "address", ["rosa@example.org", "o'neil+tea=1@sub.example.org", "zoë@exämple.org"]
)
def test_an_ordinary_address_passes(address: str) -> None:
    assert checked(address) == address
