"""What a house can do itself when it uses more. Rows of data; the comfort of residents comes before any saving."""

from collections.abc import Iterator
from dataclasses import dataclass

from plagewatch.metering.meters import Carrier, Use
from plagewatch.tickets.texts import N_

COMFORT_DUTY = frozenset({Use.CARE_HOME})
"""Uses whose rooms stay at 22 °C or more, day and night."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to do when a carrier's use has risen. cools_rooms: following it can lower room temperature."""

    id: str
    carrier: Carrier
    text: str
    cools_rooms: bool
    comfort_only: bool = False


ADVICE = (
    Advice(
        "gas-setback",
        Carrier.GAS,
        N_("{building}: is the heating turned down at night and at the weekend? Have the clock of the boiler checked."),
        cools_rooms=True,
    ),
    Advice(
        "gas-comfort",
        Carrier.GAS,
        N_(
            "{building}: look for windows that stay open above radiators and have the boiler and the hot water checked."
            " The rooms stay at 22 °C: the heating itself is not turned down."
        ),
        cools_rooms=False,
        comfort_only=True,
    ),
    Advice(
        "heat-setback",
        Carrier.HEAT,
        N_("{building}: does the heating run outside opening hours? Have the settings of the heating checked."),
        cools_rooms=True,
    ),
    Advice(
        "heat-comfort",
        Carrier.HEAT,
        N_(
            "{building}: have the hot water and the heat exchanger checked."
            " The rooms stay at 22 °C: the heating itself is not turned down."
        ),
        cools_rooms=False,
        comfort_only=True,
    ),
    Advice(
        "electricity-night",
        Carrier.ELECTRICITY,
        N_("{building}: walk round after closing time and note what is still on: ventilation, lighting, kitchen."),
        cools_rooms=False,
    ),
    Advice(
        "water-read",
        Carrier.WATER,
        N_("{building}: listen for toilets that keep running; read the water meter in the evening and next morning."),
        cools_rooms=False,
    ),
)


def advice_for(use: Use, carriers: list[Carrier]) -> Iterator[Advice]:
    """What to do about carriers that rose in a building of a use, one piece of advice per carrier at most.

    Where comfort is a duty, nothing that can cool rooms is ever said.

    >>> [advice.id for advice in advice_for(Use.OFFICE, [Carrier.GAS])]
    ['gas-setback']
    >>> [advice.id for advice in advice_for(Use.CARE_HOME, [Carrier.GAS])]
    ['gas-comfort']
    """
    duty = use in COMFORT_DUTY
    for carrier in carriers:
        fitting = (
            a for a in ADVICE if a.carrier is carrier and not (duty and a.cools_rooms) and a.comfort_only <= duty
        )
        yield from list(fitting)[:1]
