"""The numbers of the rules of electricity."""

from collections.abc import Mapping

from plagewatch.tickets.texts import N_
from rules.catalogue.words.number import (
    DAYS,
    DEVIATIONS,
    HOURS,
    LEFT_OUT,
    LOOKED_BACK,
    NIGHTS,
    NOT_LEARNT,
    WEEKS,
    NumberWords,
    fixed,
    percent,
)
from rules.detectors.base_load import BaseLoad
from rules.detectors.outside_hours import OutsideHours
from rules.detectors.peak_power import PeakPower
from rules.detectors.unusual_load import UnusualLoad

NUMBERS: Mapping[type, Mapping[str, NumberWords]] = {
    UnusualLoad: {
        "weeks": fixed(LOOKED_BACK, N_("The same weekday of so many weeks says what is usual at an hour."), WEEKS),
        "days": NumberWords(
            N_("Days of the same kind"),
            N_("So many of the last working days, or days of rest, say it too; the nearer of the two counts."),
            DAYS,
            5,
            20,
        ),
        "scale_weeks": NumberWords(
            N_("Weeks for the usual deviation"), N_("They say how much each hour of the day varies."), WEEKS, 3, 12
        ),
        "least_scale_share": percent(
            N_("Smallest usual deviation"),
            N_("Part of the usual use: a very steady meter is not called abnormal for a trifle."),
            0.01,
            0.5,
        ),
        "deviations": NumberWords(
            N_("Deviation that makes a ticket"), N_("Weighed over the last hours."), DEVIATIONS, 3, 20
        ),
        "repeats": NumberWords(
            N_("How improbable a flat line must be"),
            N_("At 16 the meter repeats its value so long once in nine million times; 2.3 more is ten times as rare."),
            "",
            5,
            40,
        ),
        "below": percent(
            N_("Below the usual minimum"), N_("So much of the lowest usual hour must be missing."), 0.1, 1
        ),
        "lasts_h": NumberWords(
            N_("From when on it is a change of use"),
            N_("What lasts longer was told once; after two weeks it is what is usual."),
            HOURS,
            12,
            168,
        ),
    },
    OutsideHours: {
        "margin_h": NumberWords(
            N_("Before opening and after closing"),
            N_("So long nothing is said: people come early and leave late."),
            HOURS,
            0,
            4,
        ),
        "in_use": percent(
            N_("Load that counts as in use"), N_("How far up from the load at rest to that of open hours."), 0.1, 0.95
        ),
        "least_h": NumberWords(
            N_("Hours on one day"), N_("With fewer hours in use while closed a day does not count."), HOURS, 1, 24
        ),
        "days": NumberWords(
            N_("Days that make a ticket"), N_("So many such days among the last fourteen."), DAYS, 1, 14
        ),
        "of_days": fixed(N_("Days looked at"), N_("Such days are counted over so many."), DAYS),
        "least_contrast": percent(
            N_("Difference between rest and open hours"),
            N_("Where the load at rest is not at least so much lower, nothing can be seen."),
            0.05,
            0.9,
        ),
        "least_agreement": percent(
            N_("Agreement of learnt hours"),
            N_("Where opening hours are learnt from the load, so many hours have to fit; now only entered ones count."),
            0,
            1,
            moves=False,
        ),
    },
    PeakPower: {
        "share": percent(
            N_("Part of the contracted power"), N_("From there on a quarter of an hour makes a ticket."), 0.5, 2
        ),
    },
    BaseLoad: {
        "days": NumberWords(N_("Newest days judged"), N_("Twice as many where only days of rest count."), DAYS, 7, 28),
        "at_least": percent(N_("Which of these days counts"), N_("All but so many of them must be that high."), 0, 0.5),
        "rest_days": NumberWords(LEFT_OUT, NOT_LEARNT, DAYS, 14, 35),
        "weeks": NumberWords(LOOKED_BACK, N_("So many weeks say what the base load was."), WEEKS, 6, 12),
        "share": percent(N_("Rise that makes a ticket"), N_("Above the usual base load."), 0.05, 1),
        "spreads": NumberWords(N_("Rise in usual deviations"), N_("The rise must also be so many."), DEVIATIONS, 1, 10),
        "told_nights": NumberWords(
            N_("Nights that were told already"),
            N_("With so many nights told by the rule of unusual use in ten weeks, a rise is no news."),
            NIGHTS,
            1,
            30,
        ),
    },
}
