"""Any table: what is proposed for it, what is asked before anything is imported, and how a mapping reads it."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pytest

from collector.imports.importing import ImportRefused, Order, run
from collector.imports.mapping import Counts, Layout, Series, TableMapping, mapping_of
from collector.imports.previewing import preview
from collector.imports.stamps import DateOrder, local_stamp, order_of
from collector.imports.time_slots import Stamp
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Reason
from plagewatch.store.names import WEATHER
from plagewatch.store.records.mappings import mapping_named, mapping_names, save_mapping
from plagewatch.store.records.registry import save

NOW_MS = 1_795_169_702_000
EAN = "541448920708672023"


@pytest.fixture
def registry(engine):
    save(
        engine,
        [
            Site("s", "School"),
            Meter("school.elec", "s", "School electricity", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900, ean=EAN),
            Meter("school.gas", "s", "School gas", Carrier.GAS, Kind.INDEX, "m3"),
            Meter("pool.elec", "s", "Pool electricity", Carrier.ELECTRICITY, Kind.INTERVAL, "kWh", 900),
        ],
    )
    return engine


def file_of(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def excel(path, *rows):
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(path)


def proposed(path, engine, series, **order):
    return preview(Order(path, "table", **order), engine, series, NOW_MS)


def imported(path, engine, series, mapping, **order):
    return run(Order(path, "table", mapping, **order), engine, series, NOW_MS)


def values(series, meter, register):
    found = series.samples(meter, register, 0, 1 << 50)
    return [(utc(at_ms), value) for at_ms, value in zip(found.at_ms.tolist(), found.value.tolist(), strict=True)]


def utc(at_ms):
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M")


WIDE = """\
Rapport verbruik;;;
School;;Zwembad;
Gebouw;;;
Datum;Uur;school.elec verbruik (kWh);pool.elec verbruik (kWh)
13/02/2026;00:00;1,5;1.234,25
13/02/2026;00:15;2,5;
13/02/2026;00:30;-;3
"""


def test_a_wide_table_is_proposed_shown_and_read(tmp_path, registry, series):
    path = file_of(tmp_path, WIDE, encoding="cp1252")
    shown = proposed(path, registry, series)
    mapping = shown.proposal.mapping
    assert (mapping.layout, mapping.counts, mapping.when) == (Layout.WIDE, Counts.INTERVAL, ("Datum", "Uur"))
    assert (mapping.date_order, mapping.zone, mapping.decimal) == (DateOrder.DMY, "Europe/Brussels", ",")
    assert (mapping.stamp, mapping.interval_s) == (Stamp.START, 900)
    assert [(column.meter, column.register, column.unit) for column in mapping.series] == [
        ("school.elec", "energy_interval", "kWh"),
        ("pool.elec", "energy_interval", "kWh"),
    ]
    assert shown.proposal.questions == ()
    assert shown.first_rows[0] == "line 5: school.elec energy_interval 2026-02-12T23:00:00Z = 1.5"
    assert values(series, "school.elec", "energy_interval") == []  # nothing before a person accepted
    report = imported(path, registry, series, mapping)
    assert values(series, "school.elec", "energy_interval") == [("2026-02-12T23:00", 1.5), ("2026-02-12T23:15", 2.5)]
    assert values(series, "pool.elec", "energy_interval") == [("2026-02-12T23:00", 1234.25), ("2026-02-12T23:30", 3.0)]
    assert (report.passed, report.left_out) == ({"without a value: a gap, not zero": 2}, {})
    assert imported(path, registry, series, mapping).new_samples == 0


LONG = "Meter;Index (m3);Date\nschool.gas;1234,5;14/02/2026 08:30\nschool.gas;1240,0;15/02/2026 08:30\n"


def test_a_long_table_of_indexes(tmp_path, registry, series):
    path = file_of(tmp_path, LONG)
    mapping = proposed(path, registry, series).proposal.mapping
    assert (mapping.layout, mapping.counts, mapping.named_by, mapping.value) == (
        Layout.LONG,
        Counts.INDEX,
        ("Meter",),
        "Index (m3)",
    )
    assert mapping.series == (Series("school.gas", "school.gas", "gas_volume", "m3"),)
    imported(path, registry, series, mapping)
    assert values(series, "school.gas", "gas_volume") == [("2026-02-14T07:30", 1234.5), ("2026-02-15T07:30", 1240.0)]


def test_a_unit_may_stand_in_its_own_column_and_ids_as_excel_wants_them(tmp_path, registry, series):
    text = f'EAN;Tijdstip;Verbruik;Eenheid\n="{EAN}";2026-02-01 00:15;1500;Wh\n="{EAN}";2026-02-01 00:30;2;kWh\n'
    path = file_of(tmp_path, text + f'="{EAN}";2026-02-01 00:45;2;kvarh\n')
    shown = proposed(path, registry, series)
    mapping = shown.proposal.mapping
    assert (mapping.unit_column, mapping.stamp, shown.proposal.questions) == ("Eenheid", Stamp.END, ())
    report = imported(path, registry, series, mapping)
    assert values(series, "school.elec", "energy_interval") == [("2026-01-31T23:00", 1.5), ("2026-01-31T23:15", 2.0)]
    assert report.left_out == {Reason.UNIT_UNKNOWN: 1}


def test_dates_that_no_row_decides_are_asked_for(tmp_path, registry, series):
    text = "Datum;school.elec verbruik kWh\n01/02/2026 00:00;1\n01/02/2026 00:15;1\n02/02/2026 00:00;1\n"
    path = file_of(tmp_path, text)
    shown = proposed(path, registry, series)
    assert [question for question in shown.proposal.questions if "date_order" in question]
    with pytest.raises(ImportRefused, match="date_order"):
        imported(path, registry, series, shown.proposal.mapping)
    # One row anywhere in the column decides it.
    late = file_of(tmp_path, text + "28/02/2026 00:00;1\n", "late.csv")
    assert proposed(late, registry, series).proposal.mapping.date_order is DateOrder.DMY
    american = replace(
        proposed(late, registry, series).proposal.mapping, date_order=DateOrder.MDY, stamp=Stamp.START, interval_s=900
    )
    report = imported(late, registry, series, american)
    assert report.left_out == {Reason.MALFORMED: 1}  # no month 28
    assert values(series, "school.elec", "energy_interval")[0][0] == "2026-01-01T23:00"


def test_two_lines_of_headings_are_one(tmp_path, registry, series):
    text = ",school.elec,,pool.elec,\nTimestamp,import [kWh],export [kWh],import [kWh],export [kWh]\n"
    path = file_of(tmp_path, text + "2026-02-01T00:00:00Z,1.5,0.5,3,0\n2026-02-01T00:15:00Z,1,0,3,0\n")
    shown = proposed(path, registry, series)
    mapping = replace(shown.proposal.mapping, counts=Counts.INTERVAL, stamp=Stamp.START)
    assert mapping.header_lines == (1, 2)
    assert [column.name for column in mapping.series] == [
        "school.elec import [kWh]",
        "school.elec export [kWh]",
        "pool.elec import [kWh]",
        "pool.elec export [kWh]",
    ]
    assert mapping.zone == "as written"
    registers = ("energy_interval", "energy_export_interval")
    columns = tuple(replace(c, register=registers["export" in c.name]) for c in mapping.series)
    imported(path, registry, series, replace(mapping, series=columns))
    assert values(series, "school.elec", "energy_export_interval")[0] == ("2026-02-01T00:00", 0.5)


def test_power_over_an_interval_becomes_energy(tmp_path, registry, series):
    path = file_of(tmp_path, "Datum;school.elec vermogen kW\n13/02/2026 00:00;10\n13/02/2026 00:15;20\n")
    mapping = proposed(path, registry, series).proposal.mapping
    imported(path, registry, series, mapping)
    assert [value for _, value in values(series, "school.elec", "energy_interval")] == [2.5, 5.0]


def test_local_rows_of_october_and_fixed_winter_time(tmp_path, registry, series):
    text = "Datum;school.elec verbruik kWh\n" + "".join(
        f"26/10/2025 {clock};{number}\n"
        for number, clock in enumerate(("01:45", "02:00", "02:45", "02:00", "02:45", "03:00"))
    )
    path = file_of(tmp_path, text)
    mapping = replace(proposed(path, registry, series).proposal.mapping, stamp=Stamp.START, interval_s=900)
    imported(path, registry, series, mapping)
    assert [at for at, _ in values(series, "school.elec", "energy_interval")] == [
        "2025-10-25T23:45",
        "2025-10-26T00:00",
        "2025-10-26T00:45",
        "2025-10-26T01:00",
        "2025-10-26T01:45",
        "2025-10-26T02:00",
    ]
    winter = replace(mapping, zone="Etc/GMT-1", series=(replace(mapping.series[0], meter="pool.elec"),))
    report = imported(
        file_of(tmp_path, "Datum;school.elec verbruik kWh\n29/03/2026 02:30;1\n"), registry, series, winter
    )
    assert (report.left_out, values(series, "pool.elec", "energy_interval")) == ({}, [("2026-03-29T01:30", 1.0)])


def test_excel_with_dates_as_dates_and_as_numbers(tmp_path, registry, series):
    first, second = datetime(2026, 2, 1), datetime(2026, 2, 1, 0, 15)  # noqa: DTZ001 - cells of Excel have no zone
    excel(tmp_path / "dates.xlsx", ["Report"], ["Date", "school.elec consumption kWh"], [first, 1.25], [second, 2])
    # 2026-02-01 as days since 1899-12-30.
    excel(tmp_path / "numbers.xlsx", ["Date", "pool.elec consumption kWh"], [46_054.0, 1.25], [46_054.010416666664, 2])
    for name, meter in (("dates.xlsx", "school.elec"), ("numbers.xlsx", "pool.elec")):
        mapping = proposed(tmp_path / name, registry, series).proposal.mapping
        report = imported(tmp_path / name, registry, series, mapping)
        assert report.left_out == {}
        assert values(series, meter, "energy_interval") == [("2026-01-31T23:00", 1.25), ("2026-01-31T23:15", 2.0)]


def test_an_unknown_meter_is_a_question_and_may_be_said(tmp_path, registry, series):
    path = file_of(tmp_path, "Datum;Hal 3 verbruik kWh\n13/02/2026 00:00;1\n13/02/2026 00:15;1\n")
    assert any(
        "`meter` of `Hal 3 verbruik kWh`" in text for text in proposed(path, registry, series).proposal.questions
    )
    named = proposed(path, registry, series, names={"Hal 3 verbruik kWh": "pool.elec"}).proposal
    assert (named.mapping.series[0].meter, named.questions) == ("pool.elec", ())


def test_weather_beside_meters_goes_to_its_site(tmp_path, registry, series):
    path = file_of(
        tmp_path, "Datum;Buitentemperatuur;school.elec verbruik kWh\n13/02/2026 00:00;4,5;1\n13/02/2026 01:00;5;1\n"
    )
    mapping = proposed(path, registry, series, sites={"": "s"}).proposal.mapping
    assert mapping.series[0] == Series("Buitentemperatuur", "s", "temp_c", "°C")
    report = imported(path, registry, series, mapping)
    points = series.points(WEATHER, {"site": "s"}, 0, 1 << 40)
    assert (report.new_weather_hours, points.fields["temp_c"].tolist()) == (2, [4.5, 5.0])


def test_bad_rows_are_told_with_their_column(tmp_path, registry, series):
    path = file_of(tmp_path, WIDE)
    mapping = proposed(path, registry, series).proposal.mapping
    broken = WIDE + "14/02/2026;00:00;veel;1.5\nTotaal;;7;8\n13/02/2026;25:00;1;1\n"
    report = imported(file_of(tmp_path, broken), registry, series, mapping)
    assert report.left_out == {Reason.NOT_A_NUMBER: 2, Reason.MALFORMED: 2}
    assert report.examples[0] == "table.csv, line 8, column school.elec verbruik (kWh): not_a_number: veel"
    assert "1.5: the decimal sign is said to be ," in report.examples[1]


def test_a_mapping_survives_its_json_and_its_store(tmp_path, registry, series):
    mapping = proposed(file_of(tmp_path, WIDE), registry, series).proposal.mapping
    told = json.loads(json.dumps(mapping.as_json()))
    assert mapping_of(told, "x") == mapping
    assert mapping_named(registry, "logger") is None
    save_mapping(registry, "logger", mapping.as_json(), "joris", NOW_MS)
    save_mapping(registry, "logger", told, "joris", NOW_MS)
    assert mapping_names(registry) == ["logger"]
    assert mapping_of(mapping_named(registry, "logger"), "logger") == mapping


USABLE = {
    "layout": "long",
    "counts": "index",
    "when": ["Datum"],
    "date_order": "dmy",
    "zone": "UTC",
    "value": "Stand",
    "named_by": ["Meter"],
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"colour": 1}, "there is no key `colour`"),
        ({"layout": None}, "the key `layout` is missing"),
        ({"layout": "tall"}, "'tall' is not a valid Layout"),
        ({"zone": "Mars/Dome"}, "'Mars/Dome' is no time zone"),
        ({"when": "Datum"}, "must be a list of headings"),
        ({"decimal": ";"}, "a comma or a point"),
        ({"value": None}, "a long table needs `value`"),
        ({"interval_s": 90_000}, "at most a day"),
        ({"series": [{"name": "a", "register": "colour"}]}, "no register of the glossary"),
        ({"series": [{"name": "a", "unit": "therm"}]}, "no unit we know"),
        ({"series": [{"title": "a"}]}, "title"),
    ],
)
def test_a_mapping_that_is_not_usable_says_why(change, told):
    assert isinstance(mapping_of(USABLE, "x"), TableMapping)
    with pytest.raises(ImportRefused, match=told):
        mapping_of({**USABLE, **change}, "my.json")


def test_a_table_without_dates_or_without_the_column_is_told(tmp_path, registry, series):
    with pytest.raises(ImportRefused, match="no column has dates"):
        proposed(file_of(tmp_path, "a;b\n1;2\n"), registry, series)
    with pytest.raises(ImportRefused, match="the mapping names the column `Datum`; the file has: a, b"):
        imported(file_of(tmp_path, "a;b\n1;2\n"), registry, series, replace(mapping_of(USABLE, "x"), header_lines=(1,)))


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["13/02/2026"], DateOrder.DMY),
        (["02/13/2026"], DateOrder.MDY),
        (["13/02/2026", "02/13/2026"], None),
        (["20260213 0015"], None),
        (["13.02.26"], None),
    ],
)
def test_the_order_of_dates(texts, order):
    assert order_of(texts) is order


@pytest.mark.parametrize("text", ["31/02/2026", "1/2/26", "00:15", "01/02/2026 24:15", "01/02/2026 7h61"])
def test_what_is_no_date_is_none(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the callers name the cell
        local_stamp(text, DateOrder.DMY)


def test_tariffs_are_told_apart_by_several_columns_once_somebody_says_what_they_count(tmp_path, registry, series):
    text = "EAN;Register;Direction;Date;Value;Unit\n"
    for tariff, index in (("HI", "100"), ("LOW", "50,5")):
        text += f"{EAN};{tariff};Offtake;13/02/2026;{index};kWh\n"
    path = file_of(tmp_path, text)
    mapping = proposed(path, registry, series).proposal.mapping
    assert (mapping.layout, mapping.named_by) == (Layout.LONG, ("EAN", "Register", "Direction"))
    assert [column.name for column in mapping.series] == [f"{EAN} HI Offtake", f"{EAN} LOW Offtake"]
    assert mapping.counts is None  # indexes or amounts: that is not in the file
    registers = ("energy_import_day", "energy_import_night")
    columns = tuple(replace(c, register=register) for c, register in zip(mapping.series, registers, strict=True))
    said = replace(mapping, counts=Counts.INDEX, series=columns)
    assert said.open_questions() == []
    assert imported(path, registry, series, said).left_out == {}
    assert values(series, "school.elec", "energy_import_day") == [("2026-02-12T23:00", 100.0)]
    assert values(series, "school.elec", "energy_import_night") == [("2026-02-12T23:00", 50.5)]
