"""Which buildings a meter serves, and which organisations a building, from which day on: for programs."""

from collections.abc import Iterable
from datetime import date

from fastapi import APIRouter

from api.context import Context
from api.entries import REFUSALS, Who, by, told_as_problem
from api.life_cycle_answers import DatedShares, SharesWanted
from api.registry import read
from api.sharing import by_date, require_known
from plagewatch.metering.meters import BuildingShare, Share
from plagewatch.store.records import registry as records
from plagewatch.store.records.sharing import ShareEditor

router = APIRouter(prefix="/api/v1", tags=["life-cycle"])
METER, BUILDING = "/meters/{meter_id}/shares", "/buildings/{building_id}/shares"


@router.get(METER, summary="Buildings that a meter serves", responses=REFUSALS)
def meter_shares(context: Context, meter_id: str) -> list[DatedShares]:
    """Oldest first; the shares of a date replace all before."""
    read(context.engine, context.now_s()).meter(meter_id)
    return _answers(one for one in records.shares(context.engine) if one.meter == meter_id)


@router.post(METER, summary="Say which buildings a meter serves", responses=REFUSALS)
def share_meter(context: Context, meter_id: str, wanted: SharesWanted) -> list[DatedShares]:
    """A meter or building that moves on a day keeps its history: what was before that day stays."""
    registry = read(context.engine, context.now_s())
    registry.meter(meter_id)
    with told_as_problem():
        require_known(wanted.shares, registry.buildings)
        editor = ShareEditor(context.engine, by(context, wanted.who))
        editor.share_meter(meter_id, wanted.valid_from, wanted.shares)
    return meter_shares(context, meter_id)


@router.delete(METER, summary="Take the shares of a date back", responses=REFUSALS)
def unshare_meter(context: Context, meter_id: str, valid_from: date, who: Who) -> list[DatedShares]:
    """Those of the date before hold on."""
    read(context.engine, context.now_s()).meter(meter_id)
    with told_as_problem("query"):
        ShareEditor(context.engine, by(context, who)).unshare_meter(meter_id, valid_from)
    return meter_shares(context, meter_id)


@router.get(BUILDING, summary="Organisations in a building", responses=REFUSALS)
def building_shares(context: Context, building_id: str) -> list[DatedShares]:
    """Oldest first; the shares of a date replace all before."""
    read(context.engine, context.now_s()).building(building_id)
    return _answers(one for one in records.building_shares(context.engine) if one.building == building_id)


@router.post(BUILDING, summary="Say who uses a building", responses=REFUSALS)
def share_building(context: Context, building_id: str, wanted: SharesWanted) -> list[DatedShares]:
    """What was before that day stays."""
    read(context.engine, context.now_s()).building(building_id)
    with told_as_problem():
        require_known(wanted.shares, {one.id: one for one in records.organisations(context.engine)})
        editor = ShareEditor(context.engine, by(context, wanted.who))
        editor.share_building(building_id, wanted.valid_from, wanted.shares)
    return building_shares(context, building_id)


@router.delete(BUILDING, summary="Take shares of a date back", responses=REFUSALS)
def unshare_building(context: Context, building_id: str, valid_from: date, who: Who) -> list[DatedShares]:
    """Those of the date before hold on."""
    read(context.engine, context.now_s()).building(building_id)
    with told_as_problem("query"):
        ShareEditor(context.engine, by(context, who)).unshare_building(building_id, valid_from)
    return building_shares(context, building_id)


def _answers(shares: Iterable[Share] | Iterable[BuildingShare]) -> list[DatedShares]:
    return [DatedShares(valid_from=day, shares=dict(parts)) for day, parts in by_date(shares)]
