"""What is wrong with the figures is the energy cell's: one ticket, in the meter's unit, and no mail to technicians."""

import numpy as np
import pytest

from plagewatch.metering.meters import Carrier, MeterFacts, Person, Role
from plagewatch.store.engine import Engine
from plagewatch.store.records import outbox, registry, tickets
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.states import State
from rules import catalogue, dispatch, evaluate, explain
from tests.collector.ledger_stores import METER, QUARTER_MS, START_MS, stores
from tests.rules.conftest import AddMeter
from tests.rules.invented import DAY_S, HOUR_S, START_S, office_load

ANNA = Person("anna", "Anna", "anna@cpas-ocmw.example", Role.TECHNICIAN, zones=("north",))
CELL = Person("cell", "Cel", "cell@cpas-ocmw.example", Role.ENERGY_CELL)
OF_FIGURES = [rule for rule in catalogue.RULES if rule.skill is Skill.DATA]
LIMIT = MeterFacts(METER.id, multiplier=40.0, max_power_kw=100.0)
STEP_AT = 4 * 24 * 12 + 30  # in the eighth hour of the thirteenth day


@pytest.mark.parametrize("rule", OF_FIGURES, ids=lambda rule: rule.id)
def test_what_is_wrong_with_the_figures_is_mailed_to_nobody(
    engine: Engine, add_meter: AddMeter, rule: catalogue.Rule
) -> None:
    add_meter("linde.elec", Carrier.ELECTRICITY, office_load(10))
    registry.save(engine, [ANNA, CELL])
    now_s = START_S + 10 * DAY_S
    found = Finding(rule.id, "linde.elec", rule.cause, START_S, now_s - HOUR_S, now_s, 2.0, {})
    tickets.open_ticket(engine, found, rule.urgency, rule.skill)
    assert dispatch.enqueue(engine, now_s) == 0
    load = Finding("unusual_load", "linde.elec", "unusual_load", START_S, now_s - HOUR_S, now_s, 2.0, {})
    tickets.open_ticket(engine, load, Urgency.SOON, Skill.ELECTRICITY)
    assert dispatch.enqueue(engine, now_s) == 1
    assert [item.person for item in outbox.due(engine, now_s)] == ["anna"]


def test_a_step_that_the_ledger_set_aside_becomes_one_ticket_in_the_meters_unit() -> None:
    """The index rises by 0.1 a quarter, 4 kWh at forty times; once by 500, or 20 000 kWh where 25 kWh can pass."""
    at_ms = START_MS + QUARTER_MS * np.arange(4 * 24 * 20)
    index = np.cumsum(np.random.default_rng(8).uniform(0.09, 0.11, len(at_ms)))
    index[STEP_AT:] += 500
    with stores(LIMIT) as ledger:
        ledger.arrive(at_ms, index)
        ledger.roll_up()
        last_s = int(at_ms[-1]) // 1000
        for end_s in range(last_s - 10 * DAY_S, last_s + 1, DAY_S):
            evaluate.evaluate(ledger.engine, ledger.series, end_s - 2 * DAY_S, end_s)
        (ticket,) = tickets.tickets(ledger.engine)
    assert (ticket.rule, ticket.skill, ticket.state) == ("impossible_step", Skill.DATA, State.OPEN), (
        "it stands as long as nobody explains it"
    )
    assert ticket.numbers["set_aside_kwh"] == pytest.approx(40 * (index[STEP_AT] - index[STEP_AT - 1]))
    assert ticket.first_abnormal_s == int(at_ms[STEP_AT - 1]) // 1000
    assert ticket.opened_s == int(at_ms[STEP_AT]) // 1000
    assert explain.sentence(ticket, METER, "en").startswith("20,004.12 kWh in one step")
