"""Texts for people in Dutch, French and English.

English stands in the code. Each room has a catalogue per language, `words/<language>/LC_MESSAGES/<room>.po`; the files
are read as they are, nothing is compiled. `tests/words` fails where a text of the code lacks a translation.
"""

import re
from functools import cache
from gettext import NullTranslations
from pathlib import Path

from babel.messages.pofile import read_po
from babel.support import Translations

LANGUAGES = ("nl", "fr", "en")
FOLDER = Path(__file__).parent


class Words(Translations):
    """All catalogues of one language as one."""

    def __init__(self, language: str) -> None:
        NullTranslations.__init__(self)
        self.language = language
        self.plural = lambda n: int(n > 1) if language == "fr" else int(n != 1)
        self._catalog: dict[str | tuple[str, int], str] = {}
        for path in sorted((FOLDER / language / "LC_MESSAGES").glob("*.po")):
            self._read(path)

    def _read(self, path: Path) -> None:
        with path.open("rb") as file:
            for message in read_po(file, locale=self.language):
                if not message.id or not message.string or message.fuzzy:
                    continue
                if isinstance(message.id, str):
                    self._catalog[message.id] = self._typeset(str(message.string))
                else:
                    texts = enumerate(message.string)
                    self._catalog.update({(message.id[0], n): self._typeset(text) for n, text in texts})

    def _typeset(self, text: str) -> str:
        """French sets a space before : ; ? ! that must not break; translators type an ordinary one."""
        if self.language != "fr":
            return text
        return re.sub(r" ([;?!])", "\u202f\\1", text.replace(" :", "\u00a0:"))

    def gettext(self, message: str) -> str:
        """The text in this language, the English one where it is missing.

        >>> words("nl").gettext("a text that nobody translated")
        'a text that nobody translated'
        """
        return self._catalog.get(message, message)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The text for a number of things; the sentence itself still holds the place of the number."""
        english = singular if n == 1 else plural
        return self._catalog.get((singular, self.plural(n)), english)


@cache
def words(language: str) -> Words:
    """The texts of a language; English for one that we do not speak."""
    return Words(language if language in LANGUAGES else "en")
