"""Opens what a command needs, and turns what can go wrong there into one sentence."""

import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from plagewatch.cli.in_use import InUse, in_use
from plagewatch.plage.portfolio import Portfolio, PortfolioError, parse
from plagewatch.settings import Settings
from plagewatch.store.engine import Engine, RecordsUnreachable, bring_up, engine_at
from plagewatch.store.series.opening import series_at
from plagewatch.store.series.protocol import SeriesError, SeriesStore
from plagewatch.words import LANGUAGES

SAMPLE_PORTFOLIO = Path(__file__).parents[1] / "plage" / "sample" / "portfolio.toml"

DataDir = Annotated[Path | None, typer.Option("--data", help="Folder of the embedded stores (default .plagewatch).")]


class Refused(Exception):
    """The command cannot be done; the message says what to do. It ends with exit code 2."""


def refuse(message: str) -> NoReturn:
    """End the command with a sentence and exit code 2."""
    raise Refused(message)


def say(message: str) -> None:
    """Tell the person at the terminal; standard output stays for results."""
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - the command line speaks to its user here


def show(message: str) -> None:
    """Print a result."""
    print(message, flush=True)  # noqa: T201 - the command line's results


def now_s() -> int:
    """The clock of the composition root; everything inside gets the time as an argument."""
    return int(time.time())


def read_settings(data: Path | None) -> Settings:
    """The settings of the environment, the data folder overridden where one is given.

    Raises Refused naming the variable that is wrong.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "PLAGEWATCH_" + "_".join(str(part) for part in first["loc"]).upper()
        refuse(
            f"{name} is not usable: {first['msg'].removeprefix('Value error, ')}. docs/settings.md lists the settings."
        )
    return settings.model_copy(update={"data_dir": data}) if data is not None else settings


def make_folder(folder: Path) -> None:
    """Make sure the data folder is there and can be written. Raises Refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(bytes(4096))  # a full disk takes an empty file
        probe.unlink()
    except OSError as error:
        refuse(f"The data folder {folder} cannot be written ({error.strerror}); choose another with --data DIR.")


@dataclass(frozen=True, slots=True)
class Stores:
    """Records and series of one installation, open."""

    settings: Settings
    engine: Engine
    series: SeriesStore


@contextmanager
def stores(settings: Settings) -> Iterator[Stores]:
    """Both stores, ready to use and closed at the end. Raises Refused where one cannot be used."""
    with stores_later(settings) as opened:
        try:
            bring_up(opened.engine)
            opened.series.check()
        except RecordsUnreachable as error:
            refuse(_no_records(error))
        except SeriesError as error:
            refuse(str(error))
        yield opened


@contextmanager
def stores_later(settings: Settings, rooms: Collection[str] = ()) -> Iterator[Stores]:
    """Both stores, of which services have not been asked yet: see `watches_of`. Closed at the end.

    rooms: those that will use them; more than they may do need not be allowed.

    Raises Refused where no time can put it right: a malformed address, or an embedded store on a disk that fails.
    """
    make_folder(settings.data_dir)
    with ExitStack() as stack:
        try:
            stack.enter_context(in_use(settings.data_dir))
        except InUse as why:
            refuse(str(why))
        yield stack.enter_context(_opened(settings, rooms))


@contextmanager
def _opened(settings: Settings, rooms: Collection[str]) -> Iterator[Stores]:
    try:
        engine = engine_at(settings.records_at())
        if engine.dialect.name == "sqlite":
            bring_up(engine)
    except RecordsUnreachable as error:
        refuse(_no_records(error))
    try:
        try:
            series = series_at(
                settings.data_dir,
                settings.influx_url,
                settings.influx_token.get_secret_value(),
                settings.influx_org,
                settings.influx_timeout_s,
                influx_gzip=settings.influx_gzip,
                rooms=rooms,
            )
        except SeriesError as error:
            refuse(str(error))
        try:
            yield Stores(settings, engine, series)
        finally:
            series.close()
    finally:
        engine.dispose()


def _no_records(error: RecordsUnreachable) -> str:
    return f"The records cannot be opened ({error}); see PLAGEWATCH_RECORDS_URL and --data."


def read_portfolio(settings: Settings) -> Portfolio:
    """The PLAGE portfolio of the settings, the sample where none is named. Raises Refused."""
    path = settings.plage_portfolio or SAMPLE_PORTFOLIO
    try:
        return parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        refuse(f"The portfolio file {path} cannot be read ({error.strerror}); see PLAGEWATCH_PLAGE_PORTFOLIO.")
    except (PortfolioError, UnicodeDecodeError) as error:
        refuse(f"The portfolio file {path} is not usable: {error}")


def known_language(language: str) -> str:
    """The language, if we speak it. Raises Refused."""
    if language not in LANGUAGES:
        refuse(f"{language!r} is no language we speak: {', '.join(LANGUAGES)}.")
    return language
