"""The formats that an import reads, in the order in which a file is tried for them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from collector.imports import canonical, fluvius, rmi_file, sibelga, table, weather_file
from collector.imports.evidence import Block
from collector.imports.refusals import ImportRefused
from collector.imports.work import Import


@dataclass(frozen=True, slots=True)
class Format:
    """recognises: whether a file is of this format, by its content; read: its values as blocks."""

    about: str
    recognises: Callable[[Path], bool]
    read: Callable[[Import], Iterator[list[Block]]]


def _never(_path: Path) -> bool:
    return False


FORMATS: Mapping[str, Format] = {
    "canonical": Format("a folder of CSV files in the canonical form", canonical.recognises, canonical.read),
    "fluvius": Format("the consumption history that Fluvius gives its customers", fluvius.recognises, fluvius.read),
    "sibelga": Format("AMR files of Sibelga's data service", sibelga.recognises, sibelga.read),
    "rmi": Format(
        "observations of the Belgian Royal Meteorological Institute, its open data", rmi_file.recognises, rmi_file.read
    ),
    "weather": Format("weather of a site in our own columns", weather_file.recognises, weather_file.read),
    # Of NRClick's own files nothing is published: they are tables, whose mapping is kept under its name.
    "nrclick": Format("a table, read with the mapping named nrclick", _never, table.read),
    "table": Format("any table, read with a mapping", Path.is_file, table.read),
}


def recognised(path: Path) -> str:
    """The name of the format that a file has. Raises ImportRefused."""
    for name, format_ in FORMATS.items():
        if format_.recognises(path):
            return name
    raise ImportRefused(f"{path}: its format is not recognised; name it with --format {', '.join(FORMATS)}")
