"""The evidence of a ticket, drawn."""

import numpy as np

from plagewatch.charts import Size
from plagewatch.metering.meters import Carrier, Kind, Meter
from plagewatch.metering.readings import Samples
from plagewatch.ticket_chart import ticket_chart
from plagewatch.tickets.findings import Skill, Urgency
from plagewatch.tickets.states import State, Ticket

NOW_S, HOUR_S = 1_795_150_800, 3600


def test_a_room_is_drawn_by_what_its_thermometer_showed(series) -> None:
    room = Meter("room", "s", "Room 12", Carrier.INDOOR, Kind.GAUGE, "°C", 1800)
    at_s = np.arange(NOW_S - 10 * 24 * HOUR_S, NOW_S, 1800)
    series.write_samples([Samples("room", "temperature", (at_s * 1000).tolist(), [20.5] * len(at_s), "t", 0)])
    ticket = Ticket(1, "room", "cold_room", "cold_room", State.OPEN, Urgency.URGENT, Skill.HEATING,
                    NOW_S - 9 * HOUR_S, NOW_S - HOUR_S, NOW_S - 6 * HOUR_S, 3.0)  # fmt: skip
    drawn = ticket_chart(
        series, ticket, room, "Europe/Brussels", "en", size=Size.TABLET, form="svg", now_s=NOW_S
    ).decode()
    assert "°C" in drawn
    assert "per hour" not in drawn
    assert "Measured: 100% of the time" in drawn
