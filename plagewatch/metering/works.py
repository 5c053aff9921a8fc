"""Works on a building that may change what it uses."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Works:
    """What was done, and the local day on which it ended: from the next day on the building uses what it does now.

    what: in words a technician knows: `new boiler`. who, at_ms: who entered it, and when; source: from where.
    """

    building: str
    ended_on: date
    what: str
    source: str = ""
    who: str = ""
    at_ms: int = 0
