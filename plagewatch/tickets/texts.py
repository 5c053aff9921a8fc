"""Marks texts that stand in data, so that translators find them."""


def N_(message: str) -> str:  # noqa: N802 - the name every gettext tool looks for
    """The text itself; `words(language).gettext` translates it where it is shown."""
    return message
