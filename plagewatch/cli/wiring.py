"""Which rooms a process runs. Each room is loaded only where it is wanted: a collector has no use for the pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plagewatch.cli.newest import Newest
from plagewatch.cli.opening import Stores, now_s
from plagewatch.cli.rooms import Running
from plagewatch.cli.watching import Watch
from plagewatch.plage.portfolio import Portfolio
from plagewatch.store.engine import bring_up

if TYPE_CHECKING:
    from plagewatch.cli.collecting import Collecting

ROOMS = ("collector", "figures", "rules", "api", "digest")
RECORDS, SERIES = "records", "series store"


def watches_of(stores: Stores) -> list[Watch]:
    """Who asks the records and the series store how they are; the first good answer opens each."""
    newest = Newest(stores.series)

    def series() -> int | None:
        stores.series.check()
        return newest()

    return [Watch(RECORDS, lambda: bring_up(stores.engine), ageless=True), Watch(SERIES, series)]


def pages_of(stores: Stores, portfolio: Portfolio, wired: "Wired") -> Callable[..., Any]:
    """The pages and the API over these stores."""
    from api.app import AppContext, create_app
    from collector.preview import FAMILY_NAMES, preview
    from rules import explain

    context = AppContext(
        engine=stores.engine,
        series=stores.series,
        health=wired.running.health,
        now_s=now_s,
        portfolio=portfolio,
        base_url=stores.settings.base_url,
        ticket_title=explain.title,
        ticket_sentence=explain.sentence,
        first_checks=explain.first_checks,
        rules=explain.rules_told,
        preview=preview,
        families=FAMILY_NAMES,
        away=lambda: wired.running.away(RECORDS),
        metrics=wired.metrics,
    )
    return create_app(context)


@dataclass(frozen=True, slots=True)
class Wired:
    """The rooms of a process, ready to start. collecting: where it has a collector."""

    running: Running
    collecting: "Collecting | None"
    metrics: Callable[[], bytes]


def rooms(stores: Stores, portfolio: Portfolio, wanted: Sequence[str]) -> Wired:
    """The wanted rooms, ready to start; the pages are not among them."""
    from plagewatch.cli.metrics import scrape

    watches = watches_of(stores)
    running, collecting, figures = Running(watches=watches), None, None
    if "collector" in wanted:
        from plagewatch.cli.collecting import collector_of
        from plagewatch.cli.weather_room import weather_ticks

        collecting = collector_of(stores, watches)
        figures = collecting.figures
        running.ticks += collecting.ticks
        running.parts += [collecting.mqtt, collecting.disk]
        running.at_stop.append(collecting.pipeline.stopping.set)
        running.ticks += weather_ticks(stores, watches)
    if "figures" in wanted and not ("collector" in wanted and stores.settings.collector_figures):
        from plagewatch.cli.collecting import figures_ticks, looking
        from plagewatch.cli.rollups import Rollups

        if figures is None:
            figures = Rollups(stores)
            running.ticks.append(looking(figures, watches))
        running.ticks += figures_ticks(stores, figures, watches)
    if "rules" in wanted:
        from plagewatch.cli.judging import rules_ticks

        running.ticks += rules_ticks(stores, portfolio, watches)
    if "digest" in wanted:
        from plagewatch.cli.mailing import digest_ticks

        running.ticks += digest_ticks(stores, portfolio, watches)
    return Wired(running, collecting, scrape(running, collecting, figures))
