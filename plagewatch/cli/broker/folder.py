"""The folder that `broker config` writes. A next run adds what is new; whoever has a password or certificate keeps it.

`broker/` goes to the broker's machine; `loggers/<name>/` to each logger; `authority/` stays where it is, and is kept.
"""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from collector.own_topics import OwnTopics
from plagewatch.cli.broker import authority, mosquitto, passwords
from plagewatch.cli.broker.authority import Pair
from plagewatch.cli.broker.loggers import Logger
from plagewatch.cli.broker.mosquitto import Choices

STATE = "loggers.json"
SECRETS = "passwords.csv"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is asked for. loggers: all that may be let in, by name; revoke: those that no longer may."""

    choices: Choices
    loggers: Mapping[str, Logger]
    revoke: Sequence[str] = ()


@dataclass(slots=True)
class Made:
    """What a run changed, for whoever started it: lines to be shown."""

    new: list[str] = field(default_factory=list)
    certificates: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class State:
    """What former runs let in. revoked: who no longer is; serials: of the certificates made for each name.

    gone: serials that count no longer, whoever is let in again later.
    """

    choices: Choices | None
    loggers: Mapping[str, Logger]
    revoked: frozenset[str]
    serials: Mapping[str, Sequence[int]]
    gone: Sequence[int] = ()


def known(folder: Path) -> State:
    """What former runs let in. Raises ValueError where the file is damaged, OSError where it cannot be read."""
    path = folder / STATE
    if not path.exists():
        return State(None, {}, frozenset(), {})
    told = json.loads(path.read_text(encoding="utf-8"))
    loggers = {
        name: Logger(name, OwnTopics(tuple(topics["write"]), tuple(topics["read"])))
        for name, topics in told["loggers"].items()
    }
    serials = {name: [int(number) for number in numbers] for name, numbers in told["serials"].items()}
    chosen: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in told["choices"].items()
    }
    gone = [int(number) for number in told["gone"]]
    return State(Choices(**chosen), loggers, frozenset(told["revoked"]), serials, gone)


def write(folder: Path, wanted: Wanted, state: State, now: datetime) -> Made:
    """Write all of it. Raises OSError, or ValueError where a file of a former run is damaged."""
    made = Made()
    broker = folder / "broker"
    for one in (folder, broker, broker / "certs"):
        one.mkdir(parents=True, exist_ok=True)
    revoked = frozenset((*state.revoked, *wanted.revoke))
    made.revoked = sorted(revoked - state.revoked)
    loggers = {name: one for name, one in wanted.loggers.items() if name not in revoked}
    gone = [*state.gone, *(number for name in made.revoked for number in state.serials.get(name, ()))]
    state = replace(state, choices=wanted.choices, loggers=wanted.loggers, revoked=revoked, gone=gone)
    users = [*wanted.choices.collectors, *loggers]
    _passwords(folder, users, made)
    if wanted.choices.hosts:
        state = replace(state, serials=_certificates(folder, wanted, users, state, now, made))
    _put(broker / "acl", mosquitto.access_list(wanted.choices.collectors, loggers.values()).encode())
    _put(broker / "mosquitto.conf", mosquitto.configuration(wanted.choices).encode())
    _put(folder / STATE, _state_text(state).encode())
    return made


def _passwords(folder: Path, users: Iterable[str], made: Made) -> None:
    path, secrets = folder / "broker" / "passwords", folder / SECRETS
    hashes = passwords.read(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept = {user: hashes[user] for user in users if user in hashes}
    new = {user: passwords.new_password() for user in users if user not in hashes}
    if new:
        lines = "".join(f"{_quoted(user)},{password}\n" for user, password in new.items())
        # First what tells the password, then what makes it count: between the two a kill costs nothing.
        told = secrets.read_text(encoding="utf-8") if secrets.exists() else "user,password\n"
        _put(secrets, (told + lines).encode(), 0o600)
    made.new = list(new)
    _put(
        path, passwords.written({**kept, **{user: passwords.with_new_salt(new[user]) for user in new}}).encode(), 0o600
    )


def _certificates(
    folder: Path, wanted: Wanted, users: Iterable[str], state: State, now: datetime, made: Made
) -> Mapping[str, Sequence[int]]:
    certs = folder / "broker" / "certs"
    by = _pair(folder / "authority" / "ca")
    if by is None:
        by = authority.authority("plagewatch broker", now)
        _put_pair(folder / "authority" / "ca", by)
        made.certificates.append("the authority")
    _put(certs / "ca.crt", by.certificate_pem())
    own = _pair(certs / "server")
    if own is None or own.ends_soon(now) or set(authority.hosts_of(own.certificate)) != set(wanted.choices.hosts):
        _put_pair(certs / "server", authority.server(by, wanted.choices.hosts, now, own.key if own else None))
        made.certificates.append(f"the broker ({', '.join(wanted.choices.hosts)})")
    serials = {name: list(numbers) for name, numbers in state.serials.items()}
    for user in users:
        place = folder / "loggers" / user.replace("/", "+")  # a name holds no + of its own
        pair = _pair(place / "client")
        if pair is None or pair.ends_soon(now):
            pair = authority.client(by, user, now, pair.key if pair else None)
            _put_pair(place / "client", pair)
            serials.setdefault(user, []).append(pair.certificate.serial_number)
            made.certificates.append(user)
        _put(place / "ca.crt", by.certificate_pem())
    _put(certs / "revoked.pem", authority.revoked(by, state.gone, now))
    return serials


def _pair(stem: Path) -> Pair | None:
    certificate, key = stem.with_suffix(".crt"), stem.with_suffix(".key")
    if not (certificate.exists() and key.exists()):
        return None
    return Pair.read(certificate.read_bytes(), key.read_bytes())


def _put_pair(stem: Path, pair: Pair) -> None:
    stem.parent.mkdir(parents=True, exist_ok=True)
    _put(stem.with_suffix(".key"), pair.key_pem(), 0o600)
    _put(stem.with_suffix(".crt"), pair.certificate_pem())


def _put(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file as a whole or not at all; a secret is never readable for others, not even for a moment."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(34) * 2)}"' if set(text) & set(',"') else text


def _state_text(state: State) -> str:
    told = {
        "choices": None if state.choices is None else asdict(state.choices),
        "loggers": {
            name: {"write": one.topics.write, "read": one.topics.read} for name, one in sorted(state.loggers.items())
        },
        "revoked": sorted(state.revoked),
        "gone": [str(number) for number in state.gone],
        "serials": {name: [str(number) for number in numbers] for name, numbers in sorted(state.serials.items())},
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"
