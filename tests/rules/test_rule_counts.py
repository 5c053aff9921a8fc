from dataclasses import replace

import numpy as np
import pytest

from plagewatch.metering.meters import Carrier
from plagewatch.store.engine import Engine
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State, Ticket
from rules import backtest
from rules.catalogue import RULES
from rules.choosing import NoSuchRule, chosen
from rules.rule_counts import told_again
from tests.rules.conftest import AddMeter
from tests.rules.invented import HOUR_S, START_S, household_water, office_load


def test_counts_by_rule(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    load = office_load(100)
    load[2000:2012] *= 3
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    add_meter("linde.new", Carrier.ELECTRICITY, office_load(3))
    add_meter("linde.water", Carrier.WATER, household_water(100), "m3")
    counts = {count.rule: count for count in backtest.backtest(engine, series).counts}
    silent, water, load_rule = counts["no_data"], counts["night_water"], counts["unusual_load"]
    assert (load_rule.rule, load_rule.tickets, load_rule.told_on, load_rule.meters) == ("unusual_load", 1, 1, 1)
    assert load_rule.not_judged == {"too_short": 1}
    assert 24 * 60 < load_rule.judged_h < 24 * 100  # after the weeks that it learns
    assert load_rule.per_meter_year == pytest.approx(8766 / load_rule.judged_h)
    assert (water.rule, water.tickets, water.meters) == ("night_water", 0, 1)
    assert silent.meters == 3


def test_a_part_of_the_past_counts_its_own_hours(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    add_meter("linde.elec", Carrier.ELECTRICITY, office_load(130))
    from_s = START_S + 2800 * HOUR_S
    (count,) = backtest.backtest(engine, series, from_s, from_s + 240 * HOUR_S, rules=chosen(["unusual_load"])).counts
    assert count.judged_h == 240


def test_other_numbers_are_used(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> None:
    load = office_load(100)
    load[2000:2012] *= 3
    add_meter("linde.elec", Carrier.ELECTRICITY, load)
    some = {
        text: len(backtest.backtest(engine, series, rules=chosen([text])).tickets)
        for text in ("unusual_load", "unusual_load:deviations=100,below=100")
    }
    assert some == {"unusual_load": 1, "unusual_load:deviations=100,below=100": 0}


def test_rules_as_they_are_written() -> None:
    assert chosen([]) == RULES
    (rule,) = chosen(["no_data:least_h=12"])
    assert rule.parameters == replace(rule.parameters, least_h=12.0)
    assert rule.id == "no_data"


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["noise"], "There is no rule 'noise'"),
        (["no_data:colour=1"], "no_data has no number 'colour'"),
        (["no_data:weeks=1.5"], "'1.5' is no value of no_data:weeks"),
        (["no_data:weeks"], "'' is no value"),
        (["no_data", "no_data:weeks=3"], "no_data is named twice"),
    ],
)
def test_what_names_no_rule(texts: list[str], sentence: str) -> None:
    with pytest.raises(NoSuchRule, match=sentence.replace("?", ".")):
        chosen(texts)


def ticket(meter: str, first_h: int, last_h: int) -> Ticket:
    return Ticket(
        id=first_h,
        meter=meter,
        rule="unusual_load",
        cause="unusual_load",
        state=State.FADED,
        urgency=Urgency.SOON,
        skill=Skill.ELECTRICITY,
        first_abnormal_s=first_h * HOUR_S,
        last_abnormal_s=last_h * HOUR_S,
        opened_s=(first_h + 1) * HOUR_S,
        score=1.0,
    )


def test_a_past_ticket_comes_again_where_abnormal_times_touch() -> None:
    past = [ticket("a", 10, 12), ticket("a", 50, 60), ticket("b", 10, 12)]
    again = [ticket("a", 12, 20), ticket("a", 61, 62)]  # hour 12 is common; 61 begins when 60 is over
    assert [each.id for each in told_again(past, again)] == [10]
    assert told_again(past, []) == []
    assert np.all([each.meter == "a" for each in told_again(past, again)])
