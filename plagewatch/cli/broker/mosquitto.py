"""Mosquitto's configuration and access list as text. Pure; why each line is as it is stands in the file itself."""

from collections.abc import Iterable
from dataclasses import dataclass

from plagewatch.cli.broker.loggers import Logger

PLAIN, TLS, CERTIFICATES = 1883, 8883, 8884

# A payload of 1 MiB is the most that a decoder reads, and one above it is still kept with its reason.
MAX_PACKET_BYTES = 2 << 20


@dataclass(frozen=True, slots=True)
class Choices:
    """What an operator may choose; a next run goes by the same. at: the folder of these files as the broker sees it.

    persistence: its data folder. plain: address on which it listens without encryption, empty for none. hosts: its
    names and addresses, for certificates; none = no certificates are made. collectors: their users, and client ids.
    """

    at: str
    persistence: str
    plain: str
    hosts: tuple[str, ...]
    collectors: tuple[str, ...]


def configuration(choices: Choices) -> str:
    """The text of mosquitto.conf."""
    return "\n".join((HEAD, _access(choices), *_listeners(choices), _keeping(choices), ""))


def access_list(collectors: Iterable[str], loggers: Iterable[Logger]) -> str:
    """The text of the access list: whoever is not named in it, or asks for more, gets nothing.

    >>> from collector.own_topics import OwnTopics
    >>> print(access_list(["collector"], [Logger("cellar", OwnTopics(("dsmr/cellar/#",)))]).split("\\n\\n")[-1])
    user cellar
    topic write dsmr/cellar/#
    <BLANKLINE>
    """
    parts = [f"{COLLECTORS}\n{_collector(name)}" for name in collectors]
    for logger in sorted(loggers, key=lambda one: one.name):
        lines = [f"user {logger.name}", *(f"topic write {topic}" for topic in logger.topics.write)]
        parts.append("\n".join((*lines, *(f"topic read {topic}" for topic in logger.topics.read))))
    return "\n\n".join((LIST_HEAD, *parts)) + "\n"


HEAD = """\
# Made by `plagewatch broker config`, which writes it anew with each run."""

LIST_HEAD = """\
# Made by `plagewatch broker config`, which writes it anew with each run.
# Each logger publishes under its own name only, and hears only its own commands."""

COLLECTORS = """\
# A collector reads everything. It writes only whether it runs, and what it asks of Sparkplug edge nodes."""


def _collector(name: str) -> str:
    asks = [f"{prefix}spBv1.0/+/{kind}" for prefix in ("", "+/") for kind in ("NCMD/+", "DCMD/+/+")]
    lines = ["topic read #", "topic read $SYS/#", f"topic write plagewatch/collectors/{name}/status"]
    return "\n".join((f"user {name}", *lines, *(f"topic write {topic}" for topic in asks)))


def _access(choices: Choices) -> str:
    return f"""
per_listener_settings false
allow_anonymous false
password_file {choices.at}/passwords
acl_file {choices.at}/acl"""


# It holds for one listener, and stands in each.
SESSION = """\
# A session has its user's name: else a logger could take the collector's session, and with it what waits there.
use_username_as_clientid true"""


def _listeners(choices: Choices) -> Iterable[str]:
    if choices.plain:
        yield f"\n# Not encrypted: whoever is on the way reads passwords.\nlistener {PLAIN} {choices.plain}\n{SESSION}"
    server = f"""\
cafile {choices.at}/certs/ca.crt
certfile {choices.at}/certs/server.crt
keyfile {choices.at}/certs/server.key
tls_version tlsv1.2
{SESSION}"""
    yield f"\n# Encrypted, with user and password.\nlistener {TLS}\n{server}"
    if choices.hosts:
        yield f"""
# Encrypted, with a certificate in place of a password; its common name is the user.
listener {CERTIFICATES}
{server}
crlfile {choices.at}/certs/revoked.pem
require_certificate true
use_identity_as_username true"""


def _keeping(choices: Choices) -> str:
    return f"""
# Nothing that was acknowledged is thrown away: by default Mosquitto bounds the queue of a session that is away, and
# drops what is beyond. Only collectors can have such a queue (the access list sees to it). It stands in memory, some
# 350 bytes and the payload for each message: 20 000 meters that speak each quarter-hour make 1 GB in a day without any
# collector. The collector shows what is stored, and a session that nobody comes back for ends after two weeks.
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 0
persistent_client_expiration 14d

# A packet beyond this ends the logger's connection, which its owner sees. `message_size_limit` would tell a logger
# that speaks MQTT 3.1.1 that its message was taken, and throw it away.
max_packet_size {MAX_PACKET_BYTES}

# What was acknowledged since the last writing is lost when the broker is killed or the power fails: a stop writes it.
# Each writing takes as long as what waits is large (0.4 s for a million messages). `autosave_on_changes` would write
# all of it with every message.
persistence true
persistence_location {choices.persistence.rstrip("/")}/
autosave_on_changes false
autosave_interval 1

# The collector reads these figures.
sys_interval 10
set_tcp_nodelay true"""
