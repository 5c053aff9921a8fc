"""Readings by hand and pictures: evidence first, then who brought it, all of it once."""

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import IntegrityError

from collector import rollup_job
from plagewatch.metering.intervals import Resolution
from plagewatch.metering.meters import Carrier, Kind, Meter, Site
from plagewatch.metering.readings import Quality
from plagewatch.metering.refused import EditRefused
from plagewatch.store import tables
from plagewatch.store.records import audit, registry, work
from plagewatch.store.records.life_cycle import By, editing
from plagewatch.store.records.manual_readings import ManualReading, enter, readings_of
from plagewatch.store.records.stored_files import (
    MOST_BYTES,
    StoredFile,
    is_kept,
    keep_picture,
    media_type_of,
    stored_file,
)

DAY_MS = 86_400_000
NOW_MS = 1_795_000_000_000
BY = By("tech", NOW_MS)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def meter(engine) -> str:
    registry.save(engine, [Site("s", "S"), Meter("m", "s", "M", Carrier.GAS, Kind.INDEX, "m3")])
    return "m"


def reading(days: int, value: float, meter: str = "m") -> ManualReading:
    return ManualReading(meter, "gas_volume", NOW_MS - days * DAY_MS, value, "tech", "", "cellar")


def test_a_reading_is_evidence_and_makes_figures_that_say_so(engine, series, meter):
    assert enter(engine, series, reading(10, 812.345), BY)
    assert enter(engine, series, reading(0, 832.345), BY)
    evidence = series.samples("m", "gas_volume", 0, NOW_MS + 1)
    assert evidence.value.tolist() == [812.345, 832.345]
    assert set(evidence.quality.tolist()) == {Quality.MANUAL}
    rollup_job.run(engine, series, NOW_MS // 1000)
    days = series.intervals(Resolution.DAY, "m", 0, NOW_MS // 1000)
    assert days.amount.sum() == pytest.approx(20.0)
    assert days.manual.sum() == pytest.approx(20.0)
    assert [one.value for one in readings_of(engine, "m")] == [832.345, 812.345]


def test_the_same_reading_again_is_there_once(engine, series, meter):
    assert enter(engine, series, reading(1, 5.0), BY)
    assert not enter(engine, series, reading(1, 5.0), By("cell", NOW_MS + 5))
    assert len(series.samples("m", "gas_volume", 0, NOW_MS).value) == 1
    assert len(readings_of(engine, "m")) == len(audit.lines(engine, "m")) == 1
    _, windows = work.dirty_windows(engine)["m"]
    assert len(windows) == 1
    assert enter(engine, series, reading(1, 6.0), BY)  # another value for the same moment is evidence too


def test_a_kill_after_the_evidence_is_mended_by_the_second_press(engine, series, meter):
    class Killed(Exception):
        pass

    def killed(*_args):
        raise Killed

    event.listen(engine, "begin", killed)
    with pytest.raises(Killed):
        enter(engine, series, reading(1, 5.0), BY)
    event.remove(engine, "begin", killed)
    assert work.dirty_windows(engine) == {}
    assert enter(engine, series, reading(1, 5.0), BY)
    assert list(work.dirty_windows(engine)) == ["m"]
    assert len(series.samples("m", "gas_volume", 0, NOW_MS).value) == 1


def test_a_reading_of_nobodys_meter_leaves_no_row(engine, series, meter):
    with pytest.raises(IntegrityError):
        enter(engine, series, reading(1, 5.0, "nobody's"), BY)
    assert audit.lines(engine) == []


def test_a_picture_is_kept_once_whatever_its_name(engine):
    with editing(engine) as connection:
        first = keep_picture(connection, "meter.png", PNG, BY)
        second = keep_picture(connection, "again.png", PNG, By("cell", NOW_MS + 1))
    assert first == second
    assert stored_file(engine, first) == StoredFile(first, "meter.png", "image/png", PNG, "tech", NOW_MS)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.stored_file)).scalar() == 1
    assert is_kept(engine, first)


@pytest.mark.parametrize("id_", ["", "x", "0" * 64, "../../etc", "\ud800"])
def test_what_is_not_there_is_not_found(engine, id_):
    assert stored_file(engine, id_) is None
    assert not is_kept(engine, id_)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\xff\xd8\xff\xe0....JFIF", "image/jpeg"),
        (PNG, "image/png"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x10\0\0\0WAVEfmt ", None),
        (b"GIF89a", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/>", None),
        (b"%PDF-1.7", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(content, media_type):
    assert media_type_of(content) == media_type


@pytest.mark.parametrize("content", [b"<html>", PNG + b"0" * MOST_BYTES])
def test_what_is_no_picture_or_too_large_is_refused_and_leaves_nothing(engine, content):
    with pytest.raises(EditRefused), editing(engine) as connection:
        keep_picture(connection, "meter.png", content, BY)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tables.stored_file)).scalar() == 0
