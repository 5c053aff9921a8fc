from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from digest import schedule
from digest.compose import Kind, compose
from digest.gather import gather
from digest.mailing import DigestWriter
from digest.render import TicketWords
from plagewatch.mail import MailError, send_due
from plagewatch.metering import meters
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.local_time import day_start_s
from plagewatch.metering.meters import Building, Carrier, Meter, Person, Role, Share, Site, Use, VirtualFormula
from plagewatch.metering.readings import Samples
from plagewatch.metering.rollups import bounds_s
from plagewatch.plage.portfolio import parse
from plagewatch.store import names
from plagewatch.store.records import outbox, registry
from plagewatch.store.records import tickets as ticket_records
from plagewatch.store.records.outbox import OutboxItem
from plagewatch.store.series.protocol import Points
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import State
from tests.mail.server import Post

TZ = "Europe/Brussels"
WEEK = date(2026, 11, 9)
ANNA = Person("anna", "Anna", "anna@cpas-ocmw.example", Role.FACILITY_MANAGER, "nl", ("wzc-linde",))
SAMPLE = Path(__file__).parents[2] / "plagewatch" / "plage" / "sample" / "portfolio.toml"


def start_s(weeks: int, day: int = 0) -> int:
    return day_start_s(WEEK + timedelta(days=7 * weeks + day), TZ)


def fill(series: SqliteSeries, resolution: Resolution, meter: str, from_s: int, to_s: int, each: float) -> None:
    starts_s = bounds_s(resolution, from_s, to_s, TZ)[:-1]
    carrier = meter.split(".")[1]
    series.write_intervals(resolution, meter, carrier, Intervals.measured(starts_s, np.full(len(starts_s), each)))


@pytest.fixture
def centre(engine: Engine, series: SqliteSeries) -> tuple[Engine, SqliteSeries]:
    """Two care homes; Anna has the first, with water by the hour, gas by the day, and a meter that never spoke."""
    registry.save(
        engine,
        [
            Site("wzc-linde", "De Linde", "north", TZ),
            Site("wzc-eik", "De Eik", "north", TZ),
            Site("station", "Weerstation", "", TZ),
            Building("wzc-linde", "wzc-linde", "De Linde", Use.CARE_HOME, 6200.0),
            Building("wzc-eik", "wzc-eik", "De Eik", Use.CARE_HOME, 5400.0),
            Meter("wzc-linde.water", "wzc-linde", "Water", Carrier.WATER, meters.Kind.INDEX, "m3", 900),
            Meter("wzc-linde.gas", "wzc-linde", "Gas", Carrier.GAS, meters.Kind.INTERVAL, "m3", 86_400),
            Meter("wzc-linde.elec", "wzc-linde", "Elektriciteit", Carrier.ELECTRICITY, meters.Kind.INDEX, "kWh", 900),
            Meter("wzc-linde.oil", "wzc-linde", "Stookolie", Carrier.HEAT, meters.Kind.DELIVERY, "kWh"),
            Meter("wzc-eik.water", "wzc-eik", "Water", Carrier.WATER, meters.Kind.INDEX, "m3", 900),
            Meter("station.temperature", "station", "Temperatuur", Carrier.WEATHER, meters.Kind.GAUGE, "°C", 3600),
            *(Share(f"wzc-linde.{name}", "wzc-linde", 1.0) for name in ("water", "gas", "elec", "oil")),
            Share("wzc-eik.water", "wzc-eik", 1.0),
            Share("wzc-eik.water", "wzc-linde", 0.25, date(2027, 1, 1)),
            ANNA,
        ],
    )
    fill(series, Resolution.HOUR, "wzc-linde.water", start_s(-1), start_s(0), 1.0)
    fill(series, Resolution.HOUR, "wzc-linde.water", start_s(0), start_s(1), 1.5)
    fill(series, Resolution.DAY, "wzc-linde.water", start_s(-3), start_s(0), 24.0)
    fill(series, Resolution.DAY, "wzc-linde.water", start_s(0), start_s(1), 36.0)
    fill(series, Resolution.DAY, "wzc-linde.gas", start_s(-1), start_s(1), 300.0)
    fill(series, Resolution.HOUR, "wzc-eik.water", start_s(-1), start_s(1), 7.0)
    hours_s = bounds_s(Resolution.HOUR, start_s(-1), start_s(1), TZ)[:-1]
    temp_c = np.where(hours_s < start_s(0), 10.0, 4.0)
    fields = {names.TEMP_C: temp_c, **{f: np.full(len(temp_c), np.nan) for f in names.WEATHER_FIELDS[1:]}}
    series.write_points(names.WEATHER, {names.TAG_SITE: "station"}, Points(hours_s, fields))
    read_ms = start_s(1) * 1000 - 60_000
    series.write_samples([Samples("wzc-linde.water", "water_volume", [read_ms], [9.0], "mqtt:logger", read_ms)])
    return engine, series


def test_a_week_is_read_as_it_stands_in_the_stores(centre: tuple[Engine, SqliteSeries]) -> None:
    facts = gather(*centre, ANNA, WEEK, None)
    (linde,) = facts.buildings
    assert {m.meter.id: m.resolution for m in linde.meters} == {
        "wzc-linde.water": Resolution.HOUR,
        "wzc-linde.gas": Resolution.DAY,
        "wzc-linde.elec": Resolution.HOUR,
    }
    assert (linde.outdoor_c, linde.outdoor_before_c) == (4.0, 10.0)
    water = next(m for m in linde.meters if m.meter.carrier is Carrier.WATER)
    assert (len(water.this_week), len(water.week_before), water.expected, len(water.days)) == (168, 168, 168, 28)
    assert water.last_seen_s == start_s(1) - 60
    electricity, gas, water_row = compose(facts, "nl").buildings[0].rows
    assert np.isnan(electricity.comparison.amount)
    assert (gas.comparison.amount, gas.comparison.compared, gas.comparison.expected) == (2100.0, 7, 7)
    assert [note.text for note in gas.notes] == ["It was {degrees} colder outside."]
    assert water_row.comparison.change == pytest.approx(0.5)


def test_a_share_counts_from_its_date_on(centre: tuple[Engine, SqliteSeries]) -> None:
    later = gather(*centre, ANNA, date(2027, 1, 4), None)
    assert {m.meter.id: m.share for m in later.buildings[0].meters}["wzc-eik.water"] == 0.25
    now = gather(*centre, ANNA, WEEK, None)
    assert "wzc-eik.water" not in {m.meter.id for m in now.buildings[0].meters}


def test_who_has_no_list_of_buildings_reads_all_of_them(centre: tuple[Engine, SqliteSeries]) -> None:
    everybody = Person("all", "Alle", "all@cpas-ocmw.example", Role.FACILITY_MANAGER)
    assert [b.building.id for b in gather(*centre, everybody, WEEK, None).buildings] == ["wzc-eik", "wzc-linde"]


def test_who_has_a_building_that_is_not_there_is_told_so(centre: tuple[Engine, SqliteSeries]) -> None:
    stray = Person("stray", "Stray", "s@cpas-ocmw.example", Role.FACILITY_MANAGER, "nl", ("gone",))
    assert compose(gather(*centre, stray, WEEK, None), "nl").kind is Kind.NO_BUILDING


def open_ticket(engine: Engine, meter: str, cause: str, seen_s: int) -> int:
    finding = Finding("night_water", meter, cause, seen_s - 3600, seen_s, seen_s, 1.0, {"extra_m3_per_year": 1576.8})
    return ticket_records.open_ticket(engine, finding, Urgency.URGENT, Skill.PLUMBING)


def test_a_meter_that_moved_to_another_building_is_told_there_only(centre: tuple[Engine, SqliteSeries]) -> None:
    registry.save(centre[0], [Share("wzc-linde.water", "wzc-eik", 1.0, WEEK)])
    both = Person("both", "Both", "b@cpas-ocmw.example", Role.FACILITY_MANAGER)
    weeks = gather(*centre, both, WEEK, None).buildings
    assert [w.building.id for w in weeks if "wzc-linde.water" in [m.meter.id for m in w.meters]] == ["wzc-eik"]


def test_tickets_of_the_persons_buildings_and_of_the_week(centre: tuple[Engine, SqliteSeries]) -> None:
    engine, series = centre
    living = open_ticket(engine, "wzc-linde.water", "leak", start_s(0, 2))
    old = open_ticket(engine, "wzc-linde.water", "older", start_s(-2))
    open_ticket(engine, "wzc-eik.water", "leak", start_s(0, 2))
    ticket_records.move(engine, old, State.OPEN, State.RESOLVED, who="tech", at_s=start_s(-1))
    ticket_records.move(engine, old, State.RESOLVED, State.VERIFIED, who="meter", at_s=start_s(0, 3))
    tickets = gather(engine, series, ANNA, WEEK, None).tickets
    assert [t.ticket.id for t in tickets.living] == [living]
    assert (tickets.opened, tickets.verified) == (1, 1)
    before = gather(engine, series, ANNA, WEEK - timedelta(days=7), None).tickets
    assert (before.opened, before.verified) == (0, 0)


def test_monday_morning_end_to_end(centre: tuple[Engine, SqliteSeries], post: Post, told: TicketWords) -> None:
    engine, series = centre
    open_ticket(engine, "wzc-linde.water", "leak", start_s(0, 2))
    writer = DigestWriter(engine, series, parse(SAMPLE.read_text("utf-8")), "http://plagewatch.example/", told)
    now_s = schedule.due_s(WEEK)
    assert schedule.enqueue_due(engine, now_s) == 1
    report = send_due(engine, {"digest": writer.mail}, post.server, now_s)
    assert (report.sent, report.errors) == (1, {})
    assert outbox.unsent(engine) == []
    (mail,) = post.mailbox.arrived
    assert mail["Subject"] == "Week 46, De Linde: meer water (+50%)"
    text, related = mail.iter_parts()
    html, image = related.iter_parts()
    for said in (text.get_content(), html.get_content()):
        assert "252\N{NO-BREAK SPACE}m³" in said
        assert "geen gegevens" in said
        assert "7.884" in said
        assert "example//" not in said
        assert "niet berekend" in said
    assert image.get_content().startswith(b"\x89PNG")


def test_a_row_that_names_no_week_fails_alone_with_its_reason(
    centre: tuple[Engine, SqliteSeries], post: Post, told: TicketWords
) -> None:
    engine, series = centre
    writer = DigestWriter(engine, series, parse(SAMPLE.read_text("utf-8")), "http://plagewatch.example", told)
    now_s = schedule.due_s(WEEK)
    outbox.enqueue(engine, "digest", "digest:no-week", ["anna"], now_s - 60)
    schedule.enqueue_due(engine, now_s)
    report = send_due(engine, {"digest": writer.mail}, post.server, now_s)
    assert (report.sent, report.waiting) == (1, 1)
    (state,) = outbox.unsent(engine)
    assert state.last_error == "'digest:no-week' names no week"
    assert state.item.due_s >= now_s + 86_400  # a refusal, not a fault that an hour mends


def test_a_person_who_is_gone_is_a_refusal(centre: tuple[Engine, SqliteSeries], told: TicketWords) -> None:
    writer = DigestWriter(*centre, parse(SAMPLE.read_text("utf-8")), "http://plagewatch.example", told)
    with pytest.raises(MailError, match="no person 'zoe'") as caught:
        writer.mail(OutboxItem(1, "digest", "digest:2026-W46", "zoe", 0, 0))
    assert not caught.value.retryable


def test_computed_meters_are_told_once_and_by_days_where_their_source_tells_days(centre):
    engine, series = centre
    virtual = [
        Meter("wzc-linde.rest", "wzc-linde", "Rest", Carrier.WATER, meters.Kind.VIRTUAL, "m3"),
        Meter("wzc-linde.part", "wzc-linde", "Part", Carrier.GAS, meters.Kind.VIRTUAL, "m3"),
        Meter("wzc-linde.warm", "wzc-linde", "Warm", Carrier.HEAT, meters.Kind.VIRTUAL, "kWh"),
    ]
    formulas = [
        VirtualFormula("wzc-linde.rest", "[wzc-linde.water] / 2"),
        VirtualFormula("wzc-linde.part", "[wzc-eik.gas] / 2"),
        VirtualFormula("wzc-linde.warm", "[wzc-linde.oil] / 2"),
    ]
    eik = Meter("wzc-eik.gas", "wzc-eik", "Gas", Carrier.GAS, meters.Kind.INTERVAL, "m3", 86_400)
    registry.save(engine, [eik, *virtual, *formulas, *(Share(meter.id, "wzc-linde", 1.0) for meter in virtual)])
    series.write_samples([Samples("wzc-eik.gas", "volume_interval", [start_s(0) * 1000], [1.0], "test", 0)])
    (building,) = gather(engine, series, ANNA, WEEK, None).buildings
    told = {week.meter.id: week for week in building.meters}
    # The rest is within the water meter; of deliveries nobody knows the last week.
    assert not {"wzc-linde.rest", "wzc-linde.warm"} & told.keys()
    assert told["wzc-linde.part"].resolution is Resolution.DAY
    assert told["wzc-linde.part"].last_seen_s == start_s(0)
