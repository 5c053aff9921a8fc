"""A packet that cannot be brought into the stores though they are well: what is told of it, and what is kept."""

from collections.abc import Iterator

from collector.planning import Known, Plan
from collector.quarantining import refused
from collector.spool import SpoolError
from collector.spool_newest import Spooled
from plagewatch.metering.readings import Reason
from plagewatch.store.engine import Engine
from plagewatch.store.records.quarantine import Quarantined
from plagewatch.store.series.protocol import SeriesError
from plagewatch.store.wellness import check_writes, is_of_database

MAX_TOLD = 200
_NOT_OF_A_PACKET = (SpoolError, OSError, MemoryError)


def raise_if_stores(error: Exception, engine: Engine) -> None:
    """Raise an error again that is the trouble of the spool, of the machine or of the records, and of no packet."""
    if isinstance(error, _NOT_OF_A_PACKET) or is_of_database(error):
        raise error
    try:
        check_writes(engine)
    except Exception:
        raise error from None  # the records have a trouble of their own: it is told, and all is done again


def told(error: Exception) -> str:
    r"""An error as quarantine can always hold it: its type and the beginning of its text, in ASCII.

    >>> told(ValueError("caf\u00e9 \x00"))
    'ValueError: caf\\xe9 \\x00'
    """
    cause = getattr(error, "orig", None) or error  # without the statement and all its values
    try:
        text = ascii(str(cause)[:MAX_TOLD])[1:-1]
    except Exception:  # what its text is made of may be the very value that cannot be written
        text = ""
    return f"{type(cause).__name__}: {text}"[:MAX_TOLD]


def attempts(spooled: Spooled, error: Exception, made: Plan, known: Known) -> Iterator[Plan]:
    """What may be kept instead of all that a packet said, the most first.

    made: what is in the series store already: its windows are needed whatever else fails.
    """
    why = f"the series store refuses it: {error}" if isinstance(error, SeriesError) else told(error)
    for blocks in (made.blocks, []) if made.blocks else ([],):
        for item in [*_whole(spooled, why, known), _nameless(spooled)]:
            yield Plan(blocks=blocks, quarantine=[item])


def _whole(spooled: Spooled, why: str, known: Known) -> list[Quarantined]:
    try:
        return [refused(spooled, why, known.routes)]
    except Exception:  # to tell the device its topic is read once more, which may be what fails
        return []


def _nameless(spooled: Spooled) -> Quarantined:
    why = "cannot be kept here; the spool has it"
    return Quarantined(spooled.packet.received_ms, "mqtt:", "", Reason.MALFORMED, why, b"", spooled.id)
