"""Alembic, one history a service: `python -m shared.persistence.migrations order` brings it up.

The versions stand in `services/<name>/migrations/versions`; the environment that runs them is
the same for all and stands in `shared/persistence/alembic`.
"""

import argparse
import os
from pathlib import Path

from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parents[2]


def alembic_config(service: str, url: str) -> Config:
    """Return Alembic's configuration for one service's history and database."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "shared/persistence/alembic"))
    config.set_main_option(
        "version_locations", str(ROOT / "services" / service / "migrations/versions")
    )
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(service: str, url: str) -> None:
    """Bring the service's database to the newest version; does nothing if it is there."""
    command.upgrade(alembic_config(service, url), "head")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m shared.persistence.migrations",
        description="Bring a service's database (SHOP_DATABASE_URL) to the newest version.",
    )
    parser.add_argument("service", help="order, payment, inventory, email or analytics")
    parser.add_argument("--database-url", default=os.environ.get("SHOP_DATABASE_URL"))
    arguments = parser.parse_args()
    if not (ROOT / "services" / arguments.service / "migrations").is_dir():
        parser.error(f"no service named {arguments.service!r}")
    if not arguments.database_url:
        parser.error("SHOP_DATABASE_URL is not set")
    upgrade(arguments.service, arguments.database_url)


if __name__ == "__main__":
    main()
