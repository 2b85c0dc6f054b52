"""What the customer reads."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from services.email.domain import Kind, message_id_of
from services.email.rendering.composer import Composer, escaped
from services.email.rendering.message import write
from services.email.rendering.money import money
from services.email.rendering.words import REASONS
from shared.clock import new_id
from shared.events import CancelReason, Item
from tests.unit.email_service.goldens import SENDER, notice_of, part, path, written
from tests.unit.email_service.stories import NOON, cancelled, confirmed, errand_of, shipped

EVIL = '<script>alert("1")</script>&amp;'


class Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)


@pytest.mark.parametrize("form", ["plain", "html"])
@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_mail_looks_as_it_should(kind: Kind, form: str) -> None:
    assert part(written(notice_of(kind)), form) == path(kind, form).read_text()


@pytest.mark.parametrize("kind", Kind)
def test_the_headers_tell_what_it_is_and_whose(kind: Kind) -> None:
    notice = notice_of(kind)
    message = written(notice)
    assert message["From"] == SENDER
    assert message["To"] == "rosa@example.org"
    assert str(notice.order_id) in message["Subject"]
    assert message["Message-ID"] == message_id_of(notice.event_id)
    assert message["Date"].datetime == notice.timestamp.replace(microsecond=0)
    assert message.get_content_type() == "multipart/alternative"
    assert not message.defects


@pytest.mark.parametrize("kind", Kind)
def test_the_same_event_gives_the_same_bytes(kind: Kind) -> None:
    errand = errand_of(notice_of(kind))
    assert Composer(SENDER).compose(errand) == Composer(SENDER).compose(errand)


@pytest.mark.parametrize("reason", CancelReason)
def test_every_reason_to_cancel_is_told_in_plain_words(reason: CancelReason) -> None:
    message = written(cancelled(reason=reason))
    for form in ("plain", "html"):
        assert REASONS[reason] in part(message, form)
        assert reason not in part(message, form)


def test_names_cannot_bring_markup_into_the_html() -> None:
    item = Item(sku=EVIL, name=EVIL, quantity=1, unit_price_cents=1)
    for message in (written(confirmed(items=(item,))), written(shipped(carrier=EVIL))):
        html = part(message, "html")
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "script" not in Tags(html).seen
        assert EVIL in part(message, "plain")


@given(st.text(st.characters() | st.sampled_from("""&<>"'"""), max_size=40))
def test_words_are_escaped_as_jinja_escapes_them(word: str) -> None:
    assert escaped(word) == str(escape(word))


@pytest.mark.parametrize("kind", Kind)
def test_every_line_ends_with_crlf(kind: Kind) -> None:
    content = Composer(SENDER).compose(errand_of(notice_of(kind))).content
    assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")


def test_names_cannot_bring_line_breaks_into_the_text() -> None:
    item = Item(
        sku="A", name="Tea\r\n\r\nTotal: 0.00 EUR\x00\x1b[2J", quantity=1, unit_price_cents=1
    )
    text = part(written(confirmed(items=(item,))), "plain")
    assert "1 x Tea Total: 0.00 EUR[2J (A)\n" in text


def test_text_beyond_ascii_arrives() -> None:
    name = "Théière bleue 10½ cm – 茶壶 🫖"
    message = written(confirmed(items=(Item(sku="A", name=name, quantity=1, unit_price_cents=1),)))
    assert name in part(message, "plain")
    assert "Théière" not in part(message, "html").replace("Th&#233;i&#232;re", "")
    assert "Th&#233;i&#232;re" in part(message, "html")


def test_no_line_is_longer_than_smtp_allows() -> None:
    item = Item(sku="A", name="ab " * 2000, quantity=1, unit_price_cents=1)
    letter = Composer(SENDER).compose(errand_of(confirmed(items=(item,))))
    assert max(len(line) for line in letter.content.split(b"\r\n")) <= 998
    assert item.name.strip() in part(written(confirmed(items=(item,))), "html")


@given(st.lists(st.integers(0, 40) | st.integers(980, 1010), max_size=60))
def test_only_a_line_that_is_too_long_needs_another_encoding(lengths: list[int]) -> None:
    text = "\r\n".join("a" * length for length in lengths)
    content = write(
        event_id=new_id(),
        at=NOON,
        sender=SENDER,
        recipient="rosa@example.org",
        subject="tea",
        text=text,
        html="html",
    )
    encoding = b"7bit" if max(lengths, default=0) <= 998 else b"quoted-printable"
    plain = content.split(b"Content-Type: text/plain")[1]
    assert plain.split(b"Content-Transfer-Encoding: ")[1].startswith(encoding)


def test_an_order_of_two_thousand_items_lists_them_all() -> None:
    items = tuple(
        Item(sku=f"S{number}", name=f"Item {number}", quantity=1, unit_price_cents=1)
        for number in range(2000)
    )
    text = part(written(confirmed(items=items)), "plain")
    assert "1 x Item 1999 (S1999)" in text
    assert "Total: 20.00 EUR" in text


@pytest.mark.parametrize(
    ("cents", "currency", "words"),
    [
        (0, "EUR", "0.00 EUR"),
        (5, "GBP", "0.05 GBP"),
        (123_456, "EUR", "1,234.56 EUR"),
        (-1_999, "EUR", "-19.99 EUR"),
        (1_500, "JPY", "1,500 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (9_007_199_254_740_993, "USD", "90,071,992,547,409.93 USD"),
    ],
)
def test_money_is_exact_and_names_its_currency(cents: int, currency: str, words: str) -> None:
    assert money(cents, currency) == words
