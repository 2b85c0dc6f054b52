"""The composition root of inventory."""

from datetime import timedelta

from fastapi import FastAPI

from services.inventory import api, consumers
from services.inventory.expiry import Expiry
from services.inventory.file_import import FileImport
from services.inventory.repository import InventoryRepository
from services.inventory.settings import InventorySettings
from shared.http import problems
from shared.server import run
from shared.service import Service


def build(settings: InventorySettings) -> FastAPI:
    service = Service("inventory", settings, streamed_paths=frozenset({api.IMPORT_PATH}))
    commits = service.commits(InventoryRepository(), refusals=tuple(api.REFUSALS))
    hold_for = timedelta(seconds=settings.inventory_reservation_ttl_s)
    consumers.register(
        service.consumer, commits, hold_for=hold_for, linger_s=settings.inventory_linger_s
    )

    grace = timedelta(seconds=settings.inventory_expiry_grace_s)
    expiry = Expiry(service.database, commits, grace=grace)
    service.every(settings.inventory_expiry_every_s, expiry.run, name="expire-reservations")

    file_import = FileImport(commits, max_bytes=settings.inventory_import_max_bytes)
    problems.register(service.app, api.STATUS)
    service.app.include_router(api.readers(service.database))
    service.app.include_router(api.writers(commits, file_import))
    return service.app


def main() -> None:
    run(InventorySettings, build)
