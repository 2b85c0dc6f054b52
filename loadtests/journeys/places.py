"""Where the shop is: the local stack, compose, or any addresses; told by the environment.

SHOP_ORDER_URL, SHOP_INVENTORY_URL, SHOP_EMAIL_URL, SHOP_CUSTOMER_TOKEN and SHOP_OPERATOR_TOKEN, or
LOAD_TARGET=compose, or neither: then `.run/stack.json` (another one: LOAD_STACK) has everything.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shopctl.run_dir import DEFAULT, RunDir
from shopctl.stack_file import StackFile

COMPOSE = {
    "SHOP_ORDER_URL": "http://127.0.0.1:8001",
    "SHOP_INVENTORY_URL": "http://127.0.0.1:8002",
    "SHOP_EMAIL_URL": "http://127.0.0.1:8004",
    "SHOP_CUSTOMER_TOKEN": "dev-customer-token",
    "SHOP_OPERATOR_TOKEN": "dev-operator-token",
}


class NowhereError(Exception):
    """No shop is named, and none is up here."""


@dataclass(frozen=True, slots=True)
class Places:
    """Addresses of replicas, and tokens; None: that part cannot be reached, or is not allowed."""

    order: tuple[str, ...]
    inventory: str
    email: str | None
    customer_token: str
    operator_token: str | None
    stack_file: Path | None
    """Of a local stack: it can be audited."""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> "Places":
        """Raises NowhereError."""
        if environment.get("LOAD_TARGET") == "compose":
            return cls._named({**COMPOSE, **environment})
        if environment.get("SHOP_ORDER_URL"):
            return cls._named(environment)
        return cls._local(Path(environment.get("LOAD_STACK") or RunDir.at(DEFAULT).stack))

    @classmethod
    def here(cls) -> "Places":
        return cls.of(os.environ)

    @classmethod
    def _named(cls, environment: Mapping[str, str]) -> "Places":
        needed = ("SHOP_ORDER_URL", "SHOP_INVENTORY_URL", "SHOP_CUSTOMER_TOKEN")
        if missing := [name for name in needed if not environment.get(name)]:
            raise NowhereError(f"{', '.join(missing)} must be set too")
        order, inventory, token = (environment[name] for name in needed)
        return cls(
            order=tuple(url.rstrip("/") for url in order.split(",")),
            inventory=inventory.rstrip("/"),
            email=(environment.get("SHOP_EMAIL_URL") or "").rstrip("/") or None,
            customer_token=token,
            operator_token=environment.get("SHOP_OPERATOR_TOKEN") or None,
            stack_file=None,
        )

    @classmethod
    def _local(cls, path: Path) -> "Places":
        try:
            stack = StackFile.read(path)
        except (OSError, ValueError) as error:
            raise NowhereError(f"no shop is up ({path}): `make up` first: {error}") from None
        return cls(
            order=tuple(replica.url for replica in stack.services["order"].replicas),
            inventory=stack.services["inventory"].url,
            email=stack.services["email"].url,
            customer_token=stack.tokens.customer,
            operator_token=stack.tokens.operator,
            stack_file=path,
        )
