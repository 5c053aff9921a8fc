from collections import Counter

import numpy as np

from plagewatch.metering.meters import Binding, Building, Carrier, Meter, MeterFacts, Person, Role, Share, Site
from plagewatch.metering.readings import REGISTERS, Behaviour
from plagewatch.store.records import registry as records
from plagewatch.tickets.findings import Skill
from simulators.centre import BUILDINGS
from simulators.registry import entries


def of(found, noun):
    return [entry for entry in found if isinstance(entry, noun)]


def test_the_records_take_it_and_give_it_back(world, engine):
    found = entries(world)
    records.save(engine, found)
    records.save(engine, found)  # a restart does it again
    assert {site.id for site in records.sites(engine)} == {b.id for b in BUILDINGS} | {"station-brussels"}
    assert len(records.buildings(engine)) == 12
    assert len(records.meters(engine)) == 12 * 3 + 4 + 2
    assert sorted(records.shares(engine), key=lambda s: s.meter) == sorted(of(found, Share), key=lambda s: s.meter)
    assert len(records.persons(engine)) == 11


def test_the_centre_has_its_size(world):
    assert sum(building.floor_area_m2 for building in of(entries(world), Building)) == 50_420


def test_every_register_of_every_device_feeds_a_meter_that_is_there(world):
    found = entries(world)
    meters = {meter.id: meter for meter in of(found, Meter)}
    bound = {(b.device, b.register): b.meter for b in of(found, Binding)}
    for device in world.devices:
        for register in device.registers:
            meter = meters[bound[device.id, register.word]]
            assert meter.id == register.meter
            assert REGISTERS[register.word].unit == register.unit == meter.unit
            is_gauge = REGISTERS[register.word].behaviour is Behaviour.GAUGE
            assert (meter.carrier is Carrier.WEATHER) == is_gauge


def test_ean_numbers_are_different_and_their_last_digit_is_right(world):
    numbers = [meter.ean for meter in of(entries(world), Meter) if meter.ean]
    assert len(set(numbers)) == 24
    for number in numbers:
        assert len(number) == 18
        assert number.startswith("54144892")
        # GS1: all digits weighed 3, 1, 3, 1, ... from the left of an 18-digit number sum to a multiple of ten.
        assert sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(number)) % 10 == 0


def test_limits_leave_room_for_what_really_flows(world, now_s):
    facts = {entry.meter: entry for entry in of(entries(world), MeterFacts)}
    at_s = np.arange(now_s // 900 * 900 - 365 * 86_400, now_s, 900)
    for register in world.registers():
        limit_kw = facts[register.meter].max_power_kw if register.meter in facts else None
        if limit_kw is not None:
            peak_kw = np.diff(world.counted_steps(register, at_s)).max() / register.steps_per_unit * 4
            assert 1.2 * peak_kw < limit_kw, register
            if register.word != "energy_export_total":  # limits are those of the connection, whichever way
                assert limit_kw < 6 * peak_kw + 40, register


def test_each_building_has_one_manager_and_each_zone_every_skill(world):
    found = entries(world)
    people = of(found, Person)
    managed = Counter(b for person in people if person.role is Role.FACILITY_MANAGER for b in person.buildings)
    assert managed == Counter(building.id for building in BUILDINGS)
    zones = {site.zone for site in of(found, Site)}
    for zone in zones:
        skills = {s for p in people if p.role is Role.TECHNICIAN and zone in p.zones for s in p.skills}
        assert skills == {skill.value for skill in Skill} - {Skill.DATA.value}  # that is the energy cell's own
    assert all(person.email.endswith(".example") for person in people)
    assert sum(person.role is Role.ENERGY_CELL for person in people) == 2
