"""docs/reference/settings.md: every setting of every service, written from the code."""

from pathlib import Path

from services.analytics.settings import AnalyticsSettings
from services.email.settings import EmailSettings
from services.inventory.settings import InventorySettings
from services.order.settings import OrderSettings
from services.payment.settings import PaymentSettings
from shared.settings import ServiceSettings, reference

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/settings.md"
CLASSES = (
    ServiceSettings,
    OrderSettings,
    InventorySettings,
    PaymentSettings,
    EmailSettings,
    AnalyticsSettings,
)


def write() -> None:
    PAGE.write_text(reference(CLASSES))


def is_current() -> bool:
    """Tell whether the page says what the code says."""
    return PAGE.is_file() and PAGE.read_text() == reference(CLASSES)
