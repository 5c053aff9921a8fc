import numpy as np
import orjson
import pytest

from simulators.centre import BUILDINGS
from simulators.profiles import QUARTER_S
from simulators.registers import Register
from simulators.world import WORLD_FILE, World, WorldFileError

DAY_S = 86_400
INTENSITIES = {  # the building's use: kWh gas and kWh electricity (with its own solar) a square metre and year
    "care_home": ((150, 200), (55, 70)),
    "social_antenna": ((95, 130), (35, 45)),
    "office": ((85, 110), (68, 82)),
    "laundry": ((540, 660), (205, 235)),
    "workshop": ((105, 135), (40, 50)),
    "day_centre": ((95, 125), (36, 44)),
    "housing": ((115, 145), (10, 14)),
}


def register(world: World, meter: str, word: str | None = None) -> Register:
    return next(r for r in world.registers() if r.meter == meter and word in (None, r.word))


def moved(world: World, meter: str, start_s: int, end_s: int, word: str | None = None) -> float:
    found = register(world, meter, word)
    steps = world.counted_steps(found, np.array([start_s, end_s]))
    return float((steps[1] - steps[0]) / found.steps_per_unit)


def quarters(world: World, meter: str, start_s: int, end_s: int, word: str | None = None) -> np.ndarray:
    found = register(world, meter, word)
    steps = world.counted_steps(found, np.arange(start_s, end_s + 1, QUARTER_S))
    return np.asarray(np.diff(steps) / found.steps_per_unit)


def test_the_same_beginning_gives_the_same_world_however_it_is_asked(world, now_s):
    other = World(world.beginning.seed, world.start_s, now_s)
    for day in range(0, 60, 7):  # asked in pieces, where the other was asked at once
        at_s = np.arange(world.start_s + day * DAY_S, world.start_s + (day + 1) * DAY_S, QUARTER_S)
        for found in world.registers():
            assert np.array_equal(other.shown(found, at_s), world.shown(found, at_s)), found
    different = World(world.beginning.seed + 1, world.start_s, now_s)
    water = register(world, "wzc-linde.water")
    assert not np.array_equal(different.counted_steps(water, at_s), world.counted_steps(water, at_s))


def test_fewer_buildings_are_the_same_buildings(world, now_s):
    alone = World(world.beginning.seed, world.start_s, now_s, BUILDINGS[4:5])
    at_s = np.arange(world.start_s, world.start_s + 10 * DAY_S, QUARTER_S)
    assert {r.meter.partition(".")[0] for r in alone.registers()} == {"ant-parc", "station-brussels"}
    for found in alone.registers():
        assert np.array_equal(alone.shown(found, at_s), world.shown(found, at_s))


def test_an_index_never_falls_but_where_its_drums_come_round(world, now_s):
    at_s = np.arange(world.start_s, now_s, QUARTER_S)
    rolled = []
    for found in world.registers():
        if found.unit not in ("kWh", "m3"):
            continue
        change = np.diff(world.shown_steps(found, at_s))
        if (change < 0).any():
            rolled.append(found.meter)
            assert (change < 0).sum() == 1
            assert change.min() < -0.99 * 10**found.digits * found.steps_per_unit
        assert world.shown(found, at_s).max() < 10 ** (found.digits or 12)
    assert rolled == ["molenwijk.water"]


def test_within_a_quarter_hour_a_counter_moves_evenly_and_ends_where_the_next_begins(world, now_s):
    found = register(world, "siege.elec", "energy_import_total")
    begin_s = now_s // QUARTER_S * QUARTER_S
    steps = world.counted_steps(found, np.arange(begin_s, begin_s + 3 * QUARTER_S + 1, 10))
    assert (np.diff(steps) >= 0).all()
    assert np.ptp(np.diff(steps[:90])) <= 1
    assert steps[90] == world.counted_steps(found, np.array([begin_s + QUARTER_S]))[0]


@pytest.mark.parametrize("building", BUILDINGS, ids=lambda b: b.id)
def test_a_year_of_use_is_believable(world, now_s, building):
    year = (now_s - 365 * DAY_S) // QUARTER_S * QUARTER_S, now_s // QUARTER_S * QUARTER_S
    (gas_low, gas_high), (elec_low, elec_high) = INTENSITIES[building.use.value]
    gas_kwh = moved(world, f"{building.id}.gas", *year) * 11.5
    elec_kwh = moved(world, f"{building.id}.elec", *year, "energy_import_total")
    if building.solar_kwp:
        solar_kwh = moved(world, f"{building.id}.solar", *year)
        assert 850 < solar_kwh / building.solar_kwp < 1050
        elec_kwh += solar_kwh - moved(world, f"{building.id}.elec", *year, "energy_export_total")
    assert gas_low <= gas_kwh / building.floor_area_m2 <= gas_high
    assert elec_low <= elec_kwh / building.floor_area_m2 <= elec_high
    assert moved(world, f"{building.id}.water", *year) == pytest.approx(
        building.water_m3_m2 * building.floor_area_m2, rel=0.12
    )


def test_care_homes_use_60_to_90_m3_of_water_a_bed(world, now_s):
    for building in BUILDINGS[:3]:
        m3 = moved(world, f"{building.id}.water", now_s - 365 * DAY_S, now_s)
        assert 60 <= m3 / (building.floor_area_m2 / 65.0) <= 90


def test_small_premises_are_dry_at_night_and_care_homes_never_quite(world):
    monday_s = 1_780_351_200  # 2026-06-02 00:00 in Brussels
    for day in range(20):
        night = monday_s + day * DAY_S + 3600, monday_s + day * DAY_S + 4 * 3600
        for meter in ("ant-kanaal.water", "ant-parc.water", "ant-noord.water", "erables.water", "atelier.water"):
            assert moved(world, meter, *night) == 0.0
        for meter in ("wzc-linde.water", "mrs-tournesol.water", "wzc-eik.water"):
            assert moved(world, meter, *night) > 0.02


def test_heating_follows_the_cold_and_care_homes_are_never_set_back(world):
    january_s, july_s = 1_767_654_000, 1_783_288_800  # Tuesdays 2026-01-06 and 2026-07-06 (Monday), 00:00 in Brussels
    for meter in ("siege.gas", "mrs-tournesol.gas", "molenwijk.gas"):
        winter, summer = (moved(world, meter, start_s, start_s + 7 * DAY_S) for start_s in (january_s, july_s))
        assert winter > 3 * summer
    office = quarters(world, "kantoor-west.gas", january_s, january_s + DAY_S)
    care = quarters(world, "wzc-linde.gas", january_s, january_s + DAY_S)
    assert office[4:12].mean() < 0.5 * office[36:44].mean()
    assert care[4:12].mean() > 0.6 * care[36:44].mean()


def test_solar_gives_nothing_at_night_and_surplus_goes_out(world, now_s):
    night_s = 1_782_079_200  # 2026-06-22 00:00 in Brussels
    assert moved(world, "siege.solar", night_s, night_s + 3 * 3600) == 0.0
    sunday_s = 1_782_597_600 - DAY_S
    out = quarters(world, "wasserij.elec", sunday_s, sunday_s + DAY_S, "energy_export_total")
    taken = quarters(world, "wasserij.elec", sunday_s, sunday_s + DAY_S, "energy_import_total")
    assert out.sum() > 50.0
    # A quarter-hour goes one way; the rest of a step may fall either way by chance.
    assert np.minimum(out, taken).max() <= 0.001


def test_a_world_goes_on_where_its_file_says(tmp_path, now_s):
    made = World.load_or_make(tmp_path / "new", now_s, seed=4)
    again = World.load_or_make(tmp_path / "new", now_s + 10 * DAY_S, seed=5)
    assert again.beginning == made.beginning
    assert made.anchor_s == now_s
    assert 395 * DAY_S < now_s - made.start_s < 399 * DAY_S


@pytest.mark.parametrize(
    "content", [b"", b"[]", b'{"seed": 1}', b'{"seed": "x", "start_s": 0, "anchor_s": 0}', b"\xff"]
)
def test_a_broken_world_file_is_told_by_name(tmp_path, now_s, content):
    (tmp_path / WORLD_FILE).write_bytes(content)
    with pytest.raises(WorldFileError, match=r"world\.json"):
        World.load_or_make(tmp_path, now_s)


def test_the_file_is_plain_json(tmp_path, now_s):
    world = World.load_or_make(tmp_path, now_s)
    told = orjson.loads((tmp_path / WORLD_FILE).read_bytes())
    assert told == {"seed": world.beginning.seed, "start_s": world.start_s, "anchor_s": now_s}


def test_before_the_beginning_there_is_nothing_to_show(world):
    with pytest.raises(ValueError, match="begins at"):
        world.shown(register(world, "siege.gas"), np.array([world.start_s - 1]))
