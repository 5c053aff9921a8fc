"""Words of the school calendars."""

from enum import StrEnum


class Community(StrEnum):
    """Whose schools: the communities set their holidays apart from each other."""

    FLEMISH = "flemish"
    FRENCH = "french"  # Federation Wallonia-Brussels


class Break(StrEnum):
    """Why there is no school."""

    AUTUMN = "autumn"
    CHRISTMAS = "christmas"
    CARNIVAL = "carnival"
    EASTER = "easter"
    SUMMER = "summer"
    DAY = "day"  # a single day
