import pytest

from plagewatch.mail import MailError, message_of
from plagewatch.metering.meters import Building, Carrier, Person, Role, Share, Use
from plagewatch.store.engine import Engine
from plagewatch.store.records import outbox, registry, tickets
from plagewatch.store.records.outbox import OutboxItem
from plagewatch.store.series.sqlite import SqliteSeries
from plagewatch.tickets.findings import Finding, Skill, Urgency
from plagewatch.tickets.routing import recipients
from plagewatch.tickets.states import State
from rules import dispatch
from tests.rules.conftest import AddMeter
from tests.rules.invented import DAY_S, HOUR_S, START_S, household_water

NOW_S = START_S + 30 * DAY_S
URL = "https://plagewatch.cpas-ocmw.example"
ANNA = Person("anna", "Anna", "anna@cpas-ocmw.example", Role.TECHNICIAN, "nl", (), ("north",), ("plumbing",))
BRUNO = Person("bruno", "Bruno", "bruno@cpas-ocmw.example", Role.TECHNICIAN, "fr", (), ("centre",), ())
CELL = Person("cell", "Cel", "cell@cpas-ocmw.example", Role.ENERGY_CELL, "en")
MANAGER = Person("mia", "Mia", "mia@cpas-ocmw.example", Role.FACILITY_MANAGER)


def named(persons: list[Person]) -> list[str]:
    return [person.id for person in persons]


@pytest.mark.parametrize(
    ("reason", "persons", "zone", "skill", "expected"),
    [
        ("her zone and her trade", [ANNA, BRUNO, CELL], "north", Skill.PLUMBING, ["anna"]),
        ("his zone, and he does everything", [ANNA, BRUNO, CELL], "centre", Skill.HEATING, ["bruno"]),
        ("nobody of that trade there: all technicians", [ANNA, BRUNO], "north", Skill.HEATING, ["anna", "bruno"]),
        ("a site without a zone: all technicians", [ANNA, BRUNO, CELL], "", Skill.PLUMBING, ["anna", "bruno"]),
        ("no technician at all: the energy cell", [CELL, MANAGER], "north", Skill.PLUMBING, ["cell"]),
        ("nobody to tell", [MANAGER], "north", Skill.PLUMBING, []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_who_is_told(reason: str, persons: list[Person], zone: str, skill: Skill, expected: list[str]) -> None:
    assert named(recipients(persons, zone, [], skill)) == expected, reason


def test_a_technician_of_some_buildings_gets_no_ticket_of_others() -> None:
    one = Person("one", "One", "one@cpas-ocmw.example", Role.TECHNICIAN, buildings=("linde",))
    other = Person("other", "Other", "other@cpas-ocmw.example", Role.TECHNICIAN, buildings=("eik",))
    assert named(recipients([one, other], "north", ["linde"], Skill.HEATING)) == ["one"]


@pytest.fixture
def leak(engine: Engine, series: SqliteSeries, add_meter: AddMeter) -> int:
    """An open leak of the water meter of De Linde."""
    add_meter("linde.water", Carrier.WATER, household_water(30), "m3")
    registry.save(engine, [Building("linde", "linde", "De Linde"), Share("linde.water", "linde", 1.0)])
    registry.save(engine, [ANNA, BRUNO, CELL])
    begin_s = NOW_S - 3 * DAY_S
    numbers = {"nights": 3.0, "night_l_per_h": 180.0, "usual_l_per_h": 0.0, "extra_m3_per_year": 1577.0}
    finding = Finding("night_water", "linde.water", "water_at_night", begin_s, NOW_S - HOUR_S, NOW_S, 2.0, numbers)
    return tickets.open_ticket(engine, finding, Urgency.URGENT, Skill.PLUMBING)


def test_a_new_ticket_is_told_once(engine: Engine, leak: int) -> None:
    assert dispatch.enqueue(engine, NOW_S) == 1
    assert dispatch.enqueue(engine, NOW_S + HOUR_S) == 0
    (item,) = outbox.due(engine, NOW_S)
    assert (item.kind, item.subject_key, item.person) == ("ticket", f"ticket:{leak}", "anna")


def test_a_ticket_that_somebody_has_taken_is_not_told(engine: Engine, leak: int) -> None:
    tickets.move(engine, leak, State.OPEN, State.ACKNOWLEDGED, who="anna", at_s=NOW_S)
    assert dispatch.enqueue(engine, NOW_S) == 0


def test_openings_are_read_at_once(engine: Engine, leak: int) -> None:
    tickets.move(engine, leak, State.OPEN, State.RESOLVED, who="anna", at_s=NOW_S)
    assert tickets.openings(engine) == {}
    tickets.move(engine, leak, State.RESOLVED, State.OPEN, who="meter", at_s=NOW_S)
    assert tickets.openings(engine) == {leak: 2}


def test_a_reopened_ticket_is_told_again(engine: Engine, leak: int) -> None:
    dispatch.enqueue(engine, NOW_S)
    tickets.move(engine, leak, State.OPEN, State.RESOLVED, who="anna", at_s=NOW_S)
    tickets.move(engine, leak, State.RESOLVED, State.OPEN, who="meter", at_s=NOW_S)
    assert dispatch.enqueue(engine, NOW_S) == 1


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ("anna", ["Er loopt ’s nachts water", "1.577 m³", "Eerst nakijken:", "spoelbak"]),
        ("bruno", ["De l’eau coule la nuit", "1\u202f577 m³", "À vérifier d’abord\u00a0:", "chasse d’eau"]),
        ("cell", ["Water runs at night", "1,577 m³", "Check first:", "cistern"]),
    ],
)
def test_the_mail_says_it_in_the_persons_language(
    engine: Engine, series: SqliteSeries, leak: int, person: str, words: list[str]
) -> None:
    item = OutboxItem(1, "ticket", f"ticket:{leak}", person, NOW_S, 0)
    mail = dispatch.ticket_mail(engine, series, URL, item)
    assert mail.subject == f"{words[0]} – De Linde"
    assert "577\u00a0m³" in mail.html  # the number and its unit stay on one line
    html = mail.html.replace("&#39;", "'").replace("577\u00a0m³", "577 m³")
    for phrase in [*words, f"{URL}/tickets/{leak}"]:
        assert phrase in mail.text
        assert phrase in html
    assert mail.images["chart"].startswith(b"\x89PNG")
    assert message_of(mail, "plagewatch@cpas-ocmw.example")["To"] == f"{person}@cpas-ocmw.example"


def test_a_name_with_html_in_it_stays_text(engine: Engine, series: SqliteSeries, leak: int) -> None:
    site = next(iter(registry.sites(engine)))
    registry.save(engine, [type(site)(site.id, "<b>Linde & Co</b>", site.zone)])
    mail = dispatch.ticket_mail(engine, series, URL, OutboxItem(1, "ticket", f"ticket:{leak}", "anna", NOW_S, 0))
    assert "&lt;b&gt;Linde &amp; Co&lt;/b&gt;" in mail.html
    assert "<b>Linde & Co</b>" in mail.text


def test_an_address_that_ends_in_a_slash_makes_no_double_one(engine: Engine, series: SqliteSeries, leak: int) -> None:
    mail = dispatch.ticket_mail(engine, series, f"{URL}/", OutboxItem(1, "ticket", f"ticket:{leak}", "anna", NOW_S, 0))
    assert f"{URL}/tickets/{leak}" in mail.text


def test_a_mail_about_a_ticket_that_is_gone_is_refused(engine: Engine, series: SqliteSeries, leak: int) -> None:
    with pytest.raises(MailError, match="ticket:99"):
        dispatch.ticket_mail(engine, series, URL, OutboxItem(1, "ticket", "ticket:99", "anna", NOW_S, 0))


@pytest.mark.parametrize(("use", "reminded"), [(Use.CARE_HOME, True), (Use.OFFICE, False)])
def test_where_people_are_cared_for_a_mail_of_heating_asks_for_warmth(
    engine: Engine, series: SqliteSeries, leak: int, use: Use, reminded: bool
) -> None:
    registry.save(engine, [Building("linde", "linde", "De Linde", use)])
    finding = Finding("heat_at_night", "linde.water", "heat_at_night", NOW_S - DAY_S, NOW_S - HOUR_S, NOW_S, 2.0, {})
    number = tickets.open_ticket(engine, finding, Urgency.SOON, Skill.HEATING)
    for ticket, expected in ((number, reminded), (leak, False)):
        mail = dispatch.ticket_mail(engine, series, URL, OutboxItem(1, "ticket", f"ticket:{ticket}", "bruno", NOW_S, 0))
        assert ("22 °C" in mail.text) is expected
        assert ("22 °C" in mail.html) is expected
