"""Files in and out by the command line: what is said, what is written, and what is not written."""

import json
from pathlib import Path

import openpyxl
import pyarrow.parquet
import pytest

EAN = "541448920708672023"
METERS = "meter,site,carrier,kind,unit,interval_s,timezone,country,latitude,longitude,note,ean\n"


def canonical(tmp_path: Path, rows: str = "") -> None:
    folder = tmp_path / "set"
    folder.mkdir(exist_ok=True)
    (folder / "meters.csv").write_text(f"{METERS}m,s,electricity,interval,kWh,900,Europe/Brussels,,,,,{EAN}\n")
    (folder / "readings.csv").write_text(f"meter,start,value\n{rows}")


@pytest.fixture
def known(run, tmp_path: Path):
    """A store in which the meter m is, with its EAN code."""
    canonical(tmp_path)
    assert run("import", "set").returncode == 0


def test_a_dry_run_tells_and_leaves_all_to_do(run, tmp_path: Path) -> None:
    canonical(tmp_path, "m,2026-01-01T00:00:00Z,1\nm,2026-01-01T00:15:00Z,x\n")
    told = run("import", "set", "--dry-run")
    assert told.returncode == 1
    assert told.stdout.splitlines() == [
        "new meters: m",
        "m energy_interval: 1 new, 0 already there; 2026-01-01T00:00:00Z to 2026-01-01T00:00:00Z",
        "left out: 1 row: not_a_number",
        "dry run: nothing was written",
    ]
    assert "readings.csv, line 3, column value: not_a_number: x" in told.stderr
    assert "format: canonical, by the content" in told.stderr
    assert "1 of them new" in run("import", "set").stdout
    again = run("import", "set", "--dry-run")
    assert "m energy_interval: 0 new, 1 already there" in again.stdout
    assert "0 of them new" in run("import", "set").stdout


def test_a_file_of_the_operator_finds_its_format(run, tmp_path: Path, known: None) -> None:
    row = f"{EAN};15;Electricity;A+;01/02/2026;00:00;1,5;kWh;02\n"
    (tmp_path / "amr.csv").write_text(row + row.replace(EAN, "541448920700000016"))
    told = run("import", "amr.csv")
    assert told.returncode == 1
    assert "format: sibelga, by the content" in told.stderr
    assert "not in the registry: 541448920700000016" in told.stderr
    assert "imported 1 reading of 1 meter, 1 of them new" in told.stdout
    assert run("export", "quarters", "--meter", "m", "--out", "q.csv").returncode == 0
    assert (tmp_path / "q.csv").read_text().splitlines() == [
        "start,amount,coverage,provenance",
        "2026-01-31T23:00:00Z,1.500000,0.000000,estimated",
    ]


TABLE = "Datum;Hal 3 verbruik kWh\n13/02/2026 00:00;1\n13/02/2026 00:15;2\n"


def test_a_table_is_imported_only_after_somebody_accepted_its_mapping(run, tmp_path: Path, known: None) -> None:
    (tmp_path / "logger.csv").write_text(TABLE)
    told = run("import", "logger.csv")
    assert told.returncode == 2
    assert json.loads(told.stdout)["series"][0] == {
        "name": "Hal 3 verbruik kWh",
        "meter": None,
        "register": None,
        "unit": "kWh",
    }
    assert "to be said: `meter` of `Hal 3 verbruik kWh`" in told.stderr
    assert "Nothing was stored" in told.stderr
    named = ("import", "logger.csv", "--meter", "Hal 3 verbruik kWh=m")
    told = run(*named)
    assert (told.returncode, "line 2: m energy_interval 2026-02-12T23:00:00Z = 1" in told.stderr) == (2, True)
    assert "2 new" in run(*named, "--dry-run").stdout
    told = run(*named, "--accept-mapping", "hal3")
    assert (told.returncode, told.stdout.splitlines()[-1]) == (0, "imported 2 readings of 1 meter, 2 of them new")
    (tmp_path / "next.csv").write_text(TABLE.replace("13/02", "14/02"))
    told = run("import", "next.csv", "--mapping", "hal3")
    assert (told.returncode, told.stdout) == (0, "imported 2 readings of 1 meter, 2 of them new\n")


def test_files_of_nrclick_have_a_mapping_of_their_own(run, tmp_path: Path, known: None) -> None:
    (tmp_path / "logger.csv").write_text(TABLE)
    words = ("import", "logger.csv", "--format", "nrclick", "--meter", "Hal 3 verbruik kWh=m")
    assert run(*words).returncode == 2
    assert run(*words, "--accept-mapping", "nrclick").returncode == 0
    told = run("import", "logger.csv", "--format", "nrclick")
    assert (told.returncode, told.stdout) == (0, "imported 2 readings of 1 meter, 0 of them new\n")


def test_a_mapping_comes_from_a_file_too(run, tmp_path: Path, known: None) -> None:
    (tmp_path / "logger.csv").write_text(TABLE)
    mapping = json.loads(run("import", "logger.csv").stdout)
    mapping["series"][0].update(meter="m", register="energy_interval")
    (tmp_path / "mine.json").write_text(json.dumps(mapping))
    told = run("import", "logger.csv", "--mapping", "mine.json")
    assert (told.returncode, "2 of them new" in told.stdout) == (0, True)
    (tmp_path / "mine.json").write_text("{")
    assert "mine.json is no JSON" in run("import", "logger.csv", "--mapping", "mine.json").stderr
    told = run("import", "logger.csv", "--mapping", "nobody")
    assert (told.returncode, "There is no mapping 'nobody'" in told.stderr) == (2, True)


def test_weather_goes_to_a_site(run, tmp_path: Path, known: None) -> None:
    (tmp_path / "rmi.csv").write_text("code,timestamp,temp_dry_shelter_avg\n6447,2026-01-01T01:00:00,3\n")
    assert run("import", "rmi.csv").returncode == 1
    told = run("import", "rmi.csv", "--site", "s", "--dry-run")
    assert (told.returncode, told.stdout) == (
        0,
        "hours of weather: 1 new, 0 already there\ndry run: nothing was written\n",
    )


def test_hours_of_weather_are_told_when_they_are_taken(run, tmp_path: Path, known: None) -> None:
    (tmp_path / "rmi.csv").write_text("code,timestamp,temp_dry_shelter_avg\n6447,2026-01-01T01:00:00,3\n")
    first, again = (run("import", "rmi.csv", "--site", "s").stdout.splitlines() for _ in range(2))
    assert (first[0], again[0]) == (
        "hours of weather: 1 new, 0 already there",
        "hours of weather: 0 new, 1 already there",
    )


def test_what_is_not_clear_is_asked_and_not_called_wrong(run, tmp_path: Path, known: None) -> None:
    (tmp_path / "logger.csv").write_text("Timestamp,Kitchen (kWh)\n01/05/2025 08:00,1\n02/05/2025 08:00,2\n")
    told = run("import", "logger.csv").stderr
    assert "01/05/2025 08:00: is the day first, or the month? `date_order` says it" in told
    assert "is no date" not in told
    assert "what it counts, one of energy_import_total, " in told
    assert "gas_volume" not in told  # m3 is not kWh


@pytest.fixture
def figures(run, tmp_path: Path):
    """A meter with two quarter-hours, an hour apart: the hour between is not known."""
    canonical(tmp_path, "m,2025-10-26T00:00:00Z,1\nm,2025-10-26T01:00:00Z,2\n")
    assert run("import", "set").returncode == 0


def test_what_is_not_known_is_an_empty_cell_of_its_own_row(run, tmp_path: Path, figures: None) -> None:
    assert run("export", "quarters", "--meter", "m", "--out", "q.csv").returncode == 0
    rows = [row.split(",") for row in (tmp_path / "q.csv").read_text().splitlines()[1:]]
    assert [row[1] for row in rows] == ["1.000000", "", "", "", "2.000000"]
    assert rows[1] == ["2025-10-26T00:15:00Z", "", "0.000000", "missing"]


def test_parts_stand_behind_the_four_columns_where_asked_for(run, tmp_path: Path, figures: None) -> None:
    assert run("export", "hours", "--meter", "m", "--detail", "--out", "h.csv").returncode == 0
    assert (tmp_path / "h.csv").read_text().splitlines() == [
        "start,amount,coverage,provenance,interpolated,spread,estimated,manual",
        "2025-10-26T00:00:00Z,1.000000,0.250000,measured,0.000000,0.000000,0.000000,0.000000",
        "2025-10-26T01:00:00Z,2.000000,0.250000,measured,0.000000,0.000000,0.000000,0.000000",
    ]


def test_months_are_local(run, tmp_path: Path, figures: None) -> None:
    assert run("export", "months", "--meter", "m", "--out", "m.csv").returncode == 0
    start, amount, coverage, origin = (tmp_path / "m.csv").read_text().splitlines()[1].split(",")
    assert (start, amount, origin) == ("2025-09-30T22:00:00Z", "3.000000", "measured")
    assert float(coverage) == pytest.approx(2 / (31 * 96 + 4), abs=1e-6)  # October has an hour more


def test_excel_has_units_and_both_clocks(run, tmp_path: Path, figures: None) -> None:
    assert run("export", "hours", "--meter", "m", "--out", "h.xlsx").returncode == 0
    book = openpyxl.load_workbook(tmp_path / "h.xlsx", read_only=True)
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    book.close()
    assert rows[0][:5] == ("start (UTC)", "start (Europe/Brussels)", "amount [kWh]", "coverage", "provenance")
    assert [str(row[1]) for row in rows[1:]] == ["2025-10-26 02:00:00", "2025-10-26 02:00:00"]
    assert [row[2] for row in rows[1:]] == [1, 2]


def test_parquet_carries_types_and_units(run, tmp_path: Path, figures: None) -> None:
    assert run("export", "quarters", "--meter", "m", "--out", "q.parquet").returncode == 0
    table = pyarrow.parquet.read_table(tmp_path / "q.parquet")
    assert table.schema.metadata[b"meter"] == b"m"
    assert table.schema.field("amount").metadata == {b"unit": b"kWh"}
    assert str(table.schema.field("start").type) == "timestamp[ms, tz=UTC]"
    amounts = dict(zip(table["start"].to_pylist(), table["amount"].to_pylist(), strict=True))
    assert sorted(amount for amount in amounts.values() if amount is not None) == [1.0, 2.0]
    assert set(table["provenance"].to_pylist()) <= {"measured", "missing"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("export hours --meter m --out x.doc", "x.doc has none of the endings .csv, .xlsx, .parquet"),
        ("export hours --meter m --out x.csv --from soon", "'soon' is no day"),
        ("export hours --meter m --out no/x.parquet", "no/x.parquet cannot be written"),
        ("export hours --meter m --out no/x.xlsx", "no/x.xlsx cannot be written"),
        ("import nowhere.csv", "nowhere.csv is not there"),
        ("import set --format sibelga", "set"),
    ],
)
def test_misuse_is_one_sentence(run, figures: None, words: str, sentence: str) -> None:
    told = run(*words.split())
    assert told.returncode == 2
    assert sentence in told.stderr
    assert "Traceback" not in told.stderr
