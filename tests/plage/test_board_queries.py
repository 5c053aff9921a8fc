"""Every query of the PLAGE board, in a real InfluxDB that an assessment was written to, answers with rows."""

import json
import re
import urllib.error
import urllib.parse
import urllib.request

import pytest

from dashboards.boards import plage_progress as board
from plagewatch import plage_progress
from plagewatch.metering.local_time import day_start_s
from plagewatch.store import names
from plagewatch.store.series.influx import InfluxSeries

from .conftest import TODAY, TZ, House

pytestmark = pytest.mark.service


@pytest.fixture
def stored(influx):
    series = InfluxSeries(influx.url, influx.token, influx.org, 20)
    series.set_up()
    yield series
    series.close()


@pytest.fixture
def ask(influx, now_s):
    """Send a query as Grafana does, with its variables and span put in; the rows of the first series."""

    def rows(query: str, *, organisation: str = "cpas-ocmw") -> list[list[float]]:
        span = f"time >= {(now_s - 365 * 86_400) * 1000}ms and time <= {now_s * 1000}ms"
        text = query.replace("$organisation", organisation).replace("$timeFilter", span)
        assert "$" not in text
        parameters = urllib.parse.urlencode({"db": names.ENERGY_BUCKET, "q": text, "epoch": "s"})
        request = urllib.request.Request(f"{influx.url}/query?{parameters}")
        request.add_header("Authorization", f"Token {influx.token}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            (result,) = json.loads(answer.read())["results"]
        assert "error" not in result, f"{text}: {result['error']}"
        return result["series"][0]["values"] if "series" in result else []

    return rows


def queries() -> list[tuple[str, str]]:
    return [
        (f"{panel['title']}/{target['refId']}", target["query"])
        for panel in board.build("en")["panels"]
        for target in panel.get("targets", [])
    ]


@pytest.fixture
def assessed(engine, stored, one_building, now_s, fill):
    fill(stored, House(without_gas=(3,)))
    assessment = plage_progress.assess(engine, stored, one_building, now_s)
    plage_progress.write(stored, assessment)
    return assessment


def test_every_panel_has_rows(assessed, ask):
    asked = queries()
    assert len(asked) == 13
    for title, query in asked:
        assert ask(query), f"{title}: {query}"


def test_figures_are_those_of_the_assessment(assessed, ask):
    shown = {title.partition("/")[0]: ask(query)[-1] for title, query in queries()[:6]}
    figures = assessed.figures
    assert shown["Forecast of the calendar year"][1] == pytest.approx(figures.forecast_kwh)
    assert shown["Target of a year"][1] == pytest.approx(figures.target_kwh)
    assert shown["Above the target"][1] == pytest.approx(figures.year.excess_kwh)
    assert shown["Fine, before indexation"][1] == pytest.approx(figures.year.fine_eur)
    # 19 November is the newest whole day.
    assert shown["Newest day"][0] == day_start_s(TODAY, TZ) - 86_400


def test_what_became_unknown_is_not_shown(assessed, engine, stored, one_building, now_s, fill, ask):
    fill(stored, House(without_gas=range(1, 201)))
    plage_progress.write(stored, plage_progress.assess(engine, stored, one_building, now_s))
    newest = dict(queries())["Newest day/A"]
    assert ask(newest)[-1][0] == day_start_s(TODAY, TZ) - 2 * 86_400


def test_another_organisation_sees_nothing(assessed, ask):
    assert all(not ask(query, organisation="elsewhere") for _, query in queries())


def test_the_variable_offers_the_organisations(assessed, ask):
    (variable,) = board.build()["templating"]["list"]
    assert [row[1] for row in ask(variable["query"]["query"])] == ["cpas-ocmw"]


def test_every_query_filters_what_is_known():
    for title, query in queries():
        field = re.search(r'SELECT (?:\w+\()?"(\w+)"', query)
        assert field, title
        assert f'"{names.known_field(field[1])}" = 1' in query
