"""Pages made on the server: templates, their words, numbers and dates in the person's language."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.language import COOKIE, language_of
from api.pages.labels import label
from plagewatch import number_words
from plagewatch.words import LANGUAGES, words

HERE = Path(__file__).parent
STATIC = HERE / "static"
COOKIE_AGE_S = 365 * 86_400

_TEMPLATES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
# What a filter link carries: only what is chosen.
_TEMPLATES.filters["present"] = lambda chosen: {name: value for name, value in chosen.items() if value}
_TEMPLATES.filters["held"] = number_words.held_text
_IN_PATHS = "/:@!$&'()*+,;=~"
_SPOKEN = ("amount_text", "percent_text", "change_text", "age_text")


def page(request: Request, template: str, values: Mapping[str, Any], status: int = 200) -> HTMLResponse:
    """A template of `templates/` in the person's language.

    Templates know: `_` and `ngettext`, `colon` as its language sets it, `language`, `languages`, `path`,
    `link_in(language)`, and the functions `amount(value)`, `unit(text)`, `percent(share)`, `change(share)`,
    `age(seconds)`, `time(at_s, tz, pattern)`, `label(enum)`. Everything a template shows is escaped.
    """
    language = language_of(request)
    text = _TEMPLATES.get_template(template).render({**_spoken(request, language), **values})
    response = HTMLResponse(text, status, {"Content-Language": language, "Vary": "Cookie, Accept-Language"})
    if request.query_params.get("lang") == language:
        response.set_cookie(COOKIE, language, max_age=COOKIE_AGE_S, samesite="lax", httponly=True)
    return response


def _spoken(request: Request, language: str) -> dict[str, Any]:
    catalogue = words(language)
    functions = {
        name.removesuffix("_text"): partial(getattr(number_words, name), language=language) for name in _SPOKEN
    }
    return {
        "_": catalogue.gettext,
        "ngettext": catalogue.ngettext,
        "colon": "\u00a0:" if language == "fr" else ":",
        "language": language,
        "languages": LANGUAGES,
        "path": request.url.path,
        "link_in": lambda other: _here(request, other),
        "unit": number_words.unit_text,
        "time": lambda at_s, tz="Europe/Brussels", pattern="EEE d MMM, HH:mm": number_words.time_text(
            at_s, tz, language, pattern
        ),
        "label": lambda word: catalogue.gettext(label(word)),
        **functions,
    }


def _here(request: Request, language: str) -> str:
    # One slash at the front: two would make the path's first part the name of another server.
    query = request.url.include_query_params(lang=language).query
    return f"/{quote(request.scope['path'].lstrip('/'), safe=_IN_PATHS)}?{query}"
