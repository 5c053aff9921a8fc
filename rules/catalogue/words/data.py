"""The numbers of the rules of the figures themselves."""

from collections.abc import Mapping

from plagewatch.tickets.texts import N_
from rules.catalogue.words.number import DAYS, HOURS, LOOKED_BACK, TIMES, WEEKS, NumberWords, fixed, percent
from rules.detectors.impossible_step import ImpossibleStep
from rules.detectors.no_data import NoData
from rules.detectors.pulse_weight import PulseWeight
from rules.detectors.sub_meter_balance import SubMeterBalance

NUMBERS: Mapping[type, Mapping[str, NumberWords]] = {
    NoData: {
        "readings": NumberWords(
            N_("Missing readings"),
            N_("So many readings of the meter must be missing, however often it reports."),
            N_("readings"),
            2,
            1000,
        ),
        "least_h": NumberWords(
            N_("Shortest silence that counts"), N_("A shorter silence is never a ticket."), HOURS, 1, 168
        ),
        "times_usual": NumberWords(
            N_("Times its usual silence"),
            N_("A silence must be so many times the second longest one of the weeks before."),
            TIMES,
            1,
            20,
        ),
        "weeks": NumberWords(LOOKED_BACK, N_("The silences of so many weeks are the habit of a meter."), WEEKS, 4, 16),
        "most_h": NumberWords(
            N_("Longest habit that is accepted"),
            N_("However long a meter is used to being silent: longer than this is no habit."),
            HOURS,
            6,
            720,
        ),
    },
    ImpossibleStep: {
        "least": NumberWords(
            N_("Impossible steps"), N_("So many steps that were set aside make a ticket."), N_("steps"), 1, 20
        ),
        "days": NumberWords(
            N_("How long it is told"), N_("Unless somebody explains it before, for so many days."), DAYS, 1, 365
        ),
    },
    PulseWeight: {
        "days": fixed(
            N_("Days compared"), N_("The days after the change, each with the same weekday before it."), DAYS
        ),
        "weeks": NumberWords(
            N_("Weeks before the change"), N_("They say what the meter counted until then."), WEEKS, 2, 12
        ),
        "exchange_days": NumberWords(
            N_("Days around an exchange"),
            N_("So near to an exchange of meter or device a factor of 2 or ½ is looked for too."),
            DAYS,
            1,
            14,
        ),
        "tolerance": percent(
            N_("How near to the factor"),
            N_("The middle day may miss a factor of 10, 100 or 1000 by so much."),
            0.05,
            0.6,
        ),
        "exchange_tolerance": percent(
            N_("How near to the factor at an exchange"),
            N_("The middle day may miss a factor of 2 or ½ by so much."),
            0.05,
            0.4,
        ),
        "spread": NumberWords(
            N_("How much days may differ"),
            N_("Days that differ from each other by more than this say nothing of a factor."),
            TIMES,
            1.1,
            10,
        ),
    },
    SubMeterBalance: {
        "days": NumberWords(
            N_("Days balanced together"),
            N_("The meter and those behind it are compared over so many days at a time."),
            DAYS,
            3,
            28,
        ),
        "least_h": NumberWords(
            N_("Hours that all of them measured"), N_("With fewer such hours nothing is said."), HOURS, 24, 600
        ),
        "permissible_error": percent(
            N_("Error of a new meter"), N_("A new meter may be off by so much in its usual range."), 0.001, 0.1
        ),
        "in_use": NumberWords(N_("Error of a meter in use"), N_("So many times that of a new one."), TIMES, 1, 5),
        "slack_share": percent(
            N_("What may be missing besides"),
            N_("Part of the main meter that may be missing on top of the errors of the meters."),
            0,
            0.5,
        ),
        "usual_share": percent(
            N_("Days that say what is usual"),
            N_("What is missing on so many of the days of the last weeks is usual; only more is told."),
            0.5,
            1,
        ),
        "weeks": NumberWords(LOOKED_BACK, N_("So many weeks say which part usually passes no meter."), WEEKS, 4, 12),
    },
}
