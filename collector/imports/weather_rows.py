"""What rows of weather have in common: whose site they are of, and when."""

from collections.abc import Callable, Collection, Sequence

from collector.decoders.door import shown
from collector.imports.cells import meant
from collector.imports.refusals import RowRefused
from collector.imports.sheets import sheet_of
from collector.imports.stamps import DateOrder, has_zone, local_stamp, zoned_stamp
from collector.imports.work import Import, Order
from plagewatch.metering.readings import Reason


def read_rows(work: Import, take: Callable[[int, Sequence[str]], None]) -> None:
    """Give each row of the file to somebody, with its line; the rows that are refused are kept as such."""
    for line, row in work.rows(sheet_of(work.path), "."):
        try:
            take(line, row)
        except RowRefused as refused:
            work.refuse(line, row, refused)


def site_for(said: str, order: Order, sites: Collection[str]) -> str:
    """The site that a row means by its site or station. Raises RowRefused."""
    site = order.sites.get(said, order.sites.get("", said))
    if site not in sites:
        detail = f"there is no site {shown(site) or 'named'}: say which with --site {shown(said) or ''}=SITE"
        raise RowRefused(Reason.UNKNOWN_DEVICE, "site", detail.replace(" =SITE", " SITE"), said)
    return site


def utc_s(text: str, column: str, device: str, now_ms: int) -> int:
    """An instant, UTC where it names no zone [s since 1970]. Raises RowRefused."""
    try:
        if has_zone(text):
            at_s = zoned_stamp(text, DateOrder.YMD).timestamp()
        else:
            at_s = (local_stamp(text, DateOrder.YMD) - local_stamp("1970-01-01", DateOrder.YMD)).total_seconds()
    except ValueError:
        detail = f"{shown(text)} is no instant like 2026-01-01T00:00:00Z"
        raise RowRefused(Reason.MALFORMED, column, detail, device) from None
    return meant(round(at_s * 1000), text, column, now_ms, device) // 1000
