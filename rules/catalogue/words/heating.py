"""The numbers of the rules of heating."""

from collections.abc import Mapping

from plagewatch.tickets.texts import N_
from rules.catalogue.words.number import (
    DAYS,
    DEVIATIONS,
    EXPLAINED,
    HOURS,
    KEEPS_ALIVE,
    LEAST_KNOWN,
    LEFT_OUT,
    NOT_LEARNT,
    PART_OF_LIMIT,
    TOO_LITTLE_HEAT,
    WEEKS,
    NumberWords,
    fixed,
    percent,
)
from rules.detectors.after_works import AfterWorks
from rules.detectors.comfort import CARE_C, ColdRoom
from rules.detectors.energy_signature import EnergySignature
from rules.detectors.heat_and_cold import HeatAndCold
from rules.detectors.year_on_year import YearOnYear

_HEATED = percent(EXPLAINED, TOO_LITTLE_HEAT, 0.2, 0.95)

NUMBERS: Mapping[type, Mapping[str, NumberWords]] = {
    EnergySignature: {
        "work_days": NumberWords(
            N_("Working days taken together"), N_("The mean of so many working days is judged."), DAYS, 1, 14
        ),
        "rest_days": NumberWords(
            N_("Days of rest taken together"), N_("The mean of so many days of rest is judged."), DAYS, 1, 14
        ),
        "deviations": NumberWords(
            N_("Excess that makes a ticket"),
            N_("The mean of these days above what their temperature explains."),
            DEVIATIONS,
            0.5,
            10,
        ),
        "until_h": fixed(
            N_("Up to which hour"), N_("Only what is used before this hour counts; 24 is the whole day."), N_("h")
        ),
        "stays": percent(KEEPS_ALIVE, PART_OF_LIMIT, 0.1, 1),
        "drift_weeks": NumberWords(
            N_("Weeks for what has changed slowly"),
            N_("The usual excess of so many weeks is left out: years differ, and that is no fault."),
            WEEKS,
            2,
            12,
        ),
        "drift_rest_days": NumberWords(LEFT_OUT, NOT_LEARNT, DAYS, 7, 42),
        "least_heated": _HEATED,
    },
    YearOnYear: {
        "share": percent(
            N_("More than last year"), N_("By some percent a building's years differ without a cause."), 0.02, 1
        ),
        "least_days": NumberWords(
            LEAST_KNOWN, N_("In each of the two years; with fewer nothing is said."), DAYS, 200, 365
        ),
        "least_heated": _HEATED,
    },
    AfterWorks: {
        "slack": NumberWords(
            N_("Excess of a day that is forgiven"), N_("Only what is beyond it is summed."), DEVIATIONS, 0.1, 5
        ),
        "limit": NumberWords(
            N_("Sum that makes a ticket"), N_("What the days were above what is forgiven."), DEVIATIONS, 2, 50
        ),
        "stays": percent(KEEPS_ALIVE, PART_OF_LIMIT, 0.1, 1),
        "settle_days": NumberWords(
            N_("Days after the works"), N_("So long the settings are still being adjusted."), DAYS, 0, 60
        ),
        "weeks": NumberWords(N_("Weeks watched"), N_("So long after works their effect is watched."), WEEKS, 4, 52),
        "share": percent(
            N_("More than was to be expected"), N_("The use since the works must be above it by so much."), 0.02, 1
        ),
        "least_heated": _HEATED,
    },
    HeatAndCold: {
        "runs": percent(
            N_("Load that counts as running"), N_("How far up from idling to what it draws when busy."), 0.05, 0.9
        ),
        "hours": NumberWords(
            N_("Hours of both a day"), N_("So long heating and cooling run at once, on average."), HOURS, 0.5, 24
        ),
        "days": NumberWords(N_("Days averaged"), N_("The mean is that of so many days."), DAYS, 1, 14),
        "stays": percent(KEEPS_ALIVE, PART_OF_LIMIT, 0.1, 1),
        "idle_days": NumberWords(N_("Days for idling"), N_("They say what each draws at rest."), DAYS, 14, 90),
        "busy_days": NumberWords(N_("Days for busy"), N_("They say what each draws at most."), DAYS, 60, 365),
    },
    ColdRoom: {
        # Warmth that people are owed is no number to try out: it can be raised only.
        "care_c": NumberWords(
            N_("Where people are cared for"),
            N_("Colder than this a room is too cold, day and night."),
            "°C",
            CARE_C,
            26,
        ),
        "other_c": NumberWords(
            N_("Elsewhere"), N_("Colder than this a room is too cold in opening hours."), "°C", 16, 24
        ),
        "hours": NumberWords(N_("Hours in a row"), N_("So long it must be too cold."), HOURS, 1, 24),
        "margin_c": NumberWords(N_("What thermometers may differ"), N_("So much below is forgiven."), "°C", 0, 1),
    },
}
