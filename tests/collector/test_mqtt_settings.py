"""How the connection is asked for: encrypted where an operator expects it, and refused where it cannot be as meant."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from paho.mqtt.subscribeoptions import SubscribeOptions
from pydantic import ValidationError

from collector.mqtt_settings import MqttSettings, Tls, TlsUnusable, connect_properties, subscriptions, tls_context
from plagewatch.cli.broker import authority
from plagewatch.settings import Settings


@pytest.mark.parametrize(
    ("given", "encrypted"),
    [
        ({}, False),
        ({"mqtt_port": 8883}, True),
        ({"mqtt_port": 8884}, True),
        ({"mqtt_port": 8883, "mqtt_tls": "off"}, False),
        ({"mqtt_tls": "on"}, True),
        ({"mqtt_ca_file": "ca.crt"}, True),
        ({"mqtt_cert_file": "client.crt", "mqtt_key_file": "client.key"}, True),
    ],
)
def test_encrypted_where_a_port_or_a_certificate_says_so(given: dict[str, Any], encrypted: bool):
    assert Settings(**given).mqtt_encrypted() is encrypted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mqtt_ca_file": "ca.crt", "mqtt_tls": "off"}, "leave one of them out"),
        ({"mqtt_key_file": "client.key"}, "PLAGEWATCH_MQTT_CERT_FILE"),
        ({"mqtt_share": "group", "mqtt_version": 4}, "needs MQTT 5"),
        ({"mqtt_share": "a/b"}, "one level of a topic"),
        ({"mqtt_client_id": ""}, "no name for the broker"),
        ({"mqtt_client_id": "a+b"}, "no name for the broker"),
        ({"mqtt_receive_maximum": 0}, "greater than or equal to 1"),
        ({"mqtt_max_packet_bytes": 1_000_000}, "greater than or equal to 2097152"),
    ],
)
def test_what_contradicts_itself_is_refused(given: dict[str, Any], said: str):
    with pytest.raises(ValidationError, match=said):
        Settings(**given)


def test_what_mqtt_5_lets_us_ask_for():
    asked = connect_properties(MqttSettings("broker", 1883, receive_maximum=500, session_expiry_s=60, topic_aliases=9))
    names = ("SessionExpiryInterval", "ReceiveMaximum", "MaximumPacketSize", "TopicAliasMaximum")
    assert [getattr(asked, name) for name in names] == [60, 500, 16 << 20, 9]


def test_in_a_group_no_local_is_not_asked_for():
    for share, topic, no_local in (("", "#", True), ("group", "$share/group/#", False)):
        ((asked, options),) = subscriptions(MqttSettings("broker", 1883, share=share))
        assert isinstance(options, SubscribeOptions)
        assert (asked, options.noLocal, options.QoS) == (topic, no_local, 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two certificates with their keys, one of them under a password."""
    folder = tmp_path_factory.mktemp("certificates")
    secret = serialization.BestAvailableEncryption(b"secret")
    for name in ("one", "two"):
        pair = authority.authority(name, datetime.now(UTC))
        (folder / f"{name}.crt").write_bytes(pair.certificate_pem())
        (folder / f"{name}.key").write_bytes(pair.key_pem())
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "two-secret.key").write_bytes(pair.key.private_bytes(pem, form, secret))
    (folder / "text.crt").write_text("no certificate", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("ca", "certificate", "key", "said"),
    [
        ("missing.crt", None, None, "missing.crt cannot be used: No such file"),
        ("text.crt", None, None, "text.crt cannot be used"),
        ("one.crt", "missing.crt", "one.key", "missing.crt with the key"),
        ("one.crt", "two.crt", "one.key", "key values mismatch"),
        ("one.crt", "two.crt", "two-secret.key", "its key has a password"),
        ("one.crt", "text.crt", None, "text.crt cannot be used"),
    ],
)
def test_a_file_that_is_no_use_is_named(files, ca, certificate, key, said):
    tls = Tls(files / ca, files / certificate if certificate else None, files / key if key else None)
    with pytest.raises(TlsUnusable, match=said):
        tls_context(tls)


def test_names_and_certificates_are_always_verified(files):
    context = tls_context(Tls(files / "one.crt", files / "one.crt", files / "one.key"))
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
