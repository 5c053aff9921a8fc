"""Rooms do not know each other; the core is pure; only the store talks to a database."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("collector", "rules", "api", "digest", "dashboards", "simulators")
ALLOWED = {("api", "rules.backtest")}
COMPOSITION_ROOT = ("plagewatch/cli/", "plagewatch/bench/", "plagewatch/demo.py")

PURE = tuple(
    f"plagewatch/{name}" for name in ("metering/", "savings/", "plage/", "solar/", "tickets/", "validation/")
) + (
    "rules/incidents.py",
    "rules/detectors/",
    "rules/catalogue/",
    "rules/choosing.py",
    "rules/in_force.py",
    "rules/storms.py",
    "rules/telling.py",
    "digest/compose.py",
    "digest/comparison.py",
    "digest/facts.py",
    "digest/phrases.py",
    "digest/advice.py",
    "digest/health.py",
    "digest/rows.py",
    "digest/target.py",
)
# `holidays` and `pint` only compute: no clock, no network.
PURE_MAY_IMPORT = ("numpy", "holidays", "pint", "plagewatch.metering", "plagewatch.savings", "plagewatch.plage",
                   "plagewatch.solar", "plagewatch.tickets", "plagewatch.validation",
                   "rules.detectors", "rules.catalogue", "rules.incidents",
                   "rules.in_force", "rules.choosing", "rules.storms", "rules.telling",
                   "digest.compose", "digest.comparison", "digest.facts", "digest.phrases", "digest.advice",
                   "digest.health", "digest.rows", "digest.target")  # fmt: skip
IMPURE_STANDARD = (
    "os",
    "io",
    "pathlib",
    "socket",
    "subprocess",
    "time",
    "random",
    "urllib",
    "sqlite3",
    "logging",
    "threading",
)

ONLY_IN = {
    "influxdb_client": ("plagewatch/store/series/",),
    "sqlite3": (
        "plagewatch/store/",
        "collector/spool.py",
        "collector/spool_pruning.py",
        "collector/spool_salvage.py",
        "plagewatch/cli/bench_ledger.py",  # to compare with
    ),
    "sqlalchemy": ("plagewatch/store/",),
    "alembic": ("plagewatch/store/",),
    "psycopg": ("plagewatch/store/postgres.py",),
    "paho": ("collector/", "simulators/"),
    "cryptography": ("plagewatch/cli/broker/",),
    "iotcore": (*COMPOSITION_ROOT, "plagewatch/embedded_broker.py"),
    "fastapi": ("api/",),
    "starlette": ("api/",),
    "uvicorn": COMPOSITION_ROOT,
    "apscheduler": COMPOSITION_ROOT,
    "prometheus_client": COMPOSITION_ROOT,
    "smtplib": ("plagewatch/mail.py",),
    "matplotlib": ("plagewatch/charts.py", "plagewatch/charts/"),
    "grafana_client": ("dashboards/",),
    "grafana_foundation_sdk": ("dashboards/",),
    "openpyxl": ("collector/imports/", *COMPOSITION_ROOT),
    "pyarrow": COMPOSITION_ROOT,
    "typer": COMPOSITION_ROOT,
    "urllib3": ("plagewatch/store/series/", "collector/weather/http.py"),
    "google": ("collector/decoders/sparkplug_b/",),
    # Of the group `peers`, which the product does not need.
    "camber": ("plagewatch/cli/dossier/peers.py",),
    "pandas": ("plagewatch/cli/dossier/peers.py",),
    "pyod": ("plagewatch/cli/dossier/peers.py",),
    "plagewatch.validation": ("plagewatch/validation/", "plagewatch/cli/dossier/"),
    "plagewatch.cli.dossier.labelled_sets": ("plagewatch/cli/dossier/",),
}
TRUTH = ("labels.csv", "events.csv", "cold_runs.csv", "outages.csv", "inject.json")
TRUTH_READER = "plagewatch/cli/dossier/labelled_sets.py"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def faults(here: str, names: Iterator[str]) -> Iterator[str]:
    room = here.split("/")[0]
    for name in names:
        yield from _between_rooms(here, room, name)
        for package, places in ONLY_IN.items():
            if within(name, package) and not here.startswith(places):
                yield f"{here} imports {name}, which only {', '.join(places)} may"
        if here.startswith(PURE) and not _pure(name):
            yield f"{here} is pure and imports {name}"


def _between_rooms(here: str, room: str, name: str) -> Iterator[str]:
    if here.startswith(COMPOSITION_ROOT):
        return
    for other in ROOMS:
        if other != room and within(name, other) and not any(room == r and within(name, n) for r, n in ALLOWED):
            yield f"{here} imports {name}: rooms meet in the command line only"
    if room != "plagewatch" and within(name, "plagewatch.cli", "plagewatch.bench", "plagewatch.demo"):
        yield f"{here} imports the composition root: {name}"


def _pure(name: str) -> bool:
    import sys

    top = name.split(".")[0]
    if within(name, *PURE_MAY_IMPORT):
        return True
    return top in sys.stdlib_module_names and top not in IMPURE_STANDARD


FILES = [path for top in (*ROOMS, "plagewatch") for path in sorted((ROOT / top).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_inwards(path: Path) -> None:
    here = path.relative_to(ROOT).as_posix()
    assert not list(faults(here, imported(path)))


def names_truth(source: str) -> set[str]:
    """The files of truth that a text in the code names."""
    texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
    return {name for name in TRUTH for text in texts if isinstance(text, str) and name in text}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_only_the_validation_reads_the_truth(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() != TRUTH_READER:
        assert not names_truth(path.read_text(encoding="utf-8"))


def test_reading_the_truth_is_found() -> None:
    assert names_truth('open(folder / "labels.csv.gz")') == {"labels.csv"}
    assert names_truth((ROOT / TRUTH_READER).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("here", "name"),
    [
        ("rules/detectors/flat_line.py", "plagewatch.validation.scoring"),
        ("collector/pipeline.py", "plagewatch.cli.dossier.labelled_sets"),
        ("rules/evaluate.py", "collector.pipeline"),
        ("api/app.py", "rules.evaluate"),
        ("api/app.py", "plagewatch.demo"),
        ("plagewatch/metering/units.py", "time"),
        ("plagewatch/plage/target.py", "plagewatch.store.names"),
        ("rules/incidents.py", "plagewatch.store.tables"),
        ("collector/pipeline.py", "sqlalchemy"),
        ("digest/render.py", "matplotlib"),
    ],
)
def test_a_forbidden_import_is_found(here: str, name: str) -> None:
    assert list(faults(here, iter([name])))


def test_the_allowed_ones_pass() -> None:
    assert not list(faults("api/app.py", iter(["rules.backtest.run", "fastapi.FastAPI", "plagewatch.store.names"])))
    assert not list(faults("plagewatch/cli/serve.py", iter(["collector.pipeline", "uvicorn"])))
