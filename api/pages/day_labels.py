"""What the words of the calendars are called for people, in English; the catalogues hold the other languages."""

from collections.abc import Mapping

from plagewatch.metering.calendars.building_days import Why
from plagewatch.metering.calendars.entered import DayWord
from plagewatch.metering.calendars.schools import Break, Community
from plagewatch.tickets.texts import N_

# Apart from the other labels: these words are also words of tickets, with other names.
MARKS: Mapping[str, str] = {
    DayWord.CLOSED: N_("Closed"),
    DayWord.OPEN: N_("Open in spite of a holiday"),
    DayWord.HOLIDAY: N_("Holiday"),
    DayWord.PUBLIC_HOLIDAY: N_("Public holiday"),
    DayWord.SCHOOL_HOLIDAY: N_("School holiday"),
    DayWord.SCHOOL_HOLIDAYS: N_("School holiday"),
}
"""A mark that is not among them is shown as it was entered: it says nothing to the rules."""

REASONS: Mapping[Why, str] = {
    Why.OPEN: N_("Open in spite of a holiday"),
    Why.OWN: N_("Own closing day"),
    Why.SCHOOL_HOLIDAY: N_("School holiday"),
    Why.PUBLIC_HOLIDAY: N_("Public holiday"),
    Why.WEEKLY: N_("Weekly day of rest"),
    Why.BRIDGE: N_("Bridge day"),
}

SCHOOLS: Mapping[Community | None, str] = {
    Community.FLEMISH: N_("Flemish Community (Dutch-speaking schools)"),
    Community.FRENCH: N_("Wallonia-Brussels Federation (French-speaking schools)"),
    None: N_("No school holidays"),
}

BREAKS: Mapping[Break, str] = {
    Break.AUTUMN: N_("Autumn holidays"),
    Break.CHRISTMAS: N_("Christmas holidays"),
    Break.CARNIVAL: N_("Carnival holidays"),
    Break.EASTER: N_("Spring holidays"),
    Break.SUMMER: N_("Summer holidays"),
    Break.DAY: N_("Day off at school"),
}
