"""What is counted about mails."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from services.email.domain import Kind
from shared.errors import PermanentError
from shared.metrics import SECONDS

RESULTS = ("sent", "refused", "failed")


class MailMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        mails = Counter(
            "shop_email_mails",
            "Tries to send a mail, by kind and result (sent, refused for good, failed for now)",
            ["kind", "result"],
            registry=registry,
        )
        seconds = Histogram(
            "shop_email_send_seconds",
            "Time to write a mail and hand it to the mail server, by kind",
            ["kind"],
            buckets=SECONDS,
            registry=registry,
        )
        self._mails = {
            (kind, result): mails.labels(kind, result) for kind in Kind for result in RESULTS
        }
        self._seconds = {kind: seconds.labels(kind) for kind in Kind}

    def tried(self, kind: Kind, error: Exception | None, seconds: float) -> None:
        self._mails[kind, result_of(error)].inc()
        self._seconds[kind].observe(seconds)


def result_of(error: Exception | None) -> str:
    if error is None:
        return "sent"
    return "refused" if isinstance(error, PermanentError) else "failed"
