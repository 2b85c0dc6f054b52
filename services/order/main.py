"""The order service, put together. `python -m services.order` runs one process of it."""

from datetime import timedelta

from fastapi import FastAPI

from services.order import api, consumers, requests
from services.order.catalogue import Catalogue
from services.order.domain import OrderError
from services.order.repository import OrderRepository
from services.order.settings import OrderSettings
from services.order.sweeps import Expiry, forget_keys
from services.order.use_cases import Desk
from shared.clock import new_id, utc_now
from shared.http import problems
from shared.http.auth import Tokens
from shared.http.rate_limit import SYNC_EVERY_S, RateLimit
from shared.service import Service

HOUR_S = 3600.0


def build(settings: OrderSettings) -> FastAPI:
    service = Service("order", settings)
    commits = service.commits(OrderRepository(), refusals=(OrderError,))
    catalogue = Catalogue(service.database)
    desk = Desk(commits, catalogue, clock=utc_now, new_id=new_id)

    consumers.register(service.consumer, desk)
    rate_limit = RateLimit(
        service.redis,
        "orders",
        limit=settings.order_rate_limit,
        window_s=settings.order_rate_window_s,
    )
    place = api.placing(desk, Tokens.of(settings), rate_limit)
    service.direct.add("POST", "/orders", place)
    service.app.include_router(api.router(place, desk, service.database))
    problems.register(service.app, api.STATUS_OF)
    requests.install_unorderable(service.app)

    expiry = Expiry(desk, service.database, after=timedelta(seconds=settings.order_expires_after_s))
    keep_keys = timedelta(seconds=settings.order_keep_keys_s)
    service.every(SYNC_EVERY_S, rate_limit.keep_in_step, name="sync-rate-limit")
    service.every(settings.order_catalogue_every_s, catalogue.refresh, name="refresh-catalogue")
    service.every(settings.order_sweep_every_s, expiry.sweep, name="expire-orders")
    service.every(
        HOUR_S, lambda: forget_keys(desk, service.database, after=keep_keys), name="forget-keys"
    )
    return service.app
