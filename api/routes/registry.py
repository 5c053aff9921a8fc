"""Sites and meters for programs."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.answers import BuildingAnswer, MeterAnswer, ShareAnswer, SiteAnswer, utc
from api.context import Context
from api.registry import read
from plagewatch.metering.meters import Carrier
from plagewatch.store.records.withdrawals import counting

router = APIRouter(prefix="/api/v1", tags=["registry"])


@router.get("/sites", summary="All sites with their buildings")
def sites(context: Context) -> list[SiteAnswer]:
    """Sites by name; a weather station is a site without buildings."""
    registry = read(context.engine, context.now_s())
    standing: dict[str, list[BuildingAnswer]] = {}
    for b in registry.buildings.values():
        told = BuildingAnswer(id=b.id, name=b.name, use=b.use, floor_area_m2=b.floor_area_m2)
        standing.setdefault(b.site, []).append(told)
    return [
        SiteAnswer(
            id=site.id,
            name=site.name,
            zone=site.zone,
            timezone=site.timezone,
            latitude=site.latitude,
            longitude=site.longitude,
            buildings=standing.get(site.id, []),
        )
        for site in registry.sites.values()
    ]


@router.get("/meters", summary="All meters, what they count and whom they serve")
def meters(
    context: Context,
    site: Annotated[str | None, Query(description="Only meters of this site")] = None,
    carrier: Annotated[Carrier | None, Query(description="Only meters of this carrier")] = None,
) -> list[MeterAnswer]:
    """Meters by id."""
    registry = read(context.engine, context.now_s())
    newest_ms = counting(context.engine, context.series).latest_sample_ms()
    return [
        MeterAnswer(
            id=meter.id,
            site=meter.site,
            name=meter.name,
            carrier=meter.carrier,
            kind=meter.kind,
            unit=meter.unit,
            interval_s=meter.interval_s,
            ean=meter.ean,
            installation=meter.installation,
            shares=[
                ShareAnswer(building=share.building, share=share.share, valid_from=share.valid_from)
                for share in registry.shares_of(meter.id)
            ],
            newest_data_at=utc(newest_ms[meter.id] / 1000) if meter.id in newest_ms else None,
        )
        for meter in registry.meters.values()
        if site in (None, meter.site) and carrier in (None, meter.carrier)
    ]
