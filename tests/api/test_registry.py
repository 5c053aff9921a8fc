"""The registry as the pages read it: who serves whom, without a walk over everything for every meter."""

from dataclasses import replace
from datetime import date

from sqlalchemy import Engine

from api.registry import read
from plagewatch.metering.meters import Building, Carrier, Kind, Meter, Share, Site
from plagewatch.store.records import registry
from tests.api.centre import NOW_S, Centre

MANY = 60


class CountedId(str):
    """An id that counts how often it is compared."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        CountedId.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def fill_many(engine: Engine) -> None:
    places = [Building(f"b{n}", "s", f"Building {MANY - n:03}") for n in range(MANY)]
    meters = [Meter(f"m{n}", "s", f"Meter {n}", Carrier.GAS, Kind.INDEX, "m3") for n in range(MANY)]
    shares = [Share(f"m{n}", f"b{n}", 1.0) for n in range(MANY)]
    registry.save(engine, [Site("s", "Site"), *places, *meters, *shares])


def test_the_place_of_a_meter_is_found_without_a_walk_over_all_shares(engine: Engine) -> None:
    fill_many(engine)
    found = read(engine, NOW_S)
    before = CountedId.compared
    for n in range(MANY):
        meter = replace(found.meters[f"m{n}"], id=CountedId(f"m{n}"))
        assert found.place_of(meter) == f"Building {MANY - n:03}"
    assert CountedId.compared - before <= 2 * MANY


def test_buildings_of_a_shared_meter_come_by_name(centre: Centre) -> None:
    registry.save(centre.engine, [Building("a-last", "tournesol", "Zzz"), Share("noord.gas", "a-last", 0.4)])
    found = read(centre.engine, NOW_S)
    assert [b.name for b in found.buildings_of("noord.gas")][-1] == "Zzz"
    assert found.place_of(found.meters["noord.gas"]) == found.sites["noord"].name
    assert found.buildings_of("station.temperature") == []


def test_a_meter_that_moved_serves_only_its_new_building(centre: Centre) -> None:
    registry.save(centre.engine, [Share("noord.gas", "tournesol", 1.0, date(2026, 11, 1))])
    found = read(centre.engine, NOW_S)
    assert [b.id for b in found.buildings_of("noord.gas")] == ["tournesol"]
    assert "noord.gas" not in [meter.id for meter, _ in found.meters_of("noord")]
    assert "noord.gas" in [meter.id for meter, _ in found.meters_of("tournesol")]
