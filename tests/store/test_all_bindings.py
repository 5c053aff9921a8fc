"""Bindings read in pieces: the same as entered, and a state that tells of each change."""

from plagewatch.metering.meters import Binding, Carrier, Kind, Meter, Site
from plagewatch.store.records.all_bindings import all_bindings, state
from plagewatch.store.records.registry import save


def test_all_are_read_and_each_change_is_seen(engine):
    meters = [Meter(name, "site", name, Carrier.GAS, Kind.INDEX, "m3") for name in ("a", "b")]
    save(engine, [Site("site", "Site"), *meters])
    empty = state(engine)
    first = Binding("d", "gas_volume", "a")
    field = Binding("d", "field.total", "b", 5, as_register="gas_volume", unit="l", to_ms=9)
    save(engine, [field, first])
    both = state(engine)
    assert list(all_bindings(engine)) == [first, field]
    save(engine, [Binding("d", "gas_volume", "b")])
    moved = state(engine)
    assert len({empty, both, moved}) == 3
    assert state(engine) == moved
    save(engine, [first])
    assert state(engine) == both
