import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from digest.compose import compose
from digest.facts import PlageStatus, TicketWeek, WeekFacts
from digest.render import TicketWords, render, usual_week
from plagewatch.metering.meters import Carrier, Person
from plagewatch.plage.parameters import Refusal
from plagewatch.tickets.findings import Urgency
from tests.digest.weeks import Weeks

NAN = float("nan")
URL = "http://plagewatch.example"
Reader = Callable[[str], Person]


def plain(html: str) -> str:
    """What a reader of the HTML sees, in one line."""
    body = re.sub(r"<(style|title|head)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def busy(weeks: Weeks) -> WeekFacts:
    building = weeks.building(
        weeks.meter(Carrier.GAS, 2890, 2410), weeks.meter(Carrier.WATER, 310, 180), weeks.meter(Carrier.SOLAR, 40, 90)
    )
    tickets = TicketWeek((weeks.ticket(12, Urgency.URGENT, extra_m3_per_year=1576.8),), opened=1, verified=2)
    facts = weeks.facts(replace(building, outdoor_c=8.3, outdoor_before_c=5.2), tickets=tickets)
    return replace(facts, plage=PlageStatus("OCMW", 3_210_000.0, 3_300_500.0, 90_500.0, 5430.0, 0.983))


@pytest.mark.parametrize(
    ("language", "subject", "phrases"),
    [
        (
            "nl",
            "Week 46, De Linde: meer water (+72%)",
            [
                "9–15 nov 2026",
                "Samen kostten uw gebouwen ongeveer € 1.058 meer dan de week ervoor.",
                "2.890 m³",
                "100% bekend",
                "+20%",
                "+€ 408",
                "Buiten was het 3,1 °C warmer.",
                "title of 12 in nl",
                "water meter: leak",
                "sinds 9 november",
                "nog door niemand opgenomen",
                "ongeveer € 7.884 per jaar als er niets gebeurt",
                "Deze week kwam er 1 melding bij. 2 herstellingen werden door de meter bevestigd.",
                "De kamers blijven op 22 °C: de verwarming zelf gaat niet lager.",
                "OCMW komt 90.500 kWh boven de doelstelling uit",
                "Als dat zo blijft, bedraagt de boete ongeveer € 5.430.",
                "98% van het verbruik is gemeten.",
                "aanname sinds 1 januari 2022",
            ],
        ),
        (
            "fr",
            "Semaine 46, De Linde : plus d’eau (+72 %)",
            [
                "9–15 nov. 2026",
                "Ensemble, vos bâtiments ont coûté environ 1 058 € de plus que la semaine précédente.",
                "2 890 m³",
                "100 % connu",
                "+20 %",
                "Il faisait 3,1 °C de plus dehors.",
                "depuis le 9 novembre",
                "pas encore pris en charge",
                "environ 7 884 € par an si rien n’est fait",
                "1 signalement a été ouvert cette semaine. 2 réparations ont été confirmées par le compteur.",
                "Les chambres restent à 22 °C : on ne baisse pas le chauffage.",
                "OCMW dépasse l’objectif de 90 500 kWh",
                "hypothèse depuis le 1er janvier 2022",
            ],
        ),
        (
            "en",
            "Week 46: more water at De Linde (+72%)",
            [
                "2,890 m³",
                "100% known",
                "nobody has taken it yet",
                "It was 3.1 °C warmer outside.",
                "1 notice was opened",
            ],
        ),
    ],
)
def test_text_and_html_say_the_same_in_the_readers_language(
    busy: WeekFacts, reader: Reader, told: TicketWords, language: str, subject: str, phrases: list[str]
) -> None:
    mail = render(compose(busy, language), reader(language), URL, told)
    assert one_line(mail.subject) == subject
    for said in (one_line(mail.text), plain(mail.html)):
        for phrase in (subject, *phrases):
            assert phrase in said


@pytest.mark.parametrize("language", ["nl", "fr"])
def test_no_english_is_left(busy: WeekFacts, reader: Reader, told: TicketWords, language: str) -> None:
    english = {
        word for word in plain(render(compose(busy, "en"), reader("en"), URL, told).html).split() if len(word) > 4
    }
    other = set(plain(render(compose(busy, language), reader(language), URL, told).html).split())
    shared = {word for word in english & other if word.isalpha() and word.islower() and len(word) > 4}
    assert shared <= {"meter", "title", "water"}


def test_links_and_picture(busy: WeekFacts, reader: Reader, told: TicketWords) -> None:
    mail = render(compose(busy, "nl"), reader("nl"), URL, told)
    assert mail.to == "anna@cpas-ocmw.example"
    assert f'href="{URL}/tickets/12"' in mail.html
    assert f'href="{URL}/buildings/wzc-linde"' in mail.html
    assert f"{URL}/tickets/12" in mail.text
    assert '<img src="cid:chart" alt="De Linde: water, laatste vier weken, per dag"' in mail.html
    assert mail.images["chart"].startswith(b"\x89PNG")
    assert len(mail.images["chart"]) < 150_000


def test_the_html_needs_nothing_that_mail_clients_drop(busy: WeekFacts, reader: Reader, told: TicketWords) -> None:
    html = render(compose(busy, "fr"), reader("fr"), URL, told).html
    for dropped in ("<style", "<script", "<link", "class=", "display:flex", "display:grid", "background-image", "url("):
        assert dropped not in html
    assert set(re.findall(r'src="([^"]+)"', html)) == {"cid:chart"}
    assert html.lstrip().startswith("<!DOCTYPE html>")
    assert '<html lang="fr">' in html


def test_a_name_is_text_and_never_markup(weeks: Weeks, reader: Reader, told: TicketWords) -> None:
    building = weeks.building(weeks.meter(Carrier.WATER, 300, 100), name='<b onclick="x">{0}% & Zn</b>')
    mail = render(compose(weeks.facts(building), "nl"), reader("nl"), URL, told)
    assert "<b onclick" not in mail.html
    assert "{0}% & Zn" in mail.text


@pytest.mark.parametrize(
    ("language", "opening"),
    [
        ("nl", "Geen enkele meter van uw gebouwen gaf deze week gegevens."),
        ("fr", "Aucun compteur de vos bâtiments n’a donné de données cette semaine."),
    ],
)
def test_a_week_without_data_shows_no_figure(
    weeks: Weeks, reader: Reader, told: TicketWords, language: str, opening: str
) -> None:
    facts = weeks.facts(weeks.building(weeks.meter(Carrier.WATER, NAN, 80)))
    mail = render(compose(facts, language), reader(language), URL, told)
    for said in (one_line(mail.text), plain(mail.html)):
        assert opening in said
        assert not re.search(r"\d\s*(kWh|m³|%|€)|€\s*\d", said)
    assert mail.images == {}


def test_a_carrier_without_data_is_a_dash_and_never_0(weeks: Weeks, reader: Reader, told: TicketWords) -> None:
    facts = weeks.facts(weeks.building(weeks.meter(), weeks.meter(Carrier.WATER, NAN, 80)))
    mail = render(compose(facts, "nl"), reader("nl"), URL, told)
    assert "Water: – (geen gegevens)" in one_line(mail.text)
    assert "Water – geen gegevens –" in plain(mail.html)
    assert not re.search(r"(?<![\d,.])0(,0+)? (m³|kWh)", one_line(mail.text) + plain(mail.html))


@pytest.mark.parametrize(
    ("language", "opening"), [("nl", "Een rustige week: er is niets veranderd"), ("fr", "Une semaine calme")]
)
def test_a_quiet_week_is_short(weeks: Weeks, reader: Reader, told: TicketWords, language: str, opening: str) -> None:
    mail = render(compose(weeks.facts(weeks.building(weeks.meter())), language), reader(language), URL, told)
    assert opening in one_line(mail.text)
    assert len(one_line(mail.text).split()) < 130
    assert mail.images == {}


def test_a_refusal_is_told_in_words(weeks: Weeks, reader: Reader, told: TicketWords) -> None:
    refusal = Refusal("coverage_too_low", "{meter}: only {known_share}", {"meter": "a.gas", "known_share": 0.4})
    facts = replace(weeks.facts(weeks.building(weeks.meter())), plage=PlageStatus("OCMW", refusal=refusal))
    assert "OCMW: niet berekend. a.gas: only 40%" in one_line(
        render(compose(facts, "nl"), reader("nl"), URL, told).text
    )


def test_what_is_usual_is_the_mean_of_the_same_weekday_and_unknown_where_none_is(weeks: Weeks) -> None:
    meter = weeks.meter(Carrier.WATER, 70.0, 210.0)
    amount = meter.days.amount.copy()
    amount[[0, 7, 14]] = [10.0, NAN, 30.0]  # Mondays
    amount[[1, 8, 15]] = NAN  # Tuesdays
    days = replace(meter.days, amount=amount)
    usual = usual_week(replace(meter, days=days, share=0.5))
    assert len(usual.amount) == 7
    np.testing.assert_allclose(usual.amount[:3], [10.0, NAN, 5.0])
    np.testing.assert_array_equal(usual.start_s, days.start_s[21:])


@pytest.mark.service
@pytest.mark.parametrize("width_px", [360, 700])
def test_it_fits_a_phone_and_a_desk(
    busy: WeekFacts, reader: Reader, told: TicketWords, chromium: str, width_px: int
) -> None:

    html = render(compose(busy, "fr"), reader("fr"), URL, told).html.replace('src="cid:chart"', "")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width_px, "height": 900})
        page.set_content(html)
        wide_px = page.evaluate("document.documentElement.scrollWidth")
        cut = page.evaluate(
            "[...document.querySelectorAll('td')].filter(c => c.scrollWidth > c.clientWidth + 1).length"
        )
        browser.close()
    assert wide_px <= width_px
    assert cut == 0
