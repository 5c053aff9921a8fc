"""Who has which part of what, from which day on: meters to buildings, buildings to organisations, meters behind meters.

The shares of a date replace all older ones, so that what moved keeps its history and serves its old place no more.
Figures of buildings are counted with them when they are read: an edit marks no window, and leaves a line in the audit.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine

from plagewatch.metering.balance import check_link
from plagewatch.metering.meters import BuildingShare, Meter, Organisation, Share, SubMeter
from plagewatch.metering.refused import EditRefused, Refusal
from plagewatch.store.records import audit, registry
from plagewatch.store.records.life_cycle import By, Change, What, apply, editing
from plagewatch.tickets.texts import N_

__all__ = ["EditRefused", "Refusal", "ShareEditor", "checked"]

TOLERANCE = 1e-6
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def checked(subject: str, parts: Mapping[str, float]) -> None:
    """Raise EditRefused where parts are not all above 0, or do not sum to 1.

    >>> checked("m", {"a": 0.25, "b": 0.75})
    >>> checked("m", {"a": 0.25, "b": 0.7})
    Traceback (most recent call last):
    plagewatch.metering.refused.EditRefused: The shares of m sum to 0.95, not to 1.
    """
    for name, part in parts.items():
        if not 0 < part <= 1 + TOLERANCE:
            text = N_("The share of %(name)s in %(subject)s is %(part)s; it must be above 0 and at most 1.")
            raise EditRefused(Refusal.PART, text, name=name, subject=subject, part=part)
    total = math.fsum(parts.values())
    if abs(total - 1) > TOLERANCE:
        text = N_("The shares of %(subject)s sum to %(sum)s, not to 1.")
        raise EditRefused(Refusal.SUM, text, total, subject=subject, sum=total)


@dataclass(frozen=True, slots=True)
class ShareEditor:
    """Edits of shares. Each method tells whether anything changed; a name that is not in the registry raises."""

    engine: Engine
    by: By

    def share_meter(self, meter: str, valid_from: date, parts: Mapping[str, float]) -> bool:
        """The buildings that a meter serves from a local day on, and the part of each. Raises EditRefused."""
        checked(meter, parts)
        return self._of_meter(meter, valid_from, parts)

    def unshare_meter(self, meter: str, valid_from: date) -> bool:
        """Take back the shares of a date: those of the date before hold on."""
        return self._of_meter(meter, valid_from, {})

    def set_organisation(self, organisation: Organisation) -> bool:
        """A public body that uses buildings, over the one of the same id. Raises EditRefused."""
        organisation = Organisation(organisation.id, organisation.name.strip())
        if not _ID.fullmatch(organisation.id) or not organisation.name:
            text = N_("Give the organisation a name, and an id of letters, digits, dots and dashes.")
            raise EditRefused(Refusal.NAME, text)
        with editing(self.engine) as connection:
            old = registry.entries(connection, Organisation, id=organisation.id)
            if old == [organisation]:
                return False
            # Over the old one, not in its place as `apply` does: shares point to it.
            registry.put(connection, organisation)
            before = old[0] if old else None
            by, what = self.by, What.ORGANISATION_SET
            audit.line(connection, by.at_ms, by.who, what, organisation.id, before, organisation)
            return True

    def share_building(self, building: str, valid_from: date, parts: Mapping[str, float]) -> bool:
        """The organisations that use a building from a local day on, and the part of each. Raises EditRefused."""
        checked(building, parts)
        return self._of_building(building, valid_from, parts)

    def unshare_building(self, building: str, valid_from: date) -> bool:
        """Take back the shares of a date: those of the date before hold on."""
        return self._of_building(building, valid_from, {})

    def set_sub_meter(self, sub: SubMeter) -> bool:
        """A meter behind another one, over the link of the same two and day. Raises EditRefused."""
        with editing(self.engine) as connection:
            known = registry.entries(connection, SubMeter)
            check_link(known, sub, {meter.id: meter for meter in registry.entries(connection, Meter)})
            old = [one for one in known if _key(one) == _key(sub)]
            return apply(connection, self.by, Change(What.SUB_METER_SET, sub.head, old, [sub]))

    def remove_sub_meter(self, sub: SubMeter) -> bool:
        """Take back that a meter stands behind another one from a day on."""
        with editing(self.engine) as connection:
            old = [one for one in registry.entries(connection, SubMeter, head=sub.head) if _key(one) == _key(sub)]
            return apply(connection, self.by, Change(What.SUB_METER_REMOVED, sub.head, old, []))

    def _of_meter(self, meter: str, valid_from: date, parts: Mapping[str, float]) -> bool:
        with editing(self.engine) as connection:
            old = registry.entries(connection, Share, meter=meter, valid_from=valid_from)
            new = [Share(meter, building, part, valid_from) for building, part in parts.items()]
            return apply(connection, self.by, Change(_what(new), meter, old, new))

    def _of_building(self, building: str, valid_from: date, parts: Mapping[str, float]) -> bool:
        with editing(self.engine) as connection:
            old = registry.entries(connection, BuildingShare, building=building, valid_from=valid_from)
            new = [BuildingShare(building, organisation, part, valid_from) for organisation, part in parts.items()]
            return apply(connection, self.by, Change(_what(new), building, old, new))


def _what(new: Sequence[object]) -> What:
    return What.SHARES_SET if new else What.SHARES_REMOVED


def _key(sub: SubMeter) -> tuple[str, str, date]:
    return sub.head, sub.sub, sub.valid_from
