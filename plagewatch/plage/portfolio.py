"""The portfolio of an organisation under PLAGE: buildings, zones, reference use, dates, parameters; read from TOML."""

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plagewatch.metering.meters import Carrier
from plagewatch.plage.parameters import EffortScale, Parameter, Parameters, Shape, Standing
from plagewatch.plage.toml_table import PortfolioError, Table

__all__ = ["Body", "Portfolio", "PortfolioError", "parse"]


class Body(StrEnum):
    """The kinds of obligated body; each has its threshold."""

    AUTHORITY = "authority"  # federal, regional, community
    OTHER_PUBLIC = "other_public"  # municipality, welfare centre, public-interest body, university
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who has the duty. timezone: of the computation's local days. weather_site: whose temperatures count."""

    id: str
    name: str
    body: Body
    timezone: str
    weather_site: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of the procedure, [start, end) in local days."""

    name: str
    start: date
    end: date
    source: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class MeterLink:
    """A meter that feeds a zone. share: the zone's part, 0...1, of what the meter brings its building."""

    meter: str
    share: float


@dataclass(frozen=True, slots=True)
class ZoneUse:
    """What a zone used of one carrier in the reference year, and the meters that follow it now.

    reference_kwh: measured, final energy, not yet weather-normalised; gas by gross calorific value.
    heated_share: part of the use that follows the weather, 0...1.
    """

    carrier: Carrier
    reference_kwh: float
    heated_share: float
    meters: tuple[MeterLink, ...]
    source: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Zone:
    """A category zone: one use category, one area."""

    id: str
    category: str
    floor_area_m2: float
    uses: tuple[ZoneUse, ...]


@dataclass(frozen=True, slots=True)
class CadastreBuilding:
    """A building of the energy cadastre; `id` is that of the registry. gas_station: whose calorific value holds."""

    id: str
    name: str
    gas_station: str
    zones: tuple[Zone, ...]

    @property
    def floor_area_m2(self) -> float:
        """The area of all its zones."""
        return sum(zone.floor_area_m2 for zone in self.zones)


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything the computation needs that is not measured."""

    organisation: Organisation
    reference_year: int
    phases: tuple[Phase, ...]
    buildings: tuple[CadastreBuilding, ...]
    parameters: Parameters

    @property
    def floor_area_m2(self) -> float:
        """The area of all buildings."""
        return sum(building.floor_area_m2 for building in self.buildings)

    def uses(self) -> Iterator[tuple[CadastreBuilding, Zone, ZoneUse]]:
        """Every zone's use of every carrier, with the building and zone it belongs to."""
        for building in self.buildings:
            for zone in building.zones:
                for use in zone.uses:
                    yield building, zone, use


def parse(text: str) -> Portfolio:
    """Read a portfolio from TOML text; `plagewatch/plage/sample/portfolio.toml` shows every key.

    Raises PortfolioError, naming table and key (or line and column where it is not TOML).

    >>> parse("reference_year = 2018")
    Traceback (most recent call last):
    plagewatch.plage.toml_table.PortfolioError: portfolio, key `organisation`: is missing
    """
    try:
        whole = Table("portfolio", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PortfolioError(f"not a TOML file: {error}") from None
    organisation = _organisation(whole.table("organisation"))
    portfolio = Portfolio(
        organisation,
        int(whole.number("reference_year", 2000, 2100)),
        tuple(_phase(table) for table in whole.tables("phases")),
        tuple(_building(table) for table in whole.tables("buildings")),
        Parameters(
            [_parameter(table) for table in whole.tables("parameters")],
            [_scale(table) for table in whole.tables("effort_scales")],
        ),
    )
    whole.finish()
    _check_unique(portfolio)
    return portfolio


def _organisation(table: Table) -> Organisation:
    organisation = Organisation(
        table.text("id"),
        table.text("name"),
        table.word("body", Body),
        table.text("timezone"),
        table.text("weather_site"),
    )
    table.finish()
    return organisation


def _phase(table: Table) -> Phase:
    start, end = table.day("start"), table.day("end")
    if end <= start:
        raise table.error("end", f"must be after the start {start.isoformat()}, it is {end.isoformat()}")
    return Phase(table.text("name"), start, end, table.text("source"), table.word("standing", Standing))


def _building(table: Table) -> CadastreBuilding:
    return CadastreBuilding(
        table.text("id"),
        table.text("name"),
        table.text("gas_station"),
        tuple(_zone(zone) for zone in table.tables("zones")),
    )


def _zone(table: Table) -> Zone:
    area = table.number("floor_area_m2", low=0)
    if area == 0:
        raise table.error("floor_area_m2", "a zone without area has no specific consumption")
    return Zone(table.text("id"), table.text("category"), area, tuple(_use(use) for use in table.tables("uses")))


def _use(table: Table) -> ZoneUse:
    links = (MeterLink(link.text("id"), link.number("share", 0, 1)) for link in table.tables("meters"))
    return ZoneUse(
        table.word("carrier", Carrier),
        table.number("reference_kwh", low=0),
        table.number("heated_share", 0, 1),
        tuple(links),
        table.text("source"),
        table.word("standing", Standing),
    )


def _parameter(table: Table) -> Parameter:
    return Parameter(
        table.text("name"),
        table.number_or_text("value"),
        table.text("unit"),
        table.text("source"),
        table.day("valid_from"),
        table.word("standing", Standing),
        table.text("note") if table.has("note") else "",
    )


def _scale(table: Table) -> EffortScale:
    points = table.pairs("points")
    starts = [start for start, _ in points]
    if starts[0] != 0 or any(b <= a for a, b in zip(starts, starts[1:], strict=False)):
        raise table.error("points", "the first point is from 0 kWh/m2, and the next ones must rise")
    if not all(0 <= effort < 1 for _, effort in points):
        raise table.error("points", "an effort is a share of the reference, at least 0 and below 1")
    return EffortScale(
        table.text("category"),
        table.word("shape", Shape),
        points,
        table.text("source"),
        table.day("valid_from"),
        table.word("standing", Standing),
    )


def _check_unique(portfolio: Portfolio) -> None:
    parameters, scales = portfolio.parameters.all, portfolio.parameters.scales
    _refuse_twice("building", [b.id for b in portfolio.buildings])
    _refuse_twice("parameter", [f"{p.name} from {p.valid_from.isoformat()}" for p in parameters])
    _refuse_twice("effort scale", [f"{s.category} from {s.valid_from.isoformat()}" for s in scales])
    for building in portfolio.buildings:
        _refuse_twice(f"buildings ({building.id}): zone", [zone.id for zone in building.zones])
        for zone in building.zones:
            _refuse_twice(f"buildings ({building.id}): zone {zone.id}: carrier", [use.carrier for use in zone.uses])
        given: defaultdict[str, float] = defaultdict(float)
        for link in (link for zone in building.zones for use in zone.uses for link in use.meters):
            given[link.meter] += link.share
        for meter, share in given.items():
            if share > 1 + 1e-9:
                raise PortfolioError(
                    f"buildings ({building.id}): the shares of meter {meter} sum to {share:g}, above 1"
                )


def _refuse_twice(what: str, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            raise PortfolioError(f"{what} {name} stands there {times} times")
