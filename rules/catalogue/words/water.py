"""The numbers of the rules of water."""

from collections.abc import Mapping

from plagewatch.tickets.texts import N_
from rules.catalogue.words.number import (
    DAYS,
    HOURS,
    LEAST_KNOWN,
    LEFT_OUT,
    LOOKED_BACK,
    NIGHTS,
    NO_VERDICT,
    TIMES,
    WEEKS,
    NumberWords,
    percent,
)
from rules.detectors.night_water import NightWater
from rules.detectors.stopped import Stopped
from rules.detectors.water_burst import WaterBurst

NUMBERS: Mapping[type, Mapping[str, NumberWords]] = {
    NightWater: {
        "nights": NumberWords(
            N_("Nights in a row, far above the usual"),
            N_("Each of their hours must be above the smallest hour of every day of the weeks before."),
            NIGHTS,
            3,
            14,
        ),
        "more_nights": NumberWords(
            N_("Nights in a row, above the usual"),
            N_("Or so many in which every hour is above the usual."),
            NIGHTS,
            3,
            28,
        ),
        "usual_share": percent(
            N_("Days that say what is usual"),
            N_("What the smallest hour of so many days stayed below is usual."),
            0.5,
            1,
        ),
        "weeks": NumberWords(LOOKED_BACK, N_("So many weeks say what is usual."), WEEKS, 4, 12),
        "rest_nights": NumberWords(
            N_("Newest nights left out"), N_("So that a leak is not learnt as usual while it runs."), NIGHTS, 3, 28
        ),
        "margin_l_per_h": NumberWords(
            N_("How much above the usual"), N_("Less than this is not told."), N_("l/h"), 0.1, 1000
        ),
        "least_nights": NumberWords(
            N_("Nights that must be known"), N_("With fewer nights known nothing is said."), NIGHTS, 7, 28
        ),
    },
    WaterBurst: {
        "times": NumberWords(
            N_("Times the largest usual hour"), N_("So much must have run within an hour."), TIMES, 1.1, 50
        ),
        "least_l": NumberWords(
            N_("At least so much"), N_("Less water within an hour is never called a burst."), N_("litres"), 10, 100_000
        ),
        "weeks": NumberWords(LOOKED_BACK, N_("So many weeks say what the largest hour is."), WEEKS, 4, 12),
        "rest_days": NumberWords(LEFT_OUT, N_("So that a burst is not learnt as usual while it lasts."), DAYS, 1, 28),
        "least_days": NumberWords(LEAST_KNOWN, NO_VERDICT, DAYS, 7, 28),
        "credible_times": NumberWords(
            N_("Largest flow that is believed"),
            N_("Times that of the largest usual hour; beyond it is another unit or pulse weight, and no water."),
            TIMES,
            10,
            1000,
        ),
        "credible_l_per_h": NumberWords(
            N_("A flow that is always believed"),
            N_("Up to here it is water, however little is usual."),
            N_("l/h"),
            1000,
            100_000,
        ),
    },
    Stopped: {
        "times_usual": NumberWords(
            N_("Times its usual standstill"),
            N_("It must be so many times the second longest one of the weeks before."),
            TIMES,
            1,
            20,
        ),
        "least_h": NumberWords(
            N_("Shortest standstill that counts"), N_("A shorter one is never a ticket."), HOURS, 6, 720
        ),
        "least_l_per_day": NumberWords(
            N_("Least use of a usual day"),
            N_("A meter that usually has less is not judged: a home stands still whenever its people travel."),
            N_("litres"),
            1,
            100_000,
        ),
        "weeks": NumberWords(
            LOOKED_BACK, N_("The standstills of so many weeks are the habit of a meter."), WEEKS, 4, 16
        ),
        "least_days": NumberWords(LEAST_KNOWN, NO_VERDICT, DAYS, 7, 90),
    },
}
