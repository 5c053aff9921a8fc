"""The weather job of a process: asks the sources of the settings, and remembers how that went for the health."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from collector.weather.fetching import FirstFigures, Run, fetch
from collector.weather.fetching import Stores as WeatherStores
from collector.weather.http import Getter
from collector.weather.open_meteo import ARCHIVE_URL, RECENT_URL, Address, OpenMeteo
from collector.weather.rmi import URL, Rmi
from collector.weather.source import WeatherSource
from plagewatch import weather_state
from plagewatch.cli.opening import Stores
from plagewatch.cli.rooms import Tick
from plagewatch.cli.watching import Watch
from plagewatch.health import PartHealth, PartState
from plagewatch.metering.weather import Source
from plagewatch.settings import Settings
from plagewatch.store.records.evaluations import pulse

EVERY_S = 300.0
REQUESTS_A_TICK = 2
"""A year of ten sites counts as 79 calls at Open-Meteo: so the first years come within hours, far from its limits."""


def sources_of(settings: Settings) -> dict[Source, WeatherSource]:
    """The sources on the network, by the settings' addresses; nothing is asked yet."""
    getter = Getter()
    address = Address(
        settings.weather_archive_url or ARCHIVE_URL,
        settings.weather_recent_url or RECENT_URL,
        settings.weather_key.get_secret_value(),
    )
    return {
        Source.OPEN_METEO: OpenMeteo(address, getter, time.sleep),
        Source.RMI: Rmi(getter, settings.weather_rmi_url or URL),
    }


@dataclass(slots=True)
class WeatherJob:
    """Asks for what is due. state: how the weather was doing after the last run."""

    stores: Stores
    sources: Mapping[Source, WeatherSource]
    state: PartHealth = PartHealth("weather", PartState.WELL)
    first: FirstFigures = field(default_factory=FirstFigures)

    def __call__(self) -> None:
        """One run, where no other process has just made one. Raises SeriesError."""
        now_ms = time.time_ns() // 1_000_000
        if pulse(self.stores.engine, "weather", now_ms // 1000, round(EVERY_S) - 60):
            stores = WeatherStores(self.stores.engine, self.stores.series)
            fetch(stores, self.sources, Run(now_ms, REQUESTS_A_TICK), self.first)
        self.state = weather_state.health(self.stores.engine, now_ms // 1000)


@dataclass(slots=True)
class WeatherTick(Tick):
    """The pulse of the job. A source in trouble stops nothing: the job works, and its health says what is missing."""

    job: WeatherJob | None = None

    def health(self, now_s: float) -> PartHealth:
        """That of the pulse where it stands still or fails, else that of the weather."""
        pulse = Tick.health(self, now_s)
        return pulse if self.job is None or pulse.state is not PartState.WELL else self.job.state


def weather_ticks(stores: Stores, needs: Sequence[Watch] = ()) -> list[Tick]:
    """The job's pulse where the settings switch it on; otherwise nothing is ever asked."""
    if not stores.settings.weather_fetch:
        return []
    job = WeatherJob(stores, sources_of(stores.settings))
    return [WeatherTick("weather", EVERY_S, job, needs, job=job)]
