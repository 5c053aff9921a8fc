"""Mappings of tables on the command line: proposed, shown with the first rows, accepted under a name."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

from collector.imports import formats, previewing
from collector.imports.importing import ImportRefused, Order
from collector.imports.mapping import TableMapping, mapping_of
from plagewatch.cli.opening import Stores, now_s, refuse, say, show
from plagewatch.store.records.mappings import mapping_named, mapping_names, save_mapping

TABLES = ("table", "nrclick")
WHO = "command line"


@dataclass(frozen=True, slots=True)
class Wanted:
    """mapping: name of a kept one, or a JSON file; accept: the name to keep it under. None: not asked for.

    only_looking: nothing will be written, so that a proposal may be tried as it is.
    """

    mapping: str | None = None
    accept: str | None = None
    only_looking: bool = False


def with_mapping(opened: Stores, order: Order, wanted: Wanted) -> Order:
    """The order with the mapping that it needs. Raises Refused where somebody must look at a proposal first."""
    if order.format is None and wanted.mapping is not None:
        order = replace(order, format="table")
    try:
        name = order.format or formats.recognised(order.path)
        order = replace(order, format=name)
        if name not in TABLES:
            return order
        mapping = _given(opened, wanted.mapping or ("nrclick" if name == "nrclick" else None))
        if mapping is None:
            mapping = _propose(opened, order, wanted)
    except ImportRefused as error:
        refuse(str(error))
    order = replace(order, mapping=mapping)
    if wanted.accept is not None and not wanted.only_looking:
        save_mapping(opened.engine, wanted.accept, mapping.as_json(), WHO, now_s() * 1000)
        say(f"the mapping is kept as {wanted.accept}")
    return order


def _given(opened: Stores, name: str | None) -> TableMapping | None:
    if name is None:
        return None
    kept = mapping_named(opened.engine, name)
    if kept is not None:
        return mapping_of(kept, f"mapping {name}")
    if name == "nrclick":
        return None  # the first file of this kind: a mapping is proposed
    path = Path(name)
    try:
        told = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError:
        kept_names = ", ".join(mapping_names(opened.engine)) or "none"
        refuse(f"There is no mapping {name!r} and no such file; kept mappings: {kept_names}.")
    except ValueError as error:
        refuse(f"{path} is no JSON: {error}")
    return mapping_of(told, path.name)


def _propose(opened: Stores, order: Order, wanted: Wanted) -> TableMapping:
    """Show what is proposed; go on only where it was accepted and leaves no question."""
    shown = previewing.preview(order, opened.engine, opened.series, now_s() * 1000)
    mapping = shown.proposal.mapping
    show(json.dumps(mapping.as_json(), indent=1, ensure_ascii=False))
    for note in shown.proposal.notes:
        say(note)
    for line in shown.first_rows:
        say(line)
    for question in shown.proposal.questions:
        say(f"to be said: {question}")
    if shown.proposal.questions:
        refuse(
            "Nothing was stored. Save the mapping above as a file, fill in what is missing (or say --meter NAME=METER) "
            "and give it with --mapping FILE; --accept-mapping NAME keeps it for the next time."
        )
    if wanted.accept is None and not wanted.only_looking:
        refuse(
            "Nothing was stored. If this is right: --accept-mapping NAME keeps the mapping and imports with it; "
            "if not, save it as a file, correct it and give it with --mapping FILE."
        )
    return mapping
