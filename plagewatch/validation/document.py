"""A report as data: sections of sentences, tables and pictures, written as Markdown or as one static page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import isfinite

from plagewatch.validation.pictures import Picture

MADE_WITH = "Made with"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. strong: numbers of rows that matter most; bad: of those that fall short.

    Columns after `words` hold numbers and stand to the right.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    strong: Sequence[int] = ()
    words: int = 1
    bad: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences as a list."""

    texts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it: sentences, lists, tables, pictures."""

    title: str
    parts: Sequence[str | Points | Table | Picture]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report. facts: what it was made with, name -> value."""

    title: str
    lead: str
    sections: Sequence[Section]
    facts: Mapping[str, str] = field(default_factory=dict)


def number(value: float, places: int = 2) -> str:
    """A figure as text; a dash where there is none.

    >>> number(0.345), number(float("nan")), number(12.0, 0)
    ('0.34', '–', '12')
    """
    return f"{value:.{places}f}" if isfinite(value) else "–"


def within(value: float, of: tuple[float, float] | None, places: int = 2) -> str:
    """A figure with its range.

    >>> within(0.5, (0.25, 0.75)), within(0.5, None)
    ('0.50 (0.25 to 0.75)', '0.50')
    """
    if of is None or not isfinite(value) or not isfinite(of[0]):
        return number(value, places)
    return f"{number(value, places)} ({number(of[0], places)} to {number(of[1], places)})"


def percent(share: float) -> str:
    """A share as text.

    >>> percent(0.934), percent(float("nan"))
    ('93 %', '–')
    """
    return f"{100 * share:.0f} %" if isfinite(share) else "–"


def markdown(document: Document) -> str:
    """The report as Markdown; pictures are named as files that lie beside it."""
    lines = [f"# {document.title}", "", document.lead, ""]
    for section in document.sections:
        lines += [*([""] if lines[-1] else []), f"## {section.title}"]
        for part in section.parts:
            lines.append("")
            if isinstance(part, str):
                lines.append(part)
            elif isinstance(part, Points):
                lines += [f"- {text}" for text in part.texts]
            elif isinstance(part, Table):
                lines += _markdown_table(part)
            else:
                lines.append(f"![{part.title}]({part.name}.svg)")
    if document.facts:
        lines += ["", f"*{MADE_WITH}* " + " · ".join(f"{name}: {value}" for name, value in document.facts.items())]
    return "\n".join(lines) + "\n"


def html(document: Document) -> str:
    """The report as one page without scripts, pictures inside."""
    body = "\n".join(_html_section(section) for section in document.sections)
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in document.facts.items())
    names = "".join(f'<li><a href="#{_anchor(s.title)}">{escape(s.title)}</a></li>' for s in document.sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(document.title)}</title><style>{_LOOK}</style></head><body><main>\n"
        f'<h1>{escape(document.title)}</h1><p class="lead">{escape(document.lead)}</p>\n'
        f"<nav><ul>{names}</ul></nav>\n{body}\n<h2>{MADE_WITH}</h2><dl>{facts}</dl></main></body></html>\n"
    )


def pictures(document: Document) -> list[Picture]:
    """All pictures of a report."""
    return [part for section in document.sections for part in section.parts if isinstance(part, Picture)]


def _markdown_table(table: Table) -> list[str]:
    def row(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = ["---" if place < table.words else "---:" for place in range(len(table.columns))]
    rows = [
        row([f"**{cell}**" if n in table.strong and cell else cell for cell in cells])
        for n, cells in enumerate(table.rows)
    ]
    return [row(table.columns), row(rule), *rows]


def _html_section(section: Section) -> str:
    parts = []
    for part in section.parts:
        if isinstance(part, str):
            parts.append(f"<p>{escape(part)}</p>")
        elif isinstance(part, Points):
            parts.append("<ul>" + "".join(f"<li>{escape(text)}</li>" for text in part.texts) + "</ul>")
        elif isinstance(part, Table):
            parts.append(_html_table(part))
        else:
            parts.append(f"<figure>{part.svg}<figcaption>{escape(part.title)}</figcaption></figure>")
    return (
        f'<section id="{_anchor(section.title)}"><h2>{escape(section.title)}</h2>\n' + "\n".join(parts) + "</section>"
    )


def _html_table(table: Table) -> str:
    def cells(row: Sequence[str], tag: str) -> str:
        kinds = ["" if place < table.words else ' class="n"' for place in range(len(row))]
        return "".join(f"<{tag}{kind}>{_html_cell(cell)}</{tag}>" for kind, cell in zip(kinds, row, strict=True))

    def kind(number: int) -> str:
        return " class=bad" if number in table.bad else " class=strong" if number in table.strong else ""

    rows = "".join(f"<tr{kind(n)}>{cells(row, 'td')}</tr>" for n, row in enumerate(table.rows))
    head = f"<thead><tr>{cells(table.columns, 'th')}</tr></thead>"
    return f'<div class="wide"><table>{head}<tbody>{rows}</tbody></table></div>'


def _html_cell(text: str) -> str:
    """A figure's range stands small below it."""
    figure, bracket, spread = text.partition(" (")
    if bracket and " to " in spread:
        return f"{escape(figure)}<small>{escape(spread.removesuffix(')'))}</small>"
    return escape(text)


def _anchor(title: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in title.lower())


_LOOK = """
body{margin:0;background:#f5f7f8;color:#1c2b33;font:16px/1.5 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}
p,section li{max-width:72ch;margin:0 0 .8rem}
section li{margin-bottom:.3rem}section ul{margin:0 0 .8rem;padding-left:1.2rem}
.lead{color:#55656f}a{color:#175f78}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;font-size:.9rem;margin:0 0 .8rem}
dt{color:#55656f}dd{margin:0;overflow-wrap:anywhere}nav ul{columns:2;font-size:.9rem;padding-left:1.1rem}
section{break-inside:auto}.wide{overflow-x:auto;margin:0 0 1rem}
table{border-collapse:collapse;background:#fff;font-size:.875rem;font-variant-numeric:tabular-nums;min-width:100%}
th,td{border-bottom:1px solid #dfe5e8;padding:.35rem .6rem;text-align:left;vertical-align:top}
th{background:#eef2f4;font-weight:600}.n{text-align:right}td.n{white-space:nowrap}
td small{display:block;color:#55656f;font-weight:400;font-size:.8rem}tr.strong td{font-weight:650;background:#e6f3eb}
tr.bad td{font-weight:650;background:#fbe9e4}
figure{margin:0 0 1.2rem;background:#fff;border:1px solid #dfe5e8;border-radius:8px;padding:.8rem}
figure svg{width:100%;height:auto;display:block}figcaption{color:#55656f;font-size:.875rem;margin-top:.4rem}
@media(max-width:40rem){main{padding:1rem}nav ul{columns:1}th,td{padding:.3rem .4rem}
figure{overflow-x:auto}figure svg{min-width:40rem}}
@media print{body{background:#fff}nav{display:none}tr,figure{break-inside:avoid}}
"""
