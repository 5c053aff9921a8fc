"""Names in the series store: what the store writes and the boards ask for. One place, so that they cannot drift."""

EVIDENCE_BUCKET = "evidence"
ENERGY_BUCKET = "energy"

SAMPLE = "sample"
QUARTER = "quarter"
HOUR = "hour"
DAY = "day"
MONTH = "month"
WEATHER = "weather"
SOURCED_WEATHER = "sourced_weather"  # what one source told of a site; `weather` is what is measured at the site
PLAGE = "plage"

TAG_METER = "meter"
TAG_FLOW = "flow"
TAG_CARRIER = "carrier"
TAG_REGISTER = "register"
TAG_SITE = "site"
TAG_SOURCE = "source"  # whose hours of weather
TAG_STATION = "station"  # the code of the station at that source, `-` where it goes by coordinates
TAG_ORGANISATION = "organisation"
TAG_QUALITY = "quality"  # of a sample that no device read: `manual`, `estimated`; a measured one has none
TAG_TOLD_BY = "told_by"  # the source of a sample that came over MQTT; others name theirs in the field `source`

KNOWN = "known"
"""1 where the point says something, 0 where a figure became unknown: InfluxDB merges fields and cannot hold NaN."""


def known_field(field: str) -> str:
    """The field that says 1 or 0 for one field of a row with several (weather, plage): filter on it, field by field.

    >>> known_field("temp_c")
    'temp_c_known'
    """
    return f"{field}_{KNOWN}"


AMOUNT = "amount"
COVERAGE = "coverage"
INTERPOLATED = "interpolated"
SPREAD = "spread"
ESTIMATED = "estimated"
MANUAL = "manual"
INTERVAL_FIELDS = (AMOUNT, COVERAGE, INTERPOLATED, SPREAD, ESTIMATED, MANUAL)

TEMP_C = "temp_c"
GHI_WM2 = "ghi_wm2"
HUMIDITY_PCT = "humidity_pct"
WEATHER_FIELDS = (TEMP_C, GHI_WM2, HUMIDITY_PCT)

PLAGE_ACTUAL_KWH = "actual_kwh"
PLAGE_NORMALISED_KWH = "normalised_kwh"
PLAGE_TARGET_KWH = "target_kwh"
PLAGE_RESULT_TO_DATE_KWH = "result_to_date_kwh"
PLAGE_TARGET_TO_DATE_KWH = "target_to_date_kwh"
PLAGE_FORECAST_KWH = "forecast_kwh"
PLAGE_EXCESS_KWH = "excess_kwh"
PLAGE_FINE_EUR = "fine_eur"
PLAGE_FIELDS = (
    PLAGE_ACTUAL_KWH,
    PLAGE_NORMALISED_KWH,
    PLAGE_TARGET_KWH,
    PLAGE_RESULT_TO_DATE_KWH,
    PLAGE_TARGET_TO_DATE_KWH,
    PLAGE_FORECAST_KWH,
    PLAGE_EXCESS_KWH,
    PLAGE_FINE_EUR,
    COVERAGE,
)
