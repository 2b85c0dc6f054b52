"""The mails as they should look, one file a kind and form.

After a wanted change: `python -m tests.unit.email_service.goldens`, and look at the difference.
"""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from services.email.domain import Kind
from services.email.rendering.composer import NOTICES, Composer
from services.email.rendering.words import Notice
from tests.unit.email_service.stories import errand_of

HERE = Path(__file__).parent / "goldens"
EVENTS = Path(__file__).parents[1] / "shared/events/fixtures"
SENDER = "Event Shop <orders@shop.example>"


def notice_of(kind: Kind) -> Notice:
    """Return the event that stands as the golden example of the contract."""
    event_type = NOTICES[kind]
    return event_type.from_bytes((EVENTS / f"{event_type.__name__}.v1.json").read_bytes())


def written(notice: Notice, *, recipient: str = "rosa@example.org") -> EmailMessage:
    """Return the mail about an event, read back as a mail client would."""
    letter = Composer(SENDER).compose(errand_of(notice, recipient=recipient))
    message = message_from_bytes(letter.content, policy=policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, form: str) -> str:
    """Return the mail's words as `plain` or as `html`, with ordinary line ends."""
    body = message.get_body((form,))
    assert body is not None
    content: str = body.get_content()
    return content.replace("\r\n", "\n")


def path(kind: Kind, form: str) -> Path:
    return HERE / f"{kind.lower()}.{'txt' if form == 'plain' else form}"


def main() -> None:
    for kind in Kind:
        for form in ("plain", "html"):
            path(kind, form).write_text(part(written(notice_of(kind)), form))


if __name__ == "__main__":
    main()
