"""What a day is in Belgium: public holidays, bridge days, school holidays of both communities, and a building's own."""

from plagewatch.metering.calendars.belgium import bridge_days, public_holidays

__all__ = ["bridge_days", "public_holidays"]
