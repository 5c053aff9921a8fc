"""A centre whose stores hold something of everything, to be moved and found again."""

from datetime import date
from pathlib import Path

import numpy as np

from collector import rollup_job
from plagewatch.metering.claiming import Claim
from plagewatch.metering.meters import CalorificValue, Carrier, Delivery, Kind, Meter, MeterFacts, Person, Role, Swap
from plagewatch.metering.readings import Quality, Reason, Samples
from plagewatch.store.engine import Engine, open_records
from plagewatch.store.names import TAG_SITE, WEATHER
from plagewatch.store.records import audit, claims, outbox, quarantine, registry, stored_files, tickets, work
from plagewatch.store.records.life_cycle import By, MeterEditor
from plagewatch.store.records.manual_readings import ManualReading
from plagewatch.store.records.manual_readings import enter as enter_reading
from plagewatch.store.series.protocol import Points, SeriesStore
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.states import State
from tests.api.centre import FIRST_S, HOUR_S, NOW_S, fill, hold

INDEX = "energy_import_total"
MAIN = Meter("noord.elec", "noord", "Eléc, nord = 1", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)
TANK = Meter("noord.oil", "noord", "Tank", Carrier.OIL, Kind.DELIVERY, "kWh", None)
QUARTERS = 30 * 96
AUDITED = 4_500
LINES = 60


def fill_folder(folder: Path) -> None:
    """The embedded stores of a folder."""
    folder.mkdir(parents=True)
    engine, series = open_records(f"sqlite:///{folder / 'records.db'}"), SqliteSeries(folder / "series.db")
    fill(engine, series, folder)
    hold(engine)
    registry.save(engine, [MAIN, TANK, Person("anna", "Anna", "a@cpas-ocmw.example", Role.TECHNICIAN, skills=("gas",))])
    _evidence(series)
    _life(engine, series)
    _people(engine)
    work.mark_dirty(engine, [work.DirtyWindow(MAIN.id, FIRST_S * 1000, NOW_S * 1000)])
    rollup_job.run(engine, series, NOW_S)
    work.mark_dirty(engine, [work.DirtyWindow(MAIN.id, FIRST_S * 1000, FIRST_S * 1000 + 1)])  # and one that waits
    series.close()
    engine.dispose()


def _evidence(series: SeriesStore) -> None:
    at_ms = FIRST_S * 1000 + 900_000 * np.arange(QUARTERS) // 2 + 7
    index = np.round(1234.5 + 0.1 * np.arange(QUARTERS), 3)
    for first in range(0, QUARTERS, 96):
        part = slice(first, first + 96)
        source, received_ms = f"mqtt:loggers/{first // 96 % 2}", int(at_ms[part][-1]) + 1500
        told = Samples(MAIN.id, INDEX, at_ms[part].tolist(), index[part].tolist(), source, received_ms)
        series.write_samples([told])
    odd = [0.1 + 0.2, -1e-300, 1.2345678901234567e15, 123456789.000001]
    instants = [FIRST_S * 1000 + number for number in range(len(odd))]
    series.write_samples([
        Samples("noord.gas", "gas_volume", instants, odd, 'file:odd, "name".csv', NOW_S * 1000, Quality.ESTIMATED),
        Samples("noord.gas", "gas_volume", instants[:1], [7.0], "another", NOW_S * 1000),  # a contradiction
    ])  # fmt: skip
    hours_s = np.arange(FIRST_S, NOW_S, HOUR_S, dtype=np.int64)
    warm = np.where(hours_s % 5 == 0, np.nan, np.sin(hours_s / 7e4) * 10)
    series.write_points(WEATHER, {TAG_SITE: "station"}, Points(hours_s, {"temp_c": warm, "humidity_pct": warm + 50}))


def _life(engine: Engine, series: SeriesStore) -> None:
    editor = MeterEditor(engine, series, By("cell", NOW_S * 1000))
    editor.enter_facts(MeterFacts(MAIN.id, FIRST_S * 1000, 6, 1, 1.0, 69.0))
    editor.declare_swap(Swap(MAIN.id, INDEX, FIRST_S * 1000 - 1, 999.9, 1234.5, "S-2", 6, note="zegel gebroken ✂"))
    editor.set_calorific_value(CalorificValue("brussel", date(2026, 11, 1), 11.26, "Synergrid"))
    registry.save(engine, [Delivery(TANK.id, date(2026, 11, 3), 3000.0, "l", "bon 7")])
    with engine.begin() as connection:
        picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
        kept = stored_files.keep_picture(connection, "meter.png", picture, By("anna", NOW_S * 1000))
    reading = ManualReading("noord.gas", "gas_volume", NOW_S * 1000, 8.125, "anna", kept, "in de kelder")
    enter_reading(engine, series, reading, By("anna", NOW_S * 1000))
    for meter, from_ms in ((MAIN.id, FIRST_S * 1000), ("tournesol.elec", FIRST_S * 1000 + 86_400_000 * 3)):
        claims.claim(engine, series, Claim("0", INDEX, meter, from_ms, "cell"), NOW_S * 1000)


def _people(engine: Engine) -> None:
    (water,) = [one for one in tickets.tickets(engine) if one.cause == "night_flow"]
    tickets.move(
        engine, water.id, State.OPEN, State.ACKNOWLEDGED, who="tech-north", at_s=NOW_S, assigned_to="tech-north"
    )
    outbox.enqueue(engine, "ticket", f"ticket:{water.id}", ["tech-north", "cell"], NOW_S)
    outbox.sent(engine, outbox.due(engine, NOW_S)[0].id, NOW_S + 1)
    with engine.begin() as connection:
        for number in range(AUDITED):
            audit.line(connection, NOW_S * 1000 + number, "cell", "meter_changed", MAIN.id, None, {"pulse": number / 7})
    lines = [
        quarantine.Quarantined(NOW_S * 1000, f"file:x.csv:{n}", "x", Reason.MALFORMED, f"line {n}", b"\x00\xff")
        for n in range(LINES)
    ]
    quarantine.keep(engine, lines)
