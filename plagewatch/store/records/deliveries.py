"""Fuel deliveries as people and files enter them: each with its line in the audit and the days it changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine

from plagewatch.metering.deliveries import changed_stretches, check_delivery
from plagewatch.metering.local_time import local_day
from plagewatch.metering.meters import Delivery, Meter, Site
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import registry
from plagewatch.store.records.life_cycle import By, Change, What, apply, editing
from plagewatch.store.records.work import DirtyWindow
from plagewatch.tickets.texts import N_

Key = tuple[date, str]
"""The day of a delivery and the number of its document."""


@dataclass(frozen=True, slots=True)
class DeliveryEditor:
    """Edits of deliveries. Each method tells whether anything changed, and raises EditRefused."""

    engine: Engine
    by: By

    def enter(self, delivery: Delivery, instead_of: Key | None = None) -> bool:
        """A delivery that came, or what is true of one that was entered otherwise.

        Two of one day are told apart by their documents: one that is there already is only changed where it is named.
        """
        delivery = replace(delivery, document=delivery.document.strip(), note=delivery.note.strip())
        with editing(self.engine) as connection:
            meter, tz = _meter(connection, delivery.meter)
            check_delivery(meter, delivery, local_day(self.by.at_ms // 1000, tz))
            before = registry.entries(connection, Delivery, meter=meter.id)
            old = [one for one in before if _key(one) == instead_of]
            if instead_of is not None and not old:
                raise _nothing(*instead_of)
            same = next((one for one in before if _key(one) == _key(delivery)), None)
            if same == delivery and not old:
                return False
            if same is not None and same not in old:
                text = N_(
                    "There is a delivery of %(day)s with that document already. Change that one, or give each its own "
                    "document number."
                )
                raise EditRefused(Refusal.NAME, text, day=delivery.delivered_on)
            what = What.DELIVERY_CHANGED if old else What.DELIVERY_ENTERED
            after = [one for one in before if one not in old] + [delivery]
            return apply(
                connection, self.by, Change(what, meter.id, old, [delivery], _windows(meter, before, after, tz))
            )

    def remove(self, meter_id: str, delivered_on: date, document: str = "") -> bool:
        """Take a delivery back: the days it told are told by the one after it, or by none."""
        with editing(self.engine) as connection:
            meter, tz = _meter(connection, meter_id)
            before = registry.entries(connection, Delivery, meter=meter_id)
            old = [one for one in before if _key(one) == (delivered_on, document)]
            if not old:
                raise _nothing(delivered_on, document)
            after = [one for one in before if one not in old]
            windows = _windows(meter, before, after, tz)
            return apply(connection, self.by, Change(What.DELIVERY_REMOVED, meter_id, old, [], windows))


def _key(delivery: Delivery) -> Key:
    return delivery.delivered_on, delivery.document


def _nothing(day: date, document: str) -> EditRefused:
    text = N_("There is no delivery of %(day)s with the document “%(document)s”.")
    return EditRefused(Refusal.UNKNOWN, text, day=day, document=document)


def _meter(connection: Connection, meter_id: str) -> tuple[Meter, str]:
    found = registry.entries(connection, Meter, id=meter_id)
    if not found:
        raise EditRefused(Refusal.UNKNOWN, N_("There is no meter “%(meter)s”."), meter=meter_id)
    (site,) = registry.entries(connection, Site, id=found[0].site)
    return found[0], site.timezone


def _windows(meter: Meter, before: Sequence[Delivery], after: Sequence[Delivery], tz: str) -> list[DirtyWindow]:
    stretches = changed_stretches(meter.carrier, before, after, tz)
    return [DirtyWindow(meter.id, first_s * 1000, after_s * 1000 - 1) for first_s, after_s in stretches]
