"""A service's settings on a test package's servers, and who may call it then."""

from typing import Any, TypeVar

from pydantic import SecretStr

from shared.settings import ServiceSettings
from shopctl.servers import Servers

CUSTOMER = {"Authorization": "Bearer customer-token"}
OPERATOR = {"Authorization": "Bearer operator-token"}

S = TypeVar("S", bound=ServiceSettings)


def settings_on(kind: type[S], servers: Servers, database_url: str, **more: Any) -> S:
    return kind(
        database_url=database_url,
        nats_url=servers.nats_url,
        redis_url=servers.redis_url,
        customer_token=SecretStr("customer-token"),
        operator_token=SecretStr("operator-token"),
        **more,
    )
