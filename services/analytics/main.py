"""The composition root of analytics."""

from fastapi import FastAPI

from services.analytics import api, consumers
from services.analytics.reports import Reports
from services.analytics.repository import TallyRepository
from services.analytics.settings import AnalyticsSettings
from shared.clock import utc_now
from shared.server import run
from shared.service import Service


def build(settings: AnalyticsSettings) -> FastAPI:
    service = Service("analytics", settings)
    commits = service.commits(TallyRepository())
    consumers.subscribe(service.consumer, commits, linger_s=settings.analytics_linger_s)
    service.app.include_router(api.router(Reports(service.database), clock=utc_now))
    return service.app


def main() -> None:
    run(AnalyticsSettings, build)
