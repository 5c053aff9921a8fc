"""Computed meters and tanks on the command line: imported, exported, and told apart from registers that are checked."""

from pathlib import Path

FOLDER = {
    "meters": "meter,site,carrier,kind,unit,interval_s,timezone\n"
    "head,s,electricity,interval,kWh,3600,Europe/Brussels\n"
    "half,s,electricity,virtual,kWh,,Europe/Brussels\n"
    "oil,s,oil,delivery,kWh,,Europe/Brussels\n",
    "readings": "meter,start,value\nhead,2026-03-01T00:00:00Z,5\nhead,2026-03-01T01:00:00Z,6\n",
    "formulas": "meter,formula\nhalf,[head] / 2\n",
    "deliveries": "meter,delivered_on,quantity,unit\noil,2026-01-01,2000,l\noil,2026-01-11,940,l\n",
}


def test_computed_meters_are_imported_and_exported(run, tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    for name, text in FOLDER.items():
        (tmp_path / "set" / f"{name}.csv").write_text(text)
    told = run("import", "set", "--dry-run")
    assert told.returncode == 0, told.stderr
    assert "formulas: 1 new or changed, 0 already there" in told.stdout
    assert run("import", "set").returncode == 0
    again = run("import", "set").stdout
    assert "deliveries: 2, 0 of them new or changed" in again

    assert run("export", "hours", "--meter", "half", "--out", "half.csv").returncode == 0
    rows = (tmp_path / "half.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [
        ["2026-03-01T00:00:00Z", "2.500000"],
        ["2026-03-01T01:00:00Z", "3.000000"],
    ]
    assert run("export", "days", "--meter", "oil", "--out", "oil.csv").returncode == 0
    days = (tmp_path / "oil.csv").read_text().splitlines()[1:]
    # 940 l × 10 kWh / 0.94 over ten days, nobody having measured when.
    assert days == [f"{day}T23:00:00Z,1000.000000,0.000000,spread" for day in DAYS]

    for meter, what in (("half", "other meters"), ("oil", "deliveries")):
        told = run("ledger", "check", "--meter", meter)
        assert (told.returncode, what in told.stderr) == (2, True)


DAYS = ["2025-12-31", *(f"2026-01-{day:02d}" for day in range(1, 10))]
