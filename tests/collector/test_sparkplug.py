"""What a Sparkplug decoder remembers between messages, and when it asks an edge node to say its births again."""

import pytest

from collector.decoders import decode, device_of
from collector.decoders.sparkplug_b.births import ASK_AGAIN_MS, MAX_BIRTHS
from collector.decoders.sparkplug_b.schema import Payload
from plagewatch.metering.readings import Packet, Reason

T_MS = 1_795_169_700_000
UINT64, DOUBLE, BOOLEAN = 8, 10, 11
NODE, METER = "spBv1.0/campus/{}/cellar", "spBv1.0/campus/{}/cellar/meter"


def payload(seq, *metrics):
    made = Payload(timestamp=T_MS, seq=seq)
    for metric in metrics:
        unit = metric.pop("unit", None)
        added = made.metrics.add(timestamp=T_MS, **metric)
        if unit:
            added.properties.keys.append("engUnit")
            added.properties.values.add(type=12, string_value=unit)
    return made.SerializeToString()


def named(name, alias, unit="kWh", value=0):
    return {"name": name, "alias": alias, "datatype": UINT64, "long_value": value, "unit": unit}


def aliased(alias, value):
    return {"alias": alias, "long_value": value}


class Heard:
    """Messages through one memory: their readings as (register, value), reasons, and the topics asked."""

    def __init__(self) -> None:
        self.memory: dict[str, str] = {}

    def __call__(self, topic, kind, at_s, body):
        _, decoded = decode(Packet(topic.format(kind), body, T_MS + at_s * 1000), (), self.memory)
        read = [(one.register, value) for one in decoded.readings for value in one.value]
        return read, [left.reason for left in decoded.left_out], [ask.topic for ask in decoded.asks]


@pytest.fixture
def heard() -> Heard:
    return Heard()


def birth(heard, at_s, *metrics, seq=0):
    heard(NODE, "NBIRTH", at_s, payload(seq, {"name": "bdSeq", "datatype": 4, "long_value": 1}))
    return heard(METER, "DBIRTH", at_s, payload(seq + 1, *metrics))


def test_an_alias_has_the_name_type_and_unit_of_its_birth(heard):
    assert birth(heard, 0, named("Import Total", 7, "Wh", 1000))[0] == [("energy_import_total", 1.0)]
    assert heard(METER, "DDATA", 10, payload(2, aliased(7, 2500))) == ([("energy_import_total", 2.5)], [], [])


def test_the_sign_of_an_alias_comes_from_its_birth(heard):
    birth(heard, 0, {"name": "Active Power", "alias": 3, "datatype": 3, "int_value": 0, "unit": "W"})
    assert heard(METER, "DDATA", 1, payload(2, {"alias": 3, "int_value": 2**32 - 5}))[0] == [("power_active", -5.0)]


def test_without_a_birth_a_rebirth_is_asked_for_once_a_minute(heard):
    unnamed = payload(4, aliased(7, 2500))
    assert heard(METER, "DDATA", 0, unnamed) == ([], [Reason.NO_BIRTH], ["spBv1.0/campus/NCMD/cellar"])
    assert heard(METER, "DDATA", 30, unnamed) == ([], [Reason.NO_BIRTH], [])
    assert heard(METER, "DDATA", ASK_AGAIN_MS // 1000, unnamed)[2] == ["spBv1.0/campus/NCMD/cellar"]


def test_the_question_is_the_command_that_the_specification_names():
    packet = Packet("plant/" + METER.format("DDATA"), payload(4, aliased(7, 2500)), T_MS)
    (ask,) = decode(packet)[1].asks
    asked = Payload.FromString(ask.payload)
    assert ask.topic == "plant/spBv1.0/campus/NCMD/cellar"
    assert [(metric.name, metric.datatype, metric.boolean_value) for metric in asked.metrics] == [
        ("Node Control/Rebirth", BOOLEAN, True)
    ]
    assert asked.timestamp == T_MS
    assert not asked.HasField("seq")


def test_a_packet_from_before_the_birth_is_not_read_by_it(heard):
    birth(heard, 100, named("Import Total", 7))
    assert heard(METER, "DDATA", 99, payload(9, aliased(7, 5)))[1] == [Reason.NO_BIRTH]


def test_a_replay_reads_each_packet_by_the_birth_of_then(heard):
    birth(heard, 0, named("Import Total", 7))
    birth(heard, 100, named("Export Total", 7), named("Import Total", 8))
    for _ in range(2):
        assert heard(METER, "DDATA", 50, payload(2, aliased(7, 5)))[0] == [("energy_import_total", 5.0)]
        assert heard(METER, "DDATA", 150, payload(2, aliased(7, 6)))[0] == [("energy_export_total", 6.0)]
        birth(heard, 0, named("Import Total", 7))


def test_a_node_born_again_takes_its_devices_aliases_back(heard):
    birth(heard, 0, named("Import Total", 7))
    heard(NODE, "NBIRTH", 60, payload(0, {"name": "bdSeq", "datatype": 4, "long_value": 2}))
    assert heard(METER, "DDATA", 61, payload(1, aliased(7, 5)))[1:] == (
        [Reason.NO_BIRTH],
        ["spBv1.0/campus/NCMD/cellar"],
    )
    heard(METER, "DBIRTH", 62, payload(2, named("Import Total", 7)))
    assert heard(METER, "DDATA", 63, payload(3, aliased(7, 5)))[0] == [("energy_import_total", 5.0)]


def test_a_death_forgets_nothing(heard):
    birth(heard, 0, named("Import Total", 7))
    assert heard(NODE, "NDEATH", 5, payload(0)) == ([], [], [])
    assert heard(METER, "DDEATH", 5, payload(2)) == ([], [], [])
    assert heard(METER, "DDATA", 6, payload(2, aliased(7, 5)))[0] == [("energy_import_total", 5.0)]


def test_a_gap_in_the_sequence_is_read_and_asks_for_a_rebirth(heard):
    birth(heard, 0, named("Import Total", 7))
    assert heard(METER, "DDATA", 10, payload(2, aliased(7, 5)))[2] == []
    assert heard(METER, "DDATA", 11, payload(2, aliased(7, 5)))[2] == []  # the same one through two gateways
    read, _, asked = heard(METER, "DDATA", 20, payload(4, aliased(7, 6)))
    assert (read, asked) == ([("energy_import_total", 6.0)], ["spBv1.0/campus/NCMD/cellar"])


def test_the_sequence_goes_on_at_zero_after_255(heard):
    birth(heard, 0, named("Import Total", 7), seq=253)
    assert [heard(METER, "DDATA", 10, payload(seq, aliased(7, 5)))[2] for seq in (255, 0, 1)] == [[], [], []]


def test_a_unit_said_at_birth_holds_for_names_too(heard):
    named_later = {"name": "Import Total", "datatype": DOUBLE, "double_value": 5.0}
    assert heard(METER, "DDATA", 0, payload(0, dict(named_later)))[0] == [("field.Import_Total", 5.0)]
    birth(heard, 1, {**named("Import Total", 7, "MWh")})
    assert heard(METER, "DDATA", 2, payload(2, dict(named_later)))[0] == [("energy_import_total", 5000.0)]


def test_a_second_name_for_a_register_stays_a_field_when_it_comes_alone(heard):
    birth(heard, 0, named("Import Total", 7), named("Import", 8))
    assert heard(METER, "DDATA", 1, payload(2, aliased(8, 5)))[0] == [("field.Import", 5.0)]
    assert heard(METER, "DDATA", 2, payload(3, aliased(7, 5)))[0] == [("energy_import_total", 5.0)]


def test_memory_stays_small(heard):
    for at_s in range(40):
        birth(heard, at_s, named("Import Total", at_s))
    assert heard.memory["campus/cellar/meter"].count('"metrics"') == MAX_BIRTHS
    assert set(heard.memory) == {"campus/cellar", "campus/cellar/meter", "campus/cellar#seq"}


def test_a_memory_that_another_version_wrote_is_a_birth_that_is_not_known(heard):
    heard.memory["campus/cellar/meter"] = '[{"first": 0}]'
    assert heard(METER, "DDATA", 0, payload(1, aliased(7, 5)))[1] == [Reason.NO_BIRTH]


def test_a_topic_names_group_node_and_device():
    assert device_of(METER.format("DDATA")) == "campus/cellar/meter"
    assert device_of("site/" + NODE.format("NDEATH")) == "campus/cellar"
    assert device_of("spBv1.0/STATE/scada") == ""
