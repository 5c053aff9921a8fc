"""What stands under every ticket of heating where people are cared for: warmth comes before any saving."""

from collections.abc import Iterable

from plagewatch.metering.meters import Use
from plagewatch.tickets.findings import Skill
from plagewatch.tickets.texts import N_
from plagewatch.words import words

OWED = N_("People are cared for here: whatever is changed, the rooms stay at 22 °C or warmer, day and night.")


def warmth_owed(skill: Skill, uses: Iterable[Use], language: str) -> list[str]:
    """The reminder, for a ticket of heating at a meter that serves a care home; nothing elsewhere.

    >>> len(warmth_owed(Skill.HEATING, [Use.OFFICE, Use.CARE_HOME], "en"))
    1
    >>> warmth_owed(Skill.HEATING, [Use.OFFICE], "en"), warmth_owed(Skill.PLUMBING, [Use.CARE_HOME], "en")
    ([], [])
    """
    return [words(language).gettext(OWED)] if skill is Skill.HEATING and Use.CARE_HOME in set(uses) else []
