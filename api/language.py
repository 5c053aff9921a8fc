"""Which language a person reads: asked for in the address, else remembered, else the browser's, else Dutch."""

from typing import Annotated

from fastapi import Depends, Request

from plagewatch.words import LANGUAGES

COOKIE = "lang"
DEFAULT = "nl"


def language_of(request: Request) -> str:
    """One of nl, fr, en."""
    for wanted in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wanted in LANGUAGES:
            return wanted
    return preferred(request.headers.get("accept-language", ""))


def preferred(accept_language: str) -> str:
    """The language we speak that a browser's header puts highest.

    >>> preferred("de,fr-BE;q=0.8,en;q=0.9"), preferred("de"), preferred("fr;q=0,nl;q=x")
    ('en', 'nl', 'nl')
    """
    wanted: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        name, _, weight = part.partition(";q=")
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES and (quality := _weight(weight)) > 0:
            wanted.append((quality, language))
    return max(wanted, key=lambda pair: pair[0], default=(0.0, DEFAULT))[1]


def _weight(text: str) -> float:
    try:
        return float(text) if text.strip() else 1.0
    except ValueError:
        return 0.0


Language = Annotated[str, Depends(language_of)]
"""A route's parameter of this type receives the person's language."""
