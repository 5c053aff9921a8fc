"""Every text for people is there in Dutch and in French, says the same things, and is used."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po

from plagewatch.words import LANGUAGES

ROOT = Path(__file__).parents[2]
CATALOGUES = ROOT / "plagewatch" / "words"
ROOMS = ("plagewatch", "collector", "rules", "api", "digest", "dashboards", "simulators")
TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
KEYWORDS: dict[str, tuple[int, ...] | None] = {
    "_": None,
    "N_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "NN_": (1, 2),
}
PLACES = re.compile(r"\{(\w*)[^{}]*\}|%\((\w+)\)s")

Id = str | tuple[str, ...]


@dataclass(frozen=True)
class Text:
    """A text of the code and the first place where it stands."""

    id: Id
    place: str


@dataclass(frozen=True)
class Entry:
    """A text in a catalogue. strings: one, or one per plural form."""

    id: Id
    strings: tuple[str, ...]
    fuzzy: bool
    catalogue: str


def aliases(source: str) -> set[str]:
    """Names that a module gives to `gettext`: `say = words(language).gettext`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        pairs = (
            zip(target.elts, value.elts, strict=False)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            else [(target, value)]
        )
        for name, what in pairs:
            if isinstance(name, ast.Name) and isinstance(what, ast.Attribute) and what.attr == "gettext":
                found.add(name.id)
    return found


def texts_of(path: Path) -> Iterator[Text]:
    python = path.suffix == ".py"
    keywords = dict(KEYWORDS)
    if python:
        keywords.update(dict.fromkeys(aliases(path.read_text("utf-8"))))
    method = "python" if python else "jinja2.ext:babel_extract"
    options = {} if python else {"trim_blocks": "true", "lstrip_blocks": "true"}
    for line, message, _comments, _context in extract_from_file(method, path, keywords=keywords, options=options):
        yield Text(message, f"{path.relative_to(ROOT)}:{line}")


def files() -> Iterator[Path]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix == ".py" or (path.parent.name == "templates" and path.suffix in (".html", ".txt")):
                yield path


def texts() -> dict[Id, Text]:
    found: dict[Id, Text] = {}
    for path in files():
        for text in texts_of(path):
            found.setdefault(text.id, text)
    return found


def entries(language: str) -> list[Entry]:
    found = []
    for path in sorted((CATALOGUES / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
                    key = message.id if isinstance(message.id, str) else tuple(message.id)
                    found.append(Entry(key, strings, message.fuzzy, path.name))
    return found


def places(text: str) -> set[str]:
    return {braces or percent for braces, percent in PLACES.findall(text)}


def singular(message: Id) -> str:
    return message if isinstance(message, str) else message[0]


TEXTS = texts()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    whole = {entry.id for entry in entries(language) if all(entry.strings) and not entry.fuzzy}
    # A text that stands alone in one place may be the singular of a pair in another.
    whole |= {singular(message) for message in whole}
    assert [f"{text.place}: {text.id!r}" for text in TEXTS.values() if text.id not in whole] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language: str) -> None:
    used = set(TEXTS)
    assert [f"{entry.catalogue}: {entry.id!r}" for entry in entries(language) if entry.id not in used] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_has_the_same_places_as_its_text(language: str) -> None:
    wrong = []
    for entry in entries(language):
        forms = (entry.id,) if isinstance(entry.id, str) else entry.id
        for english, string in zip(forms, entry.strings, strict=True):
            if places(english) != places(string):
                wrong.append(f"{entry.catalogue}: {english!r} -> {string!r}")
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_text_has_one_translation(language: str) -> None:
    said: dict[Id, Entry] = {}
    wrong = []
    for entry in entries(language):
        first = said.setdefault(entry.id, entry)
        if first.strings != entry.strings:
            wrong.append(f"{entry.id!r}: {first.strings} in {first.catalogue}, {entry.strings} in {entry.catalogue}")
    assert wrong == []


def hidden(source: str) -> list[int]:
    """Lines of texts inside an f-string, which extractors read as one piece."""
    names = {*KEYWORDS, *aliases(source)}
    calls = (
        call
        for string in ast.walk(ast.parse(source))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call)
    )
    return [
        call.lineno
        for call in calls
        if (call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")) in names
        and any(isinstance(argument, ast.Constant) and isinstance(argument.value, str) for argument in call.args)
    ]


@pytest.mark.parametrize(
    "path", [p for p in files() if p.suffix == ".py"], ids=lambda p: p.relative_to(ROOT).as_posix()
)
def test_no_text_hides_in_an_f_string(path: Path) -> None:
    assert hidden(path.read_text("utf-8")) == []


def test_a_hidden_text_is_found() -> None:
    assert hidden("say = words(x).gettext\na = f'{say(\"no data\")}: {say(text)}'") == [2]


def test_texts_are_found_in_code_and_templates(tmp_path: Path) -> None:
    places_of = {text.place.split("/")[0] for text in TEXTS.values()}
    assert {"digest", "plagewatch"} <= places_of
    assert "What you can do" in TEXTS, "a template's text"
    assert ("{n} more notice is open.", "{n} more notices are open.") in TEXTS, "a pair of a data table"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("say = words(language).gettext", {"say"}),
        ("say, c = words(language).gettext, row.comparison", {"say"}),
        ("said = words(language).gettext('x')", set()),
    ],
)
def test_other_names_of_gettext_are_found(source: str, names: set[str]) -> None:
    assert aliases(source) == names
