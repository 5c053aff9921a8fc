"""Every word of our data that a person may see has a name, and the name is in every catalogue."""

from enum import StrEnum

import pytest

from api.pages.labels import LABELS, ZONES
from plagewatch.health import PartState
from plagewatch.metering.meters import Carrier, Kind, Use
from plagewatch.metering.readings import Reason
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State
from plagewatch.words import words


@pytest.mark.parametrize("kind", [Carrier, Use, Kind, Urgency, Skill, State, PartState, Reason])
def test_every_word_is_named(kind: type[StrEnum]) -> None:
    assert [word for word in kind if word not in LABELS] == []


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_every_name_is_translated(language: str) -> None:
    catalogue = words(language)
    assert [text for text in (*LABELS.values(), *ZONES.values()) if text not in catalogue._catalog] == []
