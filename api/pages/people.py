"""Who works at this screen: there is no signing in yet, so a person chooses a name once and the browser keeps it."""

from fastapi import Request, Response

from api.context import AppContext
from plagewatch.metering.meters import Person, Role
from plagewatch.store.records import registry

COOKIE = "who"
COOKIE_AGE_S = 90 * 86_400


def who_may_act(context: AppContext) -> list[Person]:
    """People who take steps at tickets, technicians first."""
    order = [Role.TECHNICIAN, Role.ENERGY_CELL, Role.FACILITY_MANAGER]
    return sorted(registry.persons(context.engine), key=lambda person: (order.index(person.role), person.name))


def remembered(request: Request) -> str:
    """The id chosen last in this browser, empty where none was."""
    return request.cookies.get(COOKIE, "")


def remember(response: Response, who: str) -> None:
    """Keep the chosen person in this browser."""
    response.set_cookie(COOKIE, who, max_age=COOKIE_AGE_S, samesite="strict", httponly=True)
