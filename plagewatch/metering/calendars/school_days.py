"""Days without school as the communities decide them: facts, kept by hand; see `schools` for what reads it.

Flemish Community, school years 2019/20 to 2027/28: worked out from the rules of its own decisions, of 17 April 1991 for
primary and of 31 August 2001 for secondary schools (article 7); a test works them out again.

Wallonia-Brussels Federation: each year by a decision of its government (in the Moniteur belge), from 2022 on
within the decree of 31 March 2022, which is now article 1.9.1-1 of its code of education: school begins on the
last Monday of August (the one before where that is the 30th or 31st), ends on the first Friday of July, and Shrove
Tuesday is a day off wherever it falls. The source of each year stands beside its rows. Of years whose decision or
publication was not read nothing is here.

What the pandemic added (autumn 2020, Christmas 2021) is not here. Weekends beside a holiday are part of it; public
holidays alone in a week are not here. When a year is published, add its rows with their source and move `KNOWN`.
"""

from plagewatch.metering.calendars.break_words import Break, Community

FLEMISH, FRENCH = Community.FLEMISH, Community.FRENCH

KNOWN: dict[Community, tuple[str, str]] = {
    FLEMISH: ("2019-09-01", "2028-08-31"),
    FRENCH: ("2020-09-01", "2027-07-02"),
}
"""First and last day of which is known whether there is school."""

BREAKS: dict[Community, tuple[tuple[str, str, Break], ...]] = {
    FLEMISH: (
        ("2019-10-28", "2019-11-03", Break.AUTUMN),
        ("2019-12-23", "2020-01-05", Break.CHRISTMAS),
        ("2020-02-24", "2020-03-01", Break.CARNIVAL),
        ("2020-04-06", "2020-04-19", Break.EASTER),
        ("2020-05-22", "2020-05-22", Break.DAY),  # the day after Ascension; so on for each year
        ("2020-07-01", "2020-08-31", Break.SUMMER),
        ("2020-11-02", "2020-11-08", Break.AUTUMN),
        ("2020-12-21", "2021-01-03", Break.CHRISTMAS),
        ("2021-02-15", "2021-02-21", Break.CARNIVAL),
        ("2021-04-05", "2021-04-18", Break.EASTER),
        ("2021-05-14", "2021-05-14", Break.DAY),
        ("2021-07-01", "2021-08-31", Break.SUMMER),
        ("2021-11-01", "2021-11-07", Break.AUTUMN),
        ("2021-12-27", "2022-01-09", Break.CHRISTMAS),
        ("2022-02-28", "2022-03-06", Break.CARNIVAL),
        ("2022-04-04", "2022-04-18", Break.EASTER),
        ("2022-05-27", "2022-05-27", Break.DAY),
        ("2022-07-01", "2022-08-31", Break.SUMMER),
        ("2022-10-31", "2022-11-06", Break.AUTUMN),
        ("2022-12-26", "2023-01-08", Break.CHRISTMAS),
        ("2023-02-20", "2023-02-26", Break.CARNIVAL),
        ("2023-04-03", "2023-04-16", Break.EASTER),
        ("2023-05-19", "2023-05-19", Break.DAY),
        ("2023-07-01", "2023-08-31", Break.SUMMER),
        ("2023-10-30", "2023-11-05", Break.AUTUMN),
        ("2023-12-25", "2024-01-07", Break.CHRISTMAS),
        ("2024-02-12", "2024-02-18", Break.CARNIVAL),
        ("2024-04-01", "2024-04-14", Break.EASTER),
        ("2024-05-10", "2024-05-10", Break.DAY),
        ("2024-07-01", "2024-08-31", Break.SUMMER),
        ("2024-10-28", "2024-11-03", Break.AUTUMN),
        ("2024-12-23", "2025-01-05", Break.CHRISTMAS),
        ("2025-03-03", "2025-03-09", Break.CARNIVAL),
        ("2025-04-07", "2025-04-21", Break.EASTER),
        ("2025-05-30", "2025-05-30", Break.DAY),
        ("2025-07-01", "2025-08-31", Break.SUMMER),
        ("2025-10-27", "2025-11-02", Break.AUTUMN),
        ("2025-12-22", "2026-01-04", Break.CHRISTMAS),
        ("2026-02-16", "2026-02-22", Break.CARNIVAL),
        ("2026-04-06", "2026-04-19", Break.EASTER),
        ("2026-05-15", "2026-05-15", Break.DAY),
        ("2026-07-01", "2026-08-31", Break.SUMMER),
        ("2026-11-02", "2026-11-08", Break.AUTUMN),
        ("2026-12-21", "2027-01-03", Break.CHRISTMAS),
        ("2027-02-08", "2027-02-14", Break.CARNIVAL),
        ("2027-03-29", "2027-04-11", Break.EASTER),
        ("2027-05-07", "2027-05-07", Break.DAY),
        ("2027-07-01", "2027-08-31", Break.SUMMER),
        ("2027-11-01", "2027-11-07", Break.AUTUMN),
        ("2027-12-27", "2028-01-09", Break.CHRISTMAS),
        ("2028-02-28", "2028-03-05", Break.CARNIVAL),
        ("2028-04-03", "2028-04-17", Break.EASTER),
        ("2028-05-26", "2028-05-26", Break.DAY),
        ("2028-07-01", "2028-08-31", Break.SUMMER),
    ),
    FRENCH: (
        # 2020/21: as schools told it with its circulars, 30 April and 14 May among them
        ("2020-09-27", "2020-09-27", Break.DAY),  # feast of the French Community; so on for each year
        ("2020-11-02", "2020-11-08", Break.AUTUMN),
        ("2020-12-21", "2021-01-03", Break.CHRISTMAS),
        ("2021-02-15", "2021-02-21", Break.CARNIVAL),
        ("2021-04-05", "2021-04-18", Break.EASTER),
        ("2021-04-30", "2021-04-30", Break.DAY),  # instead of 1 May, a Saturday
        ("2021-05-14", "2021-05-14", Break.DAY),  # the day after Ascension
        ("2021-07-01", "2021-08-31", Break.SUMMER),
        # 2021/22: decision of 12 May 2021 (Moniteur 2021041561, schools of art, the same weeks)
        ("2021-09-27", "2021-09-27", Break.DAY),
        ("2021-11-01", "2021-11-07", Break.AUTUMN),
        ("2021-12-27", "2022-01-09", Break.CHRISTMAS),
        ("2022-02-28", "2022-03-06", Break.CARNIVAL),
        ("2022-04-04", "2022-04-17", Break.EASTER),
        ("2022-07-01", "2022-08-28", Break.SUMMER),
        # 2022/23: as voted with the decree in March 2022 and told by schools and newspapers
        ("2022-09-27", "2022-09-27", Break.DAY),
        ("2022-10-24", "2022-11-06", Break.AUTUMN),
        ("2022-12-26", "2023-01-08", Break.CHRISTMAS),
        ("2023-02-20", "2023-03-05", Break.CARNIVAL),
        ("2023-05-01", "2023-05-14", Break.EASTER),
        ("2023-07-08", "2023-08-27", Break.SUMMER),
        # 2023/24: as municipal schools and the Ligue de l'enseignement published it
        ("2023-09-27", "2023-09-27", Break.DAY),
        ("2023-10-23", "2023-11-05", Break.AUTUMN),
        ("2023-12-25", "2024-01-07", Break.CHRISTMAS),
        ("2024-02-13", "2024-02-13", Break.DAY),  # Shrove Tuesday
        ("2024-02-26", "2024-03-10", Break.CARNIVAL),
        ("2024-04-29", "2024-05-12", Break.EASTER),
        ("2024-07-06", "2024-08-25", Break.SUMMER),
        # 2024/25: decided in April 2023 (Belga, 20 April 2023)
        ("2024-09-27", "2024-09-27", Break.DAY),
        ("2024-10-21", "2024-11-03", Break.AUTUMN),
        ("2024-12-23", "2025-01-05", Break.CHRISTMAS),
        ("2025-02-24", "2025-03-09", Break.CARNIVAL),
        ("2025-04-28", "2025-05-11", Break.EASTER),
        ("2025-07-05", "2025-08-24", Break.SUMMER),
        # 2025/26: decision of 28 February 2025 (Moniteur of 12 March 2025, 2025001959), as schools print it
        ("2025-09-27", "2025-09-27", Break.DAY),
        ("2025-10-20", "2025-11-02", Break.AUTUMN),
        ("2025-12-22", "2026-01-04", Break.CHRISTMAS),
        ("2026-02-16", "2026-03-01", Break.CARNIVAL),
        ("2026-04-27", "2026-05-10", Break.EASTER),
        ("2026-07-04", "2026-08-23", Break.SUMMER),
        # 2026/27: the calendar of the government, 24 August to 2 July, as reprinted; Shrove Tuesday by the decree
        ("2026-09-27", "2026-09-27", Break.DAY),
        ("2026-10-19", "2026-11-01", Break.AUTUMN),
        ("2026-12-21", "2027-01-03", Break.CHRISTMAS),
        ("2027-02-09", "2027-02-09", Break.DAY),  # Shrove Tuesday
        ("2027-02-22", "2027-03-07", Break.CARNIVAL),
        ("2027-04-26", "2027-05-09", Break.EASTER),
    ),
}
"""First and last day, both included, by date. Easter: the break of spring, whether Easter is in it or not."""
