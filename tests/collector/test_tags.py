"""What a name and a unit say, for names as people type them into gateways; and what they do not say."""

import pytest

from collector.decoders import Route, decode
from collector.decoders.sparkplug_b.schema import Payload
from collector.decoders.tags import meaning
from plagewatch.metering.readings import Packet

T_MS = 1_795_169_700_000


@pytest.mark.parametrize(
    ("name", "unit", "register", "one_is"),
    [
        ("Import", "kWh", "energy_import_total", 1.0),
        ("Total import active energy", "Wh", "energy_import_total", 0.001),
        ("kWh_import_total", None, "energy_import_total", 1.0),
        ("Meter 2/Total Import [MWh]", None, "energy_import_total.2", 1000.0),
        ("importKWh", None, "energy_import_total", 1.0),
        ("ExportWh", None, "energy_export_total", 0.001),
        ("import_mWh", None, "energy_import_total", 0.000001),
        ("L1_import_kWh", None, "energy_import_total.l1", 1.0),
        ("Import_1", "kWh", "energy_import_total.1", 1.0),
        ("Consumption index", "KWH", "energy_import_total", 1.0),
        ("Teruglevering", "kWh", "energy_export_total", 1.0),
        ("PV Total Yield", "MWh", "solar_energy_total", 1000.0),
        ("Heat energy", "GJ", "heat_energy_total", 1 / 0.0036),
        ("Compteur eau", "m3", "field.Compteur_eau", 1.0),
        ("Index eau", "m3", "water_volume", 1.0),
        ("Water consumption total", "litres", "water_volume", 0.001),
        ("gas_volume_m3", None, "gas_volume", 1.0),
        ("pulses_total", None, "pulse_count", 1.0),
        ("Active Power", "kW", "power_active", 1000.0),
        ("Export power", "W", "power_export", 1.0),
        ("Outdoor Temp", "°C", "temperature.outdoor", 1.0),
        ("CO2 hall", "ppm", "co2.hall", 1.0),
    ],
)
def test_a_name_that_says_it_all(name, unit, register, one_is):
    found = meaning(name, unit)
    assert found.register == register
    assert found.unit.times / found.unit.per == pytest.approx(one_is, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Energy", "kWh"),
        ("Total energy", "kWh"),
        ("Import", None),
        ("Import", "?"),
        ("Import", "mwh"),
        ("Import", "kvarh"),
        ("Import", "kVAh"),
        ("import_kVAh", None),
        ("importkVAh", None),
        ("import_kvarh", None),
        ("Import kWh", "Wh"),
        ("Import", "kW"),
        ("Import", "0.1 kWh"),
        ("Import today", "kWh"),
        ("import_last_month_kWh", None),
        ("Import peak", "kWh"),
        ("Import T1", "kWh"),
        ("ImportT1", "kWh"),
        ("Import since reset", "kWh"),
        ("Import export net", "kWh"),
        ("Reactive import", "kWh"),
        ("PV yield", "kWh"),
        ("Consumption", "kWh"),
        ("Power", "kWh"),
        ("Power factor", "W"),
        ("Gas flow volume", "m3"),
        ("gas_volume_m3/h", None),
        ("Heating water volume", "m3"),
        ("Gas volume", "Nm3"),
        ("", "kWh"),
    ],
)
def test_a_name_that_leaves_something_open_is_a_field(name, unit):
    assert meaning(name, unit).register.startswith("field.")


def test_long_names_that_begin_alike_stay_apart():
    one, other = (meaning(f"import {'a' * 200}{end}", "kWh").register for end in "xy")
    assert one != other
    assert max(len(one), len(other)) < 80


@pytest.mark.parametrize(
    ("family", "payload"),
    [
        ("modbus_json", b'{"import_kWh": 5, "timestamp": 1795169700}'),
        ("inverter_json", b'{"import_kWh": 5, "timestamp": 1795169700}'),
        ("sparkplug_b", None),
    ],
)
def test_a_route_brings_another_topic_to_the_family(family, payload):
    named = Payload(timestamp=T_MS)
    named.metrics.add(name="import_kWh", datatype=10, double_value=5.0)
    packet = Packet("hall/data/box-1", payload or named.SerializeToString(), T_MS)
    told, decoded = decode(packet, [Route.of("hall/data/{device}", family)])
    assert told == family
    assert [(one.device, one.register, one.at_ms, one.value) for one in decoded.readings] == [
        ("box-1", "energy_import_total", [T_MS], [5.0])
    ]
