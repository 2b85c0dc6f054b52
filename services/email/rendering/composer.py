"""From an event to a letter: the templates filled in, and put in an envelope."""

from email.utils import formataddr, parseaddr
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.email.domain import Errand, Kind
from services.email.letter import Letter, checked
from services.email.rendering.message import write
from services.email.rendering.words import Notice, subject_of, words_of
from shared.events import OrderCancelled, OrderConfirmed, OrderShipped, PaymentRefunded

TEMPLATES = Path(__file__).parent / "templates"

NOTICES: dict[Kind, type[Notice]] = {
    Kind.CONFIRMED: OrderConfirmed,
    Kind.CANCELLED: OrderCancelled,
    Kind.SHIPPED: OrderShipped,
    Kind.REFUNDED: PaymentRefunded,
}


class Composer:
    """Writes letters. `sender` is `name@host`, or `Some Name <name@host>`."""

    def __init__(self, sender: str) -> None:
        name, address = parseaddr(sender)
        self._address = checked(address)
        self._sender = formataddr((name, address))
        environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        # Compiled here, once.
        self._templates = {
            kind: tuple(
                environment.get_template(f"{kind.lower()}.{form}") for form in ("txt", "html")
            )
            for kind in Kind
        }

    def compose(self, errand: Errand, notice: Notice | None = None) -> Letter:
        """Write the letter that an errand is about. `notice` is its event, if it is at hand.

        Raises:
            BadAddress: no mail can be sent to the recipient.
        """
        recipient = checked(errand.recipient)
        if notice is None or notice.event_id != errand.event_id:
            notice = NOTICES[errand.kind].from_bytes(errand.event.encode())
        words = words_of(notice)
        text, html = (template.render(words) for template in self._templates[errand.kind])
        content = write(
            event_id=notice.event_id,
            at=notice.timestamp,
            sender=self._sender,
            recipient=recipient,
            subject=subject_of(notice),
            text=text,
            html=html,
        )
        return Letter(self._address, recipient, content)
