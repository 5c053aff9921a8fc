"""Files of network operators: local time, both hours of October, estimates, gaps, gas that is told twice.

2026-03-29 and 2026-10-25 are the days on which the clock changes. 2025-10-26 00:00Z is 1761436800: 02:00 local comes
at 00:00Z (summer time) and once more at 01:00Z. 2026-03-29 01:00Z is 1774746000: 02:00 to 03:00 local is left out.
"""

from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from collector import rollup_job
from collector.imports.importing import ImportRefused, ImportReport, Order, run
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Quality, Reason
from plagewatch.store.records.quarantine import quarantined
from plagewatch.store.records.registry import meter as meter_of
from plagewatch.store.records.registry import save
from plagewatch.store.records.work import dirty_windows
from plagewatch.store.series.influx import InfluxSeries

MIDNIGHT = datetime(2026, 2, 1)  # noqa: DTZ001 - a cell of Excel has no zone
NOW_MS = 1_795_169_702_000  # 2026-11-20
ELEC, GAS = "541448920708672023", "541448860018322037"
BRUSSELS = ZoneInfo("Europe/Brussels")
OCTOBER_S = 1_761_436_800  # 2025-10-26T00:00Z, the first 02:00 local
MARCH_S = 1_774_746_000  # 2026-03-29T01:00Z, 03:00 local


@pytest.fixture
def registry(engine):
    save(
        engine,
        [
            Site("s", "School"),
            Meter("e", "s", "Electricity", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900, ean=ELEC),
            Meter("g", "s", "Gas", Carrier.GAS, Kind.INTERVAL, "m3", ean=GAS),
        ],
    )
    return engine


def imported(path: Path, engine, series, **order) -> ImportReport:
    return run(Order(path, **order), engine, series, NOW_MS)


def values(series, meter="e", register="energy_interval"):
    found = series.samples(meter, register, 0, 1 << 50)
    return dict(zip((found.at_ms // 1000).tolist(), found.value.tolist(), strict=True))


def file_of(tmp_path: Path, text: str, name: str = "file.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


# --- Sibelga ---


def amr(day: str, slot: str, value: object, register: str = "A+", unit: str = "kWh", quality: str = "01") -> str:
    return f"{ELEC};15;Electricity;{register};{day};{slot};{value};{unit};{quality}\n"


def day_of_slots(day: datetime) -> list[tuple[datetime, str]]:
    """The quarter-hours of a local day as instants and what the clock on the wall shows then."""
    at = datetime(day.year, day.month, day.day, tzinfo=BRUSSELS).astimezone(UTC)
    found = []
    while at.astimezone(BRUSSELS).date() == day.date():
        found.append((at, at.astimezone(BRUSSELS).strftime("%H:%M")))
        at += timedelta(minutes=15)
    return found


@pytest.mark.parametrize(
    ("day", "slots"), [("2025-10-26", 100), ("2026-03-29", 92), ("2026-03-30", 96)], ids=["autumn", "spring", "usual"]
)
def test_a_local_day_has_92_96_or_100_slots(tmp_path, registry, series, day, slots):
    quarters = day_of_slots(datetime.fromisoformat(day))
    assert len(quarters) == slots
    text = "".join(amr(day, clock, number) for number, (_, clock) in enumerate(quarters))
    report = imported(file_of(tmp_path, text), registry, series)
    assert (report.format, report.samples, report.left_out) == ("sibelga", slots, {})
    assert values(series) == {int(at.timestamp()): float(number) for number, (at, _) in enumerate(quarters)}
    rollup_job.run(registry, series, NOW_MS // 1000)
    days = series.intervals(Resolution.DAY, "e", 0, 1 << 40)
    assert days.amount.tolist() == [slots * (slots - 1) / 2]
    assert days.coverage.tolist() == [1.0]


def test_interleaved_rows_of_both_hours_are_told_apart_by_how_often_a_stamp_came(tmp_path, registry, series):
    text = amr("26/10/2025", "01:45", 0)
    for number, clock in enumerate(("02:00", "02:15", "02:30", "02:45")):
        text += amr("26/10/2025", clock, 10 + number) + amr("26/10/2025", clock, 20 + number)
    imported(file_of(tmp_path, text), registry, series)
    first = {OCTOBER_S + 900 * number: 10.0 + number for number in range(4)}
    second = {OCTOBER_S + 3600 + 900 * number: 20.0 + number for number in range(4)}
    assert values(series) == {OCTOBER_S - 900: 0.0, **first, **second}


def test_a_third_time_for_an_hour_of_two_is_refused(tmp_path, registry, series):
    text = amr("26/10/2025", "01:45", 0) + amr("26/10/2025", "02:00", 1) * 3
    report = imported(file_of(tmp_path, text), registry, series)
    assert (report.samples, report.left_out) == (3, {Reason.TIME_IMPLAUSIBLE: 1})


def test_the_hour_that_march_leaves_out_is_refused(tmp_path, registry, series):
    text = "".join(amr("29/03/2026", clock, 1) for clock in ("00:00", "01:45", "02:00", "02:45", "03:00"))
    report = imported(file_of(tmp_path, text), registry, series)
    assert report.left_out == {Reason.TIME_IMPLAUSIBLE: 2}
    assert sorted(values(series))[1:] == [MARCH_S - 900, MARCH_S]


def test_numbered_slots_count_from_local_midnight(tmp_path, registry, series):
    text = "".join(amr("20251026", str(number), number) for number in (1, 9, 13, 100, 101, 0))
    report = imported(file_of(tmp_path, text), registry, series)
    # The day begins at 22:00Z; slot 9 is the first 02:00, slot 13 the second.
    midnight_s = OCTOBER_S - 7200
    assert values(series) == {midnight_s: 1.0, OCTOBER_S: 9.0, OCTOBER_S + 3600: 13.0, midnight_s + 99 * 900: 100.0}
    assert report.left_out == {Reason.TIME_IMPLAUSIBLE: 2}
    assert "20251026 has 100 slots" in report.examples[0]


def test_slots_may_name_their_end(tmp_path, registry, series):
    clocks = [at.strftime("%H:%M") for at in (MIDNIGHT + timedelta(minutes=15 * n) for n in range(1, 96))]
    text = "".join(amr("01/02/2026", clock, 1) for clock in (*clocks, "24:00"))
    report = imported(file_of(tmp_path, text), registry, series)
    start_s = int(datetime(2026, 1, 31, 23, tzinfo=UTC).timestamp())
    assert sorted(values(series)) == [start_s + 900 * number for number in range(96)]
    assert "end of its quarter-hour" in report.notes[0]


def test_slots_may_be_stretches(tmp_path, registry, series):
    pairs = ("01:45-02:00", "02:00-02:15", "02:45-02:00", "02:00-02:15", "02:45-03:00", "23:45 - 00:00")
    text = "".join(amr("26/10/2025", slot, number) for number, slot in enumerate(pairs))
    imported(file_of(tmp_path, text), registry, series)
    assert values(series) == {
        OCTOBER_S - 900: 0.0,
        OCTOBER_S: 1.0,
        OCTOBER_S + 2700: 2.0,
        OCTOBER_S + 3600: 3.0,
        OCTOBER_S + 6300: 4.0,
        OCTOBER_S + 82_800 - 900: 5.0,  # local midnight is 23:00Z
    }


def test_quality_codes_measured_estimated_and_gaps(tmp_path, registry, series):
    codes = ("01", "02", "03", "04", "99", "2", "07")
    text = "".join(amr("01/02/2026", f"00:{15 * n:02}" if n < 4 else f"01:{15 * (n - 4):02}", n, quality=code)
                   for n, code in enumerate(codes))  # fmt: skip
    report = imported(file_of(tmp_path, text), registry, series)
    found = series.samples("e", "energy_interval", 0, 1 << 50)
    assert found.value.tolist() == [0.0, 1.0, 5.0]
    assert found.quality.tolist() == [Quality.MEASURED, Quality.ESTIMATED, Quality.ESTIMATED]
    assert report.left_out == {Reason.FLAGGED: 1}
    assert report.passed == {
        "with quality 03 (no plausible value): a gap, not zero": 1,
        "with quality 04 (no plausible value): a gap, not zero": 1,
        "with quality 99 (missing): a gap, not zero": 1,
    }


def test_a_measured_value_takes_the_place_of_an_estimate(tmp_path, registry, series):
    imported(file_of(tmp_path, amr("01/02/2026", "00:00", 3, quality="02"), "first.csv"), registry, series)
    report = imported(file_of(tmp_path, amr("01/02/2026", "00:00", 2), "later.csv"), registry, series)
    account = report.accounts["e", "energy_interval"]
    assert (account.new, account.contradicting) == (1, 0)
    rollup_job.run(registry, series, NOW_MS // 1000)
    quarters = series.intervals(Resolution.QUARTER, "e", 0, 1 << 40)
    assert (quarters.amount.tolist(), quarters.estimated.tolist(), quarters.coverage.tolist()) == ([2.0], [0.0], [1.0])


def test_energy_fed_back_is_a_flow_of_its_own_and_reactive_energy_is_passed_over(tmp_path, registry, series):
    text = "".join(amr("01/02/2026", "00:00", 2, register=register) for register in ("A+", "A-", "I+", "C-"))
    report = imported(file_of(tmp_path, text), registry, series)
    assert list(values(series, register="energy_export_interval").values()) == [2.0]
    assert (report.samples, report.passed) == (2, {"of reactive energy": 2})
    rollup_job.run(registry, series, NOW_MS // 1000)
    assert series.intervals(Resolution.QUARTER, "e", 0, 1 << 40, "export").amount.tolist() == [2.0]
    assert series.intervals(Resolution.QUARTER, "e", 0, 1 << 40).amount.tolist() == [2.0]


def test_power_is_a_mean_over_its_quarter_hour(tmp_path, registry, series):
    text = amr("01/02/2026", "00:00", "10,4", unit="kW") + amr("01/02/2026", "00:15", "1500", unit="Wh")
    text += amr("01/02/2026", "00:30", "1", unit="m3") + amr("01/02/2026", "00:45", "1", unit="kvarh")
    report = imported(file_of(tmp_path, text), registry, series)
    assert list(values(series).values()) == [2.6, 1.5]  # 10.4 kW for a quarter of an hour
    assert report.left_out == {Reason.UNIT_UNKNOWN: 2}


@pytest.mark.parametrize(
    "header",
    [
        "Code EAN;Fréquence;Type d'énergie;Registre;Date;Plage horaire;Valeur;Unité;Code qualité",
        "EAN-code,Frequentie,Energietype,Register,Datum,Tijdslot,Waarde,Eenheid,Kwaliteitscode",
        "Unit,Quality code,Value,EAN code,Reading frequency,Register,Energy type,Date,Time slot",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_columns_are_found_by_their_headings(tmp_path, registry, series, header, encoding):
    separator = ";" if ";" in header else ","
    number = "1,5" if separator == ";" else "1.5"
    cells = [f'="{ELEC}"', "15", "Electricity", "A+", "01/02/2026", "00:00", number, "kWh", "01"]
    if header.startswith("Unit"):
        ean, frequency, energy, register, day, slot, value, unit, quality = cells
        cells = [unit, quality, value, ean, frequency, register, energy, day, slot]
    text = f"{header}\n{separator.join(cells)}\n"
    report = imported(file_of(tmp_path, text, encoding=encoding), registry, series)
    assert (report.format, report.left_out) == ("sibelga", {})
    assert values(series) == {int(datetime(2026, 1, 31, 23, tzinfo=UTC).timestamp()): 1.5}


def test_quarters_for_a_meter_of_hours_are_refused(tmp_path, registry, series):
    hourly = Meter("h", "s", "Hourly", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 3600)
    save(registry, [hourly])
    for text in (amr("01/02/2026", "00:00", 1), amr("01/02/2026", "1", 1).replace(";15;", ";;")):
        report = imported(file_of(tmp_path, text), registry, series, names={ELEC: "h"})
        assert (report.samples, report.left_out) == (0, {Reason.MALFORMED: 1})
        assert "the interval has 900 s, those of h have 3600 s" in report.examples[0]
    hours = amr("01/02/2026", "13:00", 1).replace(";15;", ";60;")
    assert imported(file_of(tmp_path, hours), registry, series, names={ELEC: "h"}).samples == 1


def test_unknown_codes_are_told_with_what_to_do_and_a_second_try_takes_them(tmp_path, registry, series):
    row = amr("01/02/2026", "00:00", 1)
    text = row + row.replace(ELEC, "541448920700000016") + row.replace(ELEC, "123456879123456789")
    path = file_of(tmp_path, text)
    report = imported(path, registry, series)
    assert (report.samples, report.left_out) == (1, {Reason.UNKNOWN_DEVICE: 2})
    assert "after its first 17 digits comes 7, not 9" in report.examples[1]
    assert "--meter 541448920700000016=METER" in report.notes[0]
    assert {item.device for item in quarantined(registry)} == {"541448920700000016", "123456879123456789"}
    save(registry, [Meter("f", "s", "Other", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900)])
    again = imported(path, registry, series, names={"541448920700000016": "f"}, only=("f",))
    assert (again.samples, list(values(series, "f").values())) == (1, [1.0])
    assert again.passed == {"of meters that are not asked for": 1}


def test_tariffs_of_a_smart_meter_are_not_guessed(tmp_path, registry, series):
    text = "EAN;Register;Direction;Date;Time slot;Value;Unit;Quality\n"
    text += f"{ELEC};HI;Offtake;01/02/2026;00:00;12345;kWh;01\n{ELEC};LOW;Injection;01/02/2026;00:00;1;kWh;01\n"
    report = imported(file_of(tmp_path, text), registry, series)
    assert (report.samples, report.left_out) == (0, {Reason.UNSAID: 2})
    assert "--format table" in report.examples[0]


def test_the_same_file_again_leaves_nothing_to_do(tmp_path, registry, series):
    text = "".join(amr("2025-10-26", clock, 1) for _, clock in day_of_slots(datetime.fromisoformat("2025-10-26")))
    path = file_of(tmp_path, text)
    imported(path, registry, series)
    rollup_job.run(registry, series, NOW_MS // 1000)
    assert imported(path, registry, series).new_samples == 0
    assert dirty_windows(registry) == {}


# --- Fluvius ---

DUTCH = "Van (datum);Van (tijdstip);Tot (datum);Tot (tijdstip);EAN-code;Meter;Metertype;Register;Volume;Eenheid;"
DUTCH += "Validatiestatus;Omschrijving\n"
ENGLISH = "From (date);From (time);Until (date);Until (time);EAN code;Meter;Meter type;Register;Volume;Unit;"
ENGLISH += "Validation status;Caloric upper value;Description\n"


def history(span: str, register: str, volume: str, unit="kWh", status="Gevalideerd", ean=ELEC, more="") -> str:
    start, until = span.split("|")
    since, clock = start.split(" ")
    to, end = until.split(" ")
    return f'{since};{clock};{to};{end};="{ean}";1SAG;Digitale meter;{register};{volume};{unit};{status};{more}\n'


def test_day_and_night_together_are_the_meter(tmp_path, registry, series):
    text = "\ufeff" + DUTCH
    text += history("01-02-2026 00:00:00|01-02-2026 00:15:00", "Afname Nacht", "0,065")
    text += history("01-02-2026 00:00:00|01-02-2026 00:15:00", "Injectie Nacht", "0,5")
    text += history("01-02-2026 07:00:00|01-02-2026 07:15:00", "Afname Dag", "0,2", status="Geschat")
    text += history("01-02-2026 07:00:00|01-02-2026 07:15:00", "Afname Nacht", "0,1")
    text += history("01-02-2026 07:15:00|01-02-2026 07:30:00", "Afname Dag", "", status="Geen verbruik")
    report = imported(file_of(tmp_path, text), registry, series)
    assert (report.format, report.left_out) == ("fluvius", {})
    found = series.samples("e", "energy_interval", 0, 1 << 50)
    assert found.value.tolist() == pytest.approx([0.065, 0.3])
    assert found.quality.tolist() == [Quality.MEASURED, Quality.ESTIMATED]
    assert list(values(series, register="energy_export_interval").values()) == [0.5]
    assert report.passed == {"without a value (Geen verbruik): a gap, not zero": 1}


def test_days_whose_registers_come_one_after_the_other_are_summed_too(tmp_path, engine, series):
    daily = Meter("e", "s", "Electricity", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", ean=ELEC)
    save(engine, [Site("s", "School"), daily])
    days = ("25-10-2025 00:00:00|26-10-2025 00:00:00", "26-10-2025 00:00:00|27-10-2025 00:00:00")
    text = DUTCH + "".join(
        history(day, register, volume)
        for register, volume in (("Afname Dag", "3"), ("Afname Nacht", "4"))
        for day in days
    )
    assert imported(file_of(tmp_path, text), engine, series).left_out == {}
    assert list(values(series).values()) == [7.0, 7.0]
    learnt = meter_of(engine, "e")
    assert learnt is not None
    assert learnt.interval_s == 86_400


def test_rows_interleave_and_seem_to_end_before_they_start_in_october(tmp_path, registry, series):
    # The order of rows and the two ends of 02:45 are those of a published file.
    text = DUTCH + history("26-10-2025 01:45:00|26-10-2025 02:00:00", "Afname Nacht", "0")
    spans = ("02:00|02:15", "02:00|02:15", "02:15|02:30", "02:15|02:30", "02:30|02:45", "02:30|02:45", "02:45|02:00")
    for number, span in enumerate((*spans, "02:45|03:00")):
        start, until = span.split("|")
        span = f"26-10-2025 {start}:00|26-10-2025 {until}:00"
        text += history(span, "Afname Nacht", str(number + 1)) + history(span, "Injectie Nacht", "0,000")
    text += history("26-10-2025 03:00:00|26-10-2025 03:15:00", "Afname Nacht", "9")
    assert imported(file_of(tmp_path, text), registry, series).left_out == {}
    order = [0, 1, 3, 5, 7, 2, 4, 6, 8, 9]  # the first hour's rows, then the second's
    assert values(series) == {OCTOBER_S - 900 + 900 * place: float(value) for place, value in enumerate(order)}


def test_one_row_alone_says_by_its_end_which_of_the_two_hours_it_is(tmp_path, registry, series):
    text = DUTCH + history("26-10-2025 02:45:00|26-10-2025 03:00:00", "Afname Nacht", "1")
    imported(file_of(tmp_path, text), registry, series)
    assert values(series) == {OCTOBER_S + 6300: 1.0}


def test_gas_is_told_twice_and_counted_once(tmp_path, registry, series):
    rows = (("06", "07", "0,364", "4,125"), ("07", "08", "0,147", "1,666"), ("08", "09", "", ""))
    text = ENGLISH
    for start, until, volume, energy in rows:
        span = f"22/10/2025 {start}:00:00|22/10/2025 {until}:00:00"
        status = "Read" if volume else "No consumption"
        text += history(span, "Offtake", volume, "m³", status, GAS, "11,332;")
        text += history(span, "Offtake", energy, "kWh", status, GAS, "Voorlopig;")
    span = "26/10/2025 02:00:00|26/10/2025 {}:00:00"
    text += history(span.format("02"), "Offtake", "1", "m³", "Read", GAS, ";")
    text += history(span.format("03"), "Offtake", "2", "m³", "Read", GAS, ";")
    report = imported(file_of(tmp_path, text), registry, series)
    six_s = int(datetime(2025, 10, 22, 4, tzinfo=UTC).timestamp())  # the gas day begins at 06:00 local
    assert values(series, "g", "volume_interval") == {
        six_s: 0.364,
        six_s + 3600: 0.147,
        OCTOBER_S: 1.0,
        OCTOBER_S + 3600: 2.0,
    }
    assert report.passed["in kWh of meters in m3: the same gas told twice"] == 3
    assert (report.left_out, report.notes) == (
        {},
        ("the file has a calorific value of 11.332 kWh/m3; it is not stored with the meter",),
    )
    learnt = meter_of(registry, "g")
    assert learnt is not None
    assert learnt.interval_s == 3600


def test_what_is_no_energy_or_not_known_is_told(tmp_path, registry, series):
    span = "01-02-2026 00:00:00|01-02-2026 00:15:00"
    text = DUTCH + history("01-02-2026 00:00:00|01-03-2026 00:00:00", "Piekvermogen", "4,2", "kW")
    text += history(span, "Afname Inductief", "1", "kVArh") + history(span, "Hulpverbruik Actief", "1")
    text += history(span, "Productie Actief", "1") + history(span, "Afname Actief", "1", status="Onbekend")
    text += history(span, "Afname Actief", "2,5") + history(
        "01-02-2026 00:15:00|01-02-2026 01:15:00", "Afname Actief", "1"
    )
    report = imported(file_of(tmp_path, text), registry, series)
    assert list(values(series).values()) == [2.5]
    assert report.passed == {"of peaks of power": 1, "of reactive energy": 1}
    assert report.left_out == {Reason.UNKNOWN_REGISTER: 2, Reason.FLAGGED: 1, Reason.MALFORMED: 1}
    assert "the interval has 3600 s, those of e have 900 s" in report.examples[-1]


def test_months_are_no_intervals(tmp_path, registry, series):
    text = DUTCH + history("01-02-2026 00:00:00|01-03-2026 00:00:00", "Afname Dag", "400")
    report = imported(file_of(tmp_path, text), registry, series)
    assert "28 days: only quarter-hours, hours and days are taken" in report.examples[0]


def excel(path, rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(path)


def test_an_export_that_was_saved_as_excel_reads_the_same(tmp_path, registry, series):
    typed = [
        MIDNIGHT,
        time(),
        MIDNIGHT,
        time(0, 15),
        ELEC,
        "1SAG",
        "Digitale meter",
        "Afname Nacht",
        0.065,
        "kWh",
        "Gevalideerd",
    ]
    excel(tmp_path / "typed.xlsx", [DUTCH.strip().split(";"), typed])
    lines = DUTCH + history("01-02-2026 00:15:00|01-02-2026 00:30:00", "Afname Nacht", "0,1")
    excel(tmp_path / "lines.xlsx", [[line] for line in lines.splitlines()])
    for name in ("typed.xlsx", "lines.xlsx"):
        report = imported(tmp_path / name, registry, series)
        assert (report.format, report.samples, report.left_out) == ("fluvius", 1, {})
    assert list(values(series).values()) == [0.065, 0.1]


def test_a_file_that_is_nothing_known_is_told(tmp_path, registry, series):
    with pytest.raises(ImportRefused, match="neither the headings nor columns A to I"):
        imported(file_of(tmp_path, "a;b\n1;2\n"), registry, series, format="sibelga")
    with pytest.raises(ImportRefused, match="no line has the headings"):
        imported(file_of(tmp_path, "a;b\n1;2\n"), registry, series, format="fluvius")
    with pytest.raises(ImportRefused, match="save it as .xlsx or .csv"):
        imported(file_of(tmp_path, "", "old.xls"), registry, series)
    with pytest.raises(ImportRefused, match="cannot be read as Excel"):
        imported(file_of(tmp_path, "no zip", "bad.xlsx"), registry, series)


@pytest.mark.service
def test_on_influxdb_too_the_same_file_again_is_nothing_new(tmp_path, registry, influx):
    text = amr("01/02/2026", "00:00", "0,1", quality="02") + amr("01/02/2026", "00:15", 1 / 3)
    better = text.replace(";02\n", ";01\n")
    with closing(InfluxSeries(influx.url, influx.token, influx.org, 30)) as stored:
        stored.set_up()
        new = [imported(file_of(tmp_path, rows), registry, stored).new_samples for rows in (text, text, better, better)]
    assert new == [2, 0, 1, 0]
