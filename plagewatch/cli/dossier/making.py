"""From sets to the whole report: what each set can say is seen from what lies in it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from plagewatch.cli.dossier import electricity, faults, goals, labelled_sets, summing_up, telling, telling_hours
from plagewatch.cli.dossier.faults import Cold, Injected
from plagewatch.cli.dossier.goals import Goal
from plagewatch.cli.dossier.labelled_sets import COLD_RUNS, LABELS, LabelledSet
from plagewatch.cli.dossier.replaying import Replayed, in_store, replay
from plagewatch.validation.document import Document, Points, Section
from plagewatch.validation.injecting import LEAKS, LEAKS_IN_OTHER_SUMS, LEAKS_IN_SUMS, LOSSES
from plagewatch.validation.scoring import YEAR_S

METERS_OF_A_SUM = 8
SHUFFLES = (1, 2, 3, 4)
LEAD = (
    "The rules that watch the meters, on data where somebody knows the truth: what they find, what they tell for "
    "nothing, and what others make of the same data. The same code as in daily use, one configuration for all sets, "
    "looking backwards only. No rule ever reads the truth; only this report does."
)
INVENTED_SUN = (
    "The plants are invented, the weather is not: six plants of different tilt, direction, size and inverter under "
    "light and temperatures that were measured there hour by hour, with clouds of their own, snow on days of frost, "
    "dirt, shade, ageing and lost hours. Light is parted and turned by other formulas than those of the rules. It "
    "shows what the rules make of a fault, not what stands on real roofs."
)
REAL_ROOF = (
    "A real plant with snow in winter, without weather, place or neighbours. One roof says little: one ticket more or "
    "less changes the rate by 2."
)
OTHER_SUMS = (
    f"The same meters in {len(SHUFFLES)} other random groupings, to see whether the sums in order of name were luck."
)


@dataclass(slots=True)
class Made:
    """A report in the making. sections: with the place of each, by carrier. years: length of the meters of each set."""

    say: Callable[[str], None]
    sections: list[tuple[int, Section]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    replayed: dict[str, Replayed] = field(default_factory=dict)
    years: dict[str, dict[str, float]] = field(default_factory=dict)
    short: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """The report and the goals in it."""

    document: Document
    goals: Sequence[Goal]


def make(sets: Sequence[LabelledSet], facts: Mapping[str, str], say: Callable[[str], None]) -> Report:
    """Measure all sets. Raises NoSet or Refused where one cannot be read."""
    made = Made(say)
    for found in sorted(sets, key=_place):
        say(f"set {found.name}: {len(found.meters)} meters")
        _as_it_is(found, made)
        if found.holds(COLD_RUNS):
            _cold(found, made)
        if found.carriers == {"water"}:
            _leaks(found, made)
        if found.carriers == {"solar"}:
            _losses(found, made)
        if found.holds(COLD_RUNS) and labelled_sets.weather(found, "ghi_wm2"):
            _invented_sun(found, made)
    in_order = [section for _, section in sorted(made.sections, key=lambda each: each[0])]
    first = [Section("In short", [Points(made.short)])] if made.short else []
    summary = [telling.of_goals(made.goals)] if made.goals else []
    last = [
        telling.of_rules(made.replayed),
        telling.of_meters(made.replayed, made.years),
        summing_up.not_here(made.replayed),
    ]
    return Report(Document("Validation of the rules", LEAD, [*first, *summary, *in_order, *last], facts), made.goals)


def _place(found: LabelledSet) -> tuple[int, str]:
    """Electricity with labels first, then water, heating, the rest."""
    kinds = (found.holds(LABELS), found.carriers == {"water"}, found.holds(COLD_RUNS), True)
    return kinds.index(True), found.name


def _as_it_is(found: LabelledSet, made: Made) -> None:
    read = labelled_sets.readings(found)
    made.years[found.name] = {m: (int(at[-1]) - int(at[0]) + found.step_s(m)) / YEAR_S for m, (at, _) in read.items()}
    if found.holds(LABELS):
        told = electricity.measure(found, goals.HOURS, made.say)
        made.replayed[found.name] = told.replayed
        made.sections.append((0, telling_hours.of_hours(told, goals.HOURS)))
        made.goals += goals.of_hours(told)
        made.short.append(summing_up.of_hours(told))
        return
    with in_store(found.folder) as opened:
        made.replayed[found.name] = replay(opened)


def _cold(found: LabelledSet, made: Made) -> None:
    cold: list[Cold] = faults.in_cold(found, made.replayed[found.name])
    made.sections.append((2, telling.of_cold(found.name, cold)))
    made.goals += goals.of_cold(cold)
    made.short.append(summing_up.of_cold(cold))
    for meter in sorted({each.span.meter for each in cold}):
        if found.meters[meter]["carrier"] == "gas" and labelled_sets.weather(found, "temp_c"):
            made.say(f"{found.name}: faults of heating put in")
            told = faults.of_heating(found, meter)
            made.sections.append((2, telling.of_heating(meter, told)))
            made.short.append(summing_up.of_heating(told))


def _leaks(found: LabelledSet, made: Made) -> None:
    made.say(f"{found.name}: leaks put in")
    single = faults.with_faults(found, f"Leaks in single meters: {found.name}", LEAKS)
    made.sections.append((1, telling.of_faults(single)))
    made.goals += goals.of_leaks(single, "water single", 2.0, goals.FALSE_SINGLE)
    made.short.append(summing_up.of_faults(single, "Leaks of 2 l/h in single water meters", 2.0))
    if len(found.meters) < METERS_OF_A_SUM:
        return
    title = f"Leaks in sums of {METERS_OF_A_SUM} meters: {found.name}"
    sums = faults.with_faults(found, title, LEAKS_IN_SUMS, METERS_OF_A_SUM)
    others = faults.with_faults(found, f"{title}, drawn at random", LEAKS_IN_OTHER_SUMS, METERS_OF_A_SUM, SHUFFLES)
    for told, name, about in ((sums, "water summed", ""), (others, "water summed at random", OTHER_SUMS)):
        made.sections.append((1, telling.of_faults(told, about)))
        made.goals += goals.of_leaks(told, name, 10.0, goals.FALSE_SUMMED)
    what = f"Leaks of 10 l/h in sums of {METERS_OF_A_SUM} meters that are never dry"
    made.short.append(summing_up.of_faults(others, what, 10.0))


def _losses(found: LabelledSet, made: Made) -> None:
    made.say(f"{found.name}: losses put in")
    told = faults.with_faults(found, f"Losses of a real plant: {found.name}", faults.fitting(LOSSES, found))
    made.sections.append((3, telling.of_faults(told, REAL_ROOF)))
    made.goals += goals.of_losses(told, "solar, real roof without weather", weather=False)
    made.short.append(summing_up.of_faults(told, "A loss of 30 % of a real solar plant without weather", 0.3))


def _invented_sun(found: LabelledSet, made: Made) -> None:
    plan = faults.SUN_PLAN
    for weather, how in ((True, "with weather"), (False, "without weather")):
        made.say(f"{found.name}: invented solar plants {how}")
        title = f"Losses of invented plants under measured light, {how}: {found.name}"
        told: Injected = faults.of_invented_roofs(found, title, plan, weather=weather)
        made.sections.append((3, telling.of_faults(told, INVENTED_SUN if weather else "")))
        made.goals += goals.of_losses(told, f"solar, invented plants {how}", weather=weather)
        made.short.append(summing_up.of_faults(told, f"A loss of 30 % of invented solar plants {how}", 0.3))
