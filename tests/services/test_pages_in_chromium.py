"""The pages in a real browser, on a tablet and a phone: nothing runs off the screen, a ticket can be taken."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine

from api.app import create_app
from plagewatch.store.records import tickets as records
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.states import State
from tests.api.centre import Centre, fill, ticket_for
from tests.conftest import free_port, wait_until

pytestmark = pytest.mark.service
TABLET, PHONE = (1024, 768), (390, 844)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PAGES = ["/", "/buildings/tournesol", "/meters/tournesol.water", "/meters/tournesol.water?period=year", "/tickets",
         "/tickets/1", "/data", "/plage", "/api"]  # fmt: skip


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture
def centre(engine: Engine, series: SqliteSeries, tmp_path_factory: pytest.TempPathFactory) -> Centre:
    return fill(engine, series, tmp_path_factory.mktemp("centre"))


@pytest.fixture
def address(centre: Centre) -> Iterator[str]:
    """The application behind a real server on a free port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(create_app(centre.context()), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, "the server")
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(params=[TABLET, PHONE], ids=["tablet", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page that fails its test when the browser complains."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, locale="nl-BE")
    opened, complaints = context.new_page(), list[str]()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("requestfailed", lambda failed: complaints.append(f"{failed.url}: {failed.failure}"))
    yield opened
    context.close()
    assert complaints == []


def test_no_page_runs_off_the_screen_and_every_picture_is_drawn(page: Page, address: str) -> None:
    for path in PAGES:
        answer = page.goto(address + path, wait_until="networkidle")
        assert answer is not None
        assert answer.status == 200, path
        sideways = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(sideways) == 0, f"{path} runs off the screen"
        missing = "[...document.images].filter(i => i.loading !== 'lazy' && !i.naturalWidth).map(i => i.src)"
        assert page.evaluate(missing) == [], path


def test_what_is_touched_is_large_enough(page: Page, address: str) -> None:
    targets = "main .button, main button, main select, nav a, .languages a, .switch a, .line a, summary"
    for path in PAGES:
        page.goto(address + path, wait_until="networkidle")
        small = f"[...document.querySelectorAll('{targets}')].filter(e => e.getBoundingClientRect().height < 44)"
        assert page.evaluate(f"{small}.map(e => e.outerHTML)") == [], path


def test_a_technician_finds_a_ticket_and_takes_it(page: Page, address: str, centre: Centre) -> None:
    number = ticket_for(centre.engine, "night_flow").id
    page.goto(address, wait_until="networkidle")
    page.get_by_role("link", name="Tickets", exact=True).click()
    page.get_by_role("link", name="Centrum", exact=True).click()
    page.get_by_text("night_flow [nl]").click()
    page.wait_for_url(f"**/tickets/{number}", wait_until="networkidle")
    page.locator("#who").select_option(label="Noor, plumber")
    page.get_by_role("button", name="Ik heb het gezien").click()
    page.wait_for_url(f"**/tickets/{number}")
    page.locator(".badges").get_by_text("Gezien").wait_for()
    page.wait_for_load_state("networkidle")
    assert page.locator("#who").input_value() == "tech-north"
    assert records.ticket(centre.engine, number).state is State.ACKNOWLEDGED  # type: ignore[union-attr]


def test_the_queue_is_worked_without_javascript(browser: Browser, address: str, centre: Centre) -> None:
    number = ticket_for(centre.engine, "no_data").id
    context = browser.new_context(java_script_enabled=False, locale="fr-BE")
    page = context.new_page()
    page.goto(f"{address}/tickets/{number}")
    page.locator("#who").select_option("tech-north")
    page.get_by_label("Note").fill("Pile remplacée.")
    page.get_by_role("button", name="C’est réparé").click()
    page.get_by_text("Pile remplacée.").wait_for()
    context.close()
    assert records.ticket(centre.engine, number).state is State.RESOLVED  # type: ignore[union-attr]
