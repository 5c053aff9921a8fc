"""Where stores are: a folder, a database's URL, InfluxDB's address, or what the settings name."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from plagewatch.cli.in_use import InUse, for_one
from plagewatch.cli.opening import make_folder, refuse
from plagewatch.settings import Settings
from plagewatch.store.engine import Engine, RecordsUnreachable, bring_up, engine_at, shown_url
from plagewatch.store.move.progress import Half
from plagewatch.store.series.opening import series_at
from plagewatch.store.series.protocol import SeriesError, SeriesStore

SETTINGS = "settings"


@dataclass(frozen=True, slots=True)
class Place:
    """Stores that a move can begin or end at. Without records or without series where it has none.

    records: a database's URL. series: a folder with series.db, or the address of an InfluxDB.
    """

    said: str
    records: str | None
    series: Path | str | None

    def has(self, half: Half) -> bool:
        """Whether the place has this half."""
        return (self.records if half is Half.RECORDS else self.series) is not None

    def where(self, half: Half) -> str:
        """Where a half is, for people and to be recognised by; without a password."""
        if half is Half.RECORDS:
            return shown_url(self.records or "")
        return f"{self.series / 'series.db'}" if isinstance(self.series, Path) else str(self.series)

    def folders(self) -> set[Path]:
        """Folders of embedded stores that this is about."""
        found = {self.series} if isinstance(self.series, Path) else set()
        if self.records is not None and self.records.startswith("sqlite:///"):
            found.add(Path(self.records.removeprefix("sqlite:///")).absolute().parent)
        return found


def place(said: str, settings: Settings) -> Place:
    """What `--from` and `--to` name: `settings`, a folder, `postgresql://…`, `sqlite:///…`, or `http://…`."""
    scheme = urlsplit(said).scheme if "://" in said else ""
    if said == SETTINGS:
        folder = settings.data_dir.absolute()
        records = settings.records_url or f"sqlite:///{folder / 'records.db'}"
        return Place(said, records, settings.influx_url or folder)
    if scheme in ("http", "https"):
        return Place(said, None, said.rstrip("/"))
    if scheme:
        return Place(shown_url(said), said, None)
    folder = Path(said).absolute()
    return Place(said, f"sqlite:///{folder / 'records.db'}", folder)


def held(there: Place) -> Place:
    """A place as a source: of a folder, the halves that are really in it. Raises Refused where there is none."""
    records, series = there.records, there.series
    if records is not None and records.startswith("sqlite:///") and not Path(records[10:]).is_file():
        records = None
    if isinstance(series, Path) and not (series / "series.db").is_file():
        series = None
    if records is None and series is None:
        refuse(f"There are no stores at {there.said}: a folder with records.db or series.db, or a URL, is expected.")
    return Place(there.said, records, series)


@contextmanager
def for_oneself(folders: set[Path]) -> Iterator[None]:
    """Have the embedded stores of these folders, and nobody else. Raises Refused."""
    with ExitStack() as claims:
        for folder in sorted(folders):
            make_folder(folder)
            try:
                claims.enter_context(for_one(folder))
            except InUse as why:
                refuse(str(why))
        yield


@contextmanager
def records_of(there: Place) -> Iterator[Engine]:
    """The records of a place, which nobody else uses. Raises Refused."""
    assert there.records is not None
    try:
        engine = engine_at(there.records)
    except RecordsUnreachable as error:
        refuse(f"The records of {there.said} cannot be opened ({error}).")
    try:
        try:
            bring_up(engine, whole=False)
        except RecordsUnreachable as error:
            refuse(f"The records of {there.said} cannot be opened ({error}).")
        if engine.dialect.name != "postgresql":
            yield engine
            return
        from plagewatch.store.postgres import Others, for_one_move

        try:
            with for_one_move(engine):
                yield engine
        except Others as others:
            refuse(f"The records at {there.where(Half.RECORDS)} are in use ({others}): end that first, then move them.")
    finally:
        engine.dispose()


@contextmanager
def series_of(there: Place, settings: Settings, *, set_up: bool = False) -> Iterator[SeriesStore]:
    """The series of a place; set_up: with what an InfluxDB needs. Raises Refused."""
    embedded = isinstance(there.series, Path)
    try:
        store = series_at(
            there.series if isinstance(there.series, Path) else settings.data_dir,
            None if embedded else str(there.series),
            settings.influx_token.get_secret_value(),
            settings.influx_org,
            settings.influx_timeout_s,
            influx_gzip=settings.influx_gzip,
        )
    except SeriesError as error:
        refuse(str(error))
    try:
        try:
            if set_up and not embedded:
                from plagewatch.store.series.influx import InfluxSeries

                if isinstance(store, InfluxSeries):
                    store.set_up()
            store.check()
        except SeriesError as error:
            refuse(str(error))
        yield store
    finally:
        store.close()
