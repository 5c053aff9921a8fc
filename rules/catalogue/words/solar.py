"""The numbers of the rules of solar panels."""

from collections.abc import Mapping

from plagewatch.tickets.texts import N_
from rules.catalogue.words.number import (
    DAYS,
    HOURS,
    LEFT_OUT,
    NIGHTS,
    NOT_LEARNT,
    TIMES,
    NumberWords,
    percent,
)
from rules.detectors.solar_dead import SolarDead
from rules.detectors.solar_gap import SolarGap
from rules.detectors.solar_loss import SolarLoss
from rules.detectors.solar_night import SolarNight

_BACK = N_("Days looked back at")
_BEST_HOUR = N_("So many days say what the plant makes at each hour.")

NUMBERS: Mapping[type, Mapping[str, NumberWords]] = {
    SolarDead: {
        "least_sine": NumberWords(
            N_("Height of the sun (sine)"),
            N_("From there on every plant makes something: 0.17 is 10 degrees above the horizon."),
            "",
            0.05,
            0.5,
        ),
        "awake": percent(
            N_("What it nearly always makes"),
            N_("Of its best hour: an hour in which it makes less some days is not judged."),
            0.005,
            0.2,
        ),
        "days": NumberWords(_BACK, _BEST_HOUR, DAYS, 10, 60),
        "rest_days": NumberWords(LEFT_OUT, NOT_LEARNT, DAYS, 3, 28),
        "asleep": percent(N_("What still counts as nothing"), N_("Of its best hour."), 0.001, 0.02),
        "bright": percent(
            N_("What it made the hour before"),
            N_("Of its best hour: from so much no snow brings it down within an hour."),
            0.02,
            0.5,
        ),
        "snow_days": NumberWords(
            N_("Days of nothing that are no snow"),
            N_("After so many days it is told even where snow may lie."),
            DAYS,
            3,
            30,
        ),
    },
    SolarLoss: {
        "allowance": percent(
            N_("What may lack on a day"), N_("Of what was to be expected; it does not count."), 0.02, 0.4
        ),
        "enough": percent(
            N_("What must lack in all"),
            N_("Beyond that, summed over the days in a row: at 40 two days at 70 % or four at 80 %."),
            0.1,
            3,
        ),
        "most_a_day": percent(
            N_("Most that one day adds"), N_("A single day says little, however bad it was."), 0.05, 1
        ),
        "back": percent(N_("A day that is well again"), N_("With so much of the expected the row is over."), 0.8, 1),
        "reach_days": NumberWords(N_("Longest row"), N_("So far back a row may begin."), DAYS, 5, 30),
        "major": percent(N_("A major loss"), N_("When a row makes less than this part of the expected."), 0.3, 0.9),
        "most_wiggle": NumberWords(
            N_("Unrest of a clear day"), N_("A day with more ups and downs had clouds."), TIMES, 1.0, 1.5
        ),
        "least_full": percent(N_("Fullness of a clear day"), N_("A day whose curve is emptier had clouds."), 0.5, 1),
        "steady": percent(
            N_("How like the day before"),
            N_("Where snow or clouds are in doubt a day counts only if it is so close to the one before."),
            0.02,
            0.5,
        ),
        "covered": percent(
            N_("Less is snow"), N_("While snow may lie, a day below this part of the expected is left out."), 0, 0.8
        ),
    },
    SolarNight: {
        "dark": percent(
            N_("What makes an hour night"), N_("Of the best hour: on nearly all days it made less."), 0.001, 0.05
        ),
        "too_much": percent(
            N_("Too much at night"), N_("Of the best hour, on average over the hours of the night."), 0.005, 0.5
        ),
        "days": NumberWords(_BACK, _BEST_HOUR, DAYS, 14, 60),
        "rest_days": NumberWords(LEFT_OUT, NOT_LEARNT, DAYS, 3, 28),
        "nights": NumberWords(N_("Nights in a row"), N_("So many make a ticket."), NIGHTS, 1, 14),
        "least_hours": NumberWords(
            N_("Hours of night that must be known"), N_("With fewer nothing is said of a night."), HOURS, 1, 6
        ),
    },
    SolarGap: {
        "least_h": NumberWords(
            N_("Hours at zero"), N_("So long all meters must stand at 0, a night among them."), HOURS, 12, 168
        ),
        "alive_days": NumberWords(
            N_("Days without a movement"), N_("A meter that has not moved for so long is left aside."), DAYS, 7, 90
        ),
    },
}
