"""Works on buildings: kept with who, when and from where; what cannot be is refused."""

from dataclasses import replace
from datetime import date

import pytest

from plagewatch.metering.meters import Building, Site
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.metering.works import Works
from plagewatch.store.records import audit, registry
from plagewatch.store.records.life_cycle import By, What
from plagewatch.store.records.works import WorksEditor, works

BOILER = Works("b", date(2026, 9, 4), "new boiler", "work order 7")


@pytest.fixture
def editor(engine):
    registry.save(engine, [Site("s", "Site"), Building("b", "s", "House"), Building("c", "s", "Other")])
    return WorksEditor(engine, By("els", 5))


def test_works_come_back_newest_first_and_of_one_building(engine, editor):
    roof = Works("b", date(2026, 10, 1), "roof")
    assert editor.enter(BOILER)
    assert editor.enter(roof)
    assert editor.enter(Works("c", date(2026, 9, 4), "windows"))
    told = [replace(one, who="els", at_ms=5) for one in (roof, BOILER)]
    assert works(engine, "b") == told
    assert [one.building for one in works(engine)] == ["b", "b", "c"]


def test_the_same_again_changes_nothing_and_a_source_is_corrected(engine, editor):
    editor.enter(BOILER)
    assert not WorksEditor(engine, By("jan", 9)).enter(BOILER)
    assert works(engine)[0].who == "els"
    assert editor.enter(replace(BOILER, source="work order 8"))
    assert [(line.what, line.after["source"]) for line in audit.lines(engine, "b")] == [
        (What.WORKS_ENTERED, "work order 8"),
        (What.WORKS_ENTERED, "work order 7"),
    ]


def test_works_are_taken_back(engine, editor):
    editor.enter(BOILER)
    assert editor.remove(BOILER)
    assert not editor.remove(BOILER)
    assert works(engine) == []
    assert audit.lines(engine, "b")[0].what == What.WORKS_REMOVED


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (Refusal.UNKNOWN, replace(BOILER, building="nowhere")),
        (Refusal.NAME, replace(BOILER, what=" ")),
        (Refusal.NAME, replace(BOILER, what="x" * 201)),
        (Refusal.DAY, replace(BOILER, ended_on=date(2200, 1, 1))),
    ],
)
def test_what_cannot_be_is_refused(engine, editor, refusal, told):
    with pytest.raises(EditRefused) as refused:
        editor.enter(told)
    assert refused.value.refusal is refusal
    assert works(engine) == []
