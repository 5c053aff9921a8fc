"""The report as a page and as Markdown."""

import xml.etree.ElementTree as ET

from plagewatch.validation.document import Document, Points, Section, Table, html, markdown, pictures
from plagewatch.validation.pictures import Curve, Panel, Picture, Value, curves, dots

NAN = float("nan")


def report() -> Document:
    panels = [Panel("PR-AUC", [Value(0.5, 0.25, 0.75), Value(NAN)], goal=0.2)]
    drawn = Picture("peers", "All <of> them", dots(["ours & theirs", "another"], panels, ours=1))
    table = Table(["who", "how many"], [["a|b <c>", "3"], ["d", ""]], strong=[0])
    return Document("Of rules", "In short.", [Section("First & last", ["A < B.", table, drawn])], {"Made": "now"})


def test_the_page_is_static_and_escapes_what_it_shows() -> None:
    page = html(report())
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")  # nothing is fetched
    assert "a|b &lt;c&gt;" in page
    assert "A &lt; B." in page
    assert '<td class="n">3</td>' in page
    assert 'href="#first---last"' in page
    assert 'id="first---last"' in page


def test_markdown_has_the_same_tables() -> None:
    text = markdown(report())
    assert "| **a\\|b <c>** | **3** |" in text
    assert "| --- | ---: |" in text
    assert "![All <of> them](peers.svg)" in text
    assert text.endswith("*Made with* Made: now\n")
    assert [picture.name for picture in pictures(report())] == ["peers"]


def test_a_list_and_a_row_that_falls_short() -> None:
    table = Table(["figure", "measured"], [["a", "1"], ["b", "0"]], strong=[0], bad=[1])
    of = Document("D", "L", [Section("S", [Points(["one < two", "three"]), table])])
    assert "<ul><li>one &lt; two</li><li>three</li></ul>" in html(of)
    assert "<tr class=strong><td>a</td>" in html(of)
    assert "<tr class=bad><td>b</td>" in html(of)
    assert "- one < two\n- three\n" in markdown(of)


def test_a_range_stands_small_below_its_figure() -> None:
    of = Document("D", "L", [Section("S", [Table(["a", "b"], [["x (y)", "0.50 (0.25 to 0.75)"]])])])
    assert '<td>x (y)</td><td class="n">0.50<small>0.25 to 0.75</small></td>' in html(of)


def test_dots_stand_where_their_values_are() -> None:
    drawn = ET.fromstring(dots(["one", "none"], [Panel("x", [Value(0.5), Value(NAN)], most=1.0)], ours=2))
    (dot,) = (each for each in drawn.iter() if each.tag.endswith("circle"))
    # One panel from 290 to 920 less the gap of 26: its middle is at 290 + 604 / 2.
    assert float(dot.attrib["cx"]) == 592.0
    texts = [each.text for each in drawn.iter() if each.tag.endswith("text")]
    assert "one" in texts
    assert "none" in texts


def test_a_curve_has_all_its_points() -> None:
    drawn = ET.fromstring(curves([Curve("a & b", [0.0, 0.5, 1.0], [1.0, 0.5, 0.0])]))
    (line,) = (each for each in drawn.iter() if each.tag.endswith("polyline"))
    assert line.attrib["points"] == "60.0,20.0 340.0,170.0 620.0,320.0"
