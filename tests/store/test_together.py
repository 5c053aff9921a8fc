"""Several processes on the same records: what they read before they write must not have changed in between."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from sqlalchemy import Engine

from plagewatch.metering.meters import Building, Carrier, Kind, Meter, Share, Site, Use
from plagewatch.store.records import accounts, device_memory, learnt, mappings, registry, stored_files, work
from plagewatch.store.records.accounts import Account
from plagewatch.store.records.life_cycle import By, editing
from plagewatch.store.records.serials import SerialSeen, note_seen, serials_of
from plagewatch.store.records.sharing import ShareEditor

AT_ONCE = 6
DAY = date(2026, 3, 1)
METER = Meter("m", "s", "Main", Carrier.ELECTRICITY, Kind.INDEX, "kWh", 900)


@pytest.fixture
def records(engine: Engine) -> Engine:
    buildings = [Building(f"b{number}", "s", f"Building {number}", Use.OFFICE) for number in range(AT_ONCE + 1)]
    registry.save(engine, [Site("s", "Site"), *buildings, METER])
    return engine


def together(work_of: Callable[[int], object]) -> None:
    """All begin in the same moment, each on a connection of its own; what one raises is raised here."""
    ready = threading.Barrier(AT_ONCE)

    def begin(number: int) -> None:
        ready.wait(30)
        work_of(number)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(begin, range(AT_ONCE)))


def test_shares_of_one_date_sum_to_one_whoever_sets_them_at_once(records: Engine) -> None:
    def share(number: int) -> None:
        parts = {f"b{number}": 0.25, f"b{number + 1}": 0.75}
        ShareEditor(records, By(f"person-{number}", 1)).share_meter("m", DAY, parts)

    together(share)
    assert sum(one.share for one in registry.shares(records)) == 1


def test_an_import_waits_for_an_edit_that_has_read(records: Engine) -> None:
    wrote = threading.Event()

    def import_file() -> None:
        registry.save(records, [Share("m", "b0", 1.0, DAY)])
        wrote.set()

    importing = threading.Thread(target=import_file)
    with editing(records) as connection:
        importing.start()
        assert not wrote.wait(0.3)
        assert registry.entries(connection, Share, meter="m") == []
        registry.put(connection, Share("m", "b1", 1.0, DAY))
    assert wrote.wait(30)
    importing.join()


def test_telegrams_told_to_several_collectors_are_noted_once(records: Engine) -> None:
    told = [SerialSeen("m", "energy_import_total", at_ms, serial) for at_ms, serial in ((10, "a"), (50, "b"))]
    together(lambda _: note_seen(records, told))
    assert serials_of(records, "m") == told


def test_late_and_new_serials_of_several_collectors_are_put_in_order(records: Engine) -> None:
    told = [SerialSeen("m", "energy_import_total", 10 * number, "ab"[number % 2]) for number in range(AT_ONCE)]
    together(lambda number: note_seen(records, [told[number]]))
    note_seen(records, told)  # each told again, as the next telegrams do
    assert serials_of(records, "m") == told


def test_the_check_of_the_ledger_may_end_twice_at_once(records: Engine) -> None:
    account = Account("m", "energy_import_total", 0, 1, 0, 1, 0, True, 5)
    together(lambda _: accounts.save(records, [account]))
    assert accounts.all_accounts(records) == [account]


def test_the_same_picture_is_kept_once(records: Engine) -> None:
    def bring(number: int) -> None:
        with editing(records) if number % 2 else records.begin() as connection:
            stored_files.keep_picture(connection, "meter.png", b"\x89PNG\r\n\x1a\n...", By("anna", 1))

    together(bring)
    with records.begin() as connection:
        kept = stored_files.keep_picture(connection, "again.png", b"\x89PNG\r\n\x1a\n...", By("anna", 2))
    found = stored_files.stored_file(records, kept)
    assert found is not None
    assert found.name == "meter.png"


def test_a_first_write_of_several_at_once_meets_no_other(records: Engine) -> None:
    def first(number: int) -> None:
        mappings.save_mapping(records, "supplier", {"column": number}, "anna", number)
        work.set_mark(records, "job", number)
        learnt.set_usual_s(records, "m", {"energy_import_total": float(number)})
        device_memory.remember(records, {"node/device": ("sparkplug_b", str(number))})
        registry.save(records, [METER, Site(f"site-{number}", "Site")])

    together(first)
    wrote = range(AT_ONCE)
    assert (mappings.mapping_named(records, "supplier") or {})["column"] in wrote
    assert work.mark(records, "job") in wrote
    assert learnt.usual_s(records, "m")["energy_import_total"] in wrote
    assert int(device_memory.memory(records)["node/device"]) in wrote
    assert len(registry.sites(records)) == AT_ONCE + 1
