"""The web application: pages for people, an API for programs, put together from its routes."""

from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from api.assessment import LatestAssessment
from api.context import AppContext
from api.pages import STATIC
from api.problems import catch_problems
from api.routes import (
    balance,
    calorific,
    data_health,
    days,
    days_pages,
    deliveries,
    delivery_pages,
    facts_pages,
    formula_pages,
    formulas,
    gas_pages,
    health,
    ledger,
    life_cycle,
    life_cycle_pages,
    manual_reading,
    meter,
    new_meter_pages,
    new_meters,
    organisation_pages,
    organisations,
    plage,
    quarantine,
    quarantine_pages,
    registry,
    rule_pages,
    rules,
    series,
    shares,
    shares_pages,
    start,
    sub_meter_pages,
    sub_meters,
    ticket_pages,
    tickets,
    works,
    works_pages,
)
from api.safety import Safety

__all__ = ["AppContext", "create_app"]

ROUTES = (
    balance,
    calorific,
    data_health,
    days,
    days_pages,
    deliveries,
    delivery_pages,
    facts_pages,
    formula_pages,
    formulas,
    gas_pages,
    health,
    ledger,
    life_cycle,
    life_cycle_pages,
    manual_reading,
    meter,
    new_meter_pages,
    new_meters,
    organisation_pages,
    organisations,
    plage,
    quarantine,
    quarantine_pages,
    registry,
    rule_pages,
    rules,
    series,
    shares,
    shares_pages,
    start,
    sub_meter_pages,
    sub_meters,
    ticket_pages,
    tickets,
    works,
    works_pages,
)

ABOUT = """
Figures of meters with what is known of them, and the tickets that abnormal consumption opens.

Times are ISO 8601 in UTC unless a field says otherwise. `null` means not known; it never means zero. Errors are
`application/problem+json` and say what, where and what to do. There are no user rights yet: run it behind a network
boundary.
"""


def create_app(context: AppContext) -> FastAPI:
    """The application over a context; serve it with any ASGI server."""
    app = FastAPI(
        title="plagewatch",
        version="1",
        description=ABOUT,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # the usual page loads scripts from elsewhere; /api lists the routes instead
        redoc_url=None,
    )
    app.state.context = context
    app.state.assessment = LatestAssessment()
    for routes in ROUTES:
        app.include_router(routes.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    catch_problems(app)
    app.add_middleware(Safety, hosts=[urlsplit(context.base_url).hostname or ""])
    return app
