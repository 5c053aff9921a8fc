"""`store move`: records and series from one place to another, whole and compared, or taken up where it was cut off."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated

import typer

from plagewatch.cli.opening import DataDir, now_s, read_settings, refuse, say, show
from plagewatch.cli.places import SETTINGS, Place, for_oneself, held, place, records_of, series_of
from plagewatch.settings import Settings
from plagewatch.store.engine import Engine, RecordsError, RecordsUnreachable
from plagewatch.store.move import comparison, progress, records, series
from plagewatch.store.move.progress import Book, Half
from plagewatch.store.series.protocol import SeriesError, SeriesStore

HELP_PLACE = "A data folder, `settings` for what the settings name, a database's URL, or InfluxDB's address"


def move(
    source: Annotated[str, typer.Option("--from", metavar="PLACE", help=f"{HELP_PLACE}.")],
    target: Annotated[str, typer.Option("--to", metavar="PLACE", help="The same; empty, or of this move cut off.")],
    only: Annotated[Half | None, typer.Option(help="One half; without: what both places have.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Bring everything once more: the source went on.")] = False,
    data: DataDir = None,
) -> None:
    """Move records and series to other stores, compare every value, and check the ledger there (exit 1: not the same).

    From the embedded stores to production: `store move --from .plagewatch --to settings`. Stop what runs on either
    first. The source is only read. Cut off at any point, the same command goes on where it was. The spool stays in the
    data folder, and stays valid there: what was acknowledged and not stored yet is stored in the target.
    """
    settings = read_settings(data)
    try:
        there, here = held(place(source, settings)), place(target, settings)
        halves = _halves(there, here, only)
        with for_oneself({*there.folders(), *here.folders()}):
            same = _move(there, here, halves, settings, again)
    except RecordsUnreachable as error:
        refuse(str(error))
    except SeriesError as error:
        refuse(f"{error} The same command goes on where this one stopped.")
    except RecordsError as error:
        refuse(f"The records: {str(error).splitlines()[0]}. The same command goes on where this one stopped.")
    if not same:
        raise typer.Exit(1)


def _halves(there: Place, here: Place, only: Half | None) -> list[Half]:
    """What is to be moved: what both have, in different places. Raises Refused where that is nothing."""
    both = [half for half in Half if there.has(half) and here.has(half)]
    found = [half for half in both if there.where(half) != here.where(half) and only in (None, half)]
    if only is not None and only not in both:
        refuse(f"There are no {only} to move from {there.said} to {here.said}.")
    if not found:
        refuse(f"{here.said} is where the stores of {there.said} are already, or names other stores.")
    for half in both:
        if half not in found and only is None:
            say(f"the {half} stay where they are: {there.where(half)}")
    return found


@dataclass(frozen=True, slots=True)
class _Opened:
    """Both ends of a move, open; None where a half is not moved.

    book: the records that hold the progress. ledger: what the ledger is checked with.
    """

    halves: Sequence[Half]
    records: tuple[Engine, Engine] | None
    series: tuple[SeriesStore, SeriesStore] | None
    book: Engine
    ledger: tuple[Engine, SeriesStore | None]


def _move(there: Place, here: Place, halves: Sequence[Half], settings: Settings, again: bool) -> bool:
    with ExitStack() as stack:
        opened = _open(stack, there, here, halves, settings)
        said = [" + ".join(end.where(half) for half in halves) for end in (there, here)]
        book = _book(opened, said[0], said[1], again)
        if book.move.done_ms is None:
            if opened.records:
                say("records ...")
                records.copy(*opened.records, book, say)
            if opened.series:
                say("series ...")
                series.copy(*opened.series, book, say)
            if not _compared(opened):
                return False
            book.end(now_s() * 1000)
        else:
            show("this move is over: nothing is brought again")
        return _ledger(opened)


def _open(stack: ExitStack, there: Place, here: Place, halves: Sequence[Half], settings: Settings) -> _Opened:
    of_records = of_series = None
    if Half.RECORDS in halves:
        of_records = stack.enter_context(records_of(there)), stack.enter_context(records_of(here))
    if Half.SERIES in halves:
        of_series = (
            stack.enter_context(series_of(there, settings)),
            stack.enter_context(series_of(here, settings, set_up=True)),
        )
    if of_records and of_series:
        return _Opened(halves, of_records, of_series, of_records[1], (of_records[1], of_series[1]))
    if of_records:
        # The series stay where they are.
        stays = next((one for one in (there, here) if one.has(Half.SERIES)), None)
        series_there = stack.enter_context(series_of(stays, settings)) if stays else None
        return _Opened(halves, of_records, of_series, of_records[1], (of_records[1], series_there))
    assert of_series
    known = [one for one in (here, there, place(SETTINGS, settings)) if one.has(Half.RECORDS)]
    book = stack.enter_context(records_of(known[0]))
    checked = book
    if records.filled(book) is None and there.has(Half.RECORDS) and there.records != known[0].records:
        checked = stack.enter_context(records_of(there))  # those that know the meters of these series
    return _Opened(halves, of_records, of_series, book, (checked, of_series[1]))


def _book(opened: _Opened, source: str, target: str, again: bool) -> Book:
    """The progress of this move, new or found. Raises Refused where the target is somebody else's."""
    engine = opened.book
    known = next((one for one in progress.moves(engine) if one.same(source, target, opened.halves)), None)
    if known is None:
        full = records.filled(opened.records[1]) if opened.records else None
        full = full or (series.filled(opened.series[1]) if opened.series else None)
        if full:
            refuse(f"{target} holds data already ({full}): stores are moved to empty ones.")
        return progress.begin(engine, source, target, opened.halves, now_s() * 1000)
    book = Book(engine, known)
    if again and known.done_ms is not None:
        refuse("This move is over, and the target may have gone on since: nothing is brought over it.")
    if again:
        with engine.begin() as connection:
            if opened.records:
                records.empty(connection)
            book.begin_again(connection)
    elif known.done_ms is None:
        say("this move was begun before: it goes on where it was")
    return book


def _compared(opened: _Opened) -> bool:
    say("comparing ...")
    differences: list[str] = []
    found = {}
    if opened.records:
        found["records"] = (comparison.records(*opened.records), "tables", "rows")
    if opened.series:
        found["evidence"] = (comparison.evidence(*opened.series), "registers", "values")
        found["figures"] = (comparison.figures(*opened.series), "series", "intervals")
        found["points"] = (comparison.points(*opened.series), "series", "rows")
    for name, (compared, things, values) in found.items():
        differences += compared.differences
        verdict = "all the same" if not compared.differences else f"{len(compared.differences)} differ"
        show(f"{name}: {compared.things} {things} with {compared.values} {values}, {verdict}")
    for difference in differences:
        show(f"  {difference}")
    if differences:
        show("verdict: not the same. Where the source went on meanwhile, `--again` brings everything once more")
    return not differences


def _ledger(opened: _Opened) -> bool:
    from collector import ledger_check

    engine, store = opened.ledger
    if store is None:
        show("verdict: moved, all the same; there are no series beside these records to check the ledger with")
        return True
    say("checking the ledger of the target ...")
    balances = ledger_check.settled(engine, store, None, now_s())
    if not balances:
        show("verdict: moved, all the same; the ledger has nothing to check: no register has a reading there")
        return True
    wrong = [balance for balance in balances if not balance.balanced]
    for balance in wrong:
        show(f"  {balance.meter} {balance.register}: {balance.explain()}")
    show(
        f"verdict: moved, all the same; {len(balances) - len(wrong)} of {len(balances)} registers add up in the target"
    )
    return not wrong
