"""Real services of a run's own: Mosquitto, InfluxDB and PostgreSQL on free ports of this machine, in a folder given.

Each can be stopped, killed and started again on the same port and folder, as tests and benches of faults need it.
"""

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"

MOSQUITTO_CONFIG = (
    # Its defaults bound the queues, and what is beyond them is lost.
    "max_inflight_messages 0\nmax_queued_messages 0\npersistence true\nautosave_interval 1\n"
)


class NoService(Exception):
    """A service cannot be had on this machine; the message says what to install."""


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def binary(name: str, where: Sequence[str], install: str) -> str:
    """The path of a program. Raises NoService."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(where))
    if found is None:
        raise NoService(f"{name} is not on this machine: {install}")
    return found


@dataclass
class Service:
    """A process that serves: `start` returns once it answers.

    environment: added to this process's own. user: whom the process runs as; None = whoever runs this.
    """

    name: str
    command: list[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self, seconds: float = 60.0) -> None:
        """Start and wait until it answers. Raises TimeoutError, or ChildProcessError where it ends instead."""
        out = subprocess.DEVNULL if self.log is None else self.log.open("ab")
        try:
            self.process = subprocess.Popen(
                self.command,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                user=self.user,
                group=None if self.user is None else pwd.getpwnam(self.user).pw_gid,
                extra_groups=None if self.user is None else [],
                start_new_session=True,
            )
        finally:
            if not isinstance(out, int):
                out.close()
        end = time.monotonic() + seconds
        while not self.ready():
            if self.process.poll() is not None:
                raise ChildProcessError(f"{self.name} ended with code {self.process.returncode}, see {self.log}")
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name} did not answer within {seconds:g} s, see {self.log}")
            time.sleep(0.02)

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL for it and all its children, and wait until it is gone."""
        self._end(signal.SIGKILL, 30)

    def stop(self, seconds: float = 30.0) -> None:
        """SIGTERM, and SIGKILL where that does not help in time."""
        try:
            self._end(signal.SIGTERM, seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def cpu_s(self) -> float:
        """Processor time of the process and its threads so far [s]; 0 where it does not run."""
        return 0.0 if self.process is None else cpu_s(self.process.pid)

    def peak_rss_mb(self) -> float:
        """The most memory that the process had so far [MB]; 0 where it does not run."""
        return 0.0 if self.process is None else peak_rss_mb(self.process.pid)

    def _end(self, number: signal.Signals, seconds: float) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            # Its session's group: what it started goes with it.
            os.killpg(self.process.pid, number)
        self.process.wait(seconds)


def cpu_s(pid: int) -> float:
    """Processor time of a process and all its threads [s]; 0 where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process had [MB]; 0 where it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    lines = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return int(lines.get("VmHWM", "0 kB").split()[0]) / 1024


def mosquitto(folder: Path, config: str = "", port: int | None = None) -> tuple[Service, int]:
    """A broker that loses nothing, and its port. config: lines in place of the plain listener's. Raises NoService."""
    program = binary("mosquitto", ["/usr/sbin"], "apt-get install mosquitto")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    lines = config or f"listener {port} {HOST}\nallow_anonymous true\n"
    path = folder / "mosquitto.conf"
    # Started by root it would become another user, to whom the folder is closed.
    path.write_text(
        f"user {pwd.getpwuid(os.getuid()).pw_name}\n{lines}{MOSQUITTO_CONFIG}persistence_location {folder}/\n"
    )
    return Service("Mosquitto", [program, "-c", str(path)], lambda: listens(port), log=folder / "log"), port


@dataclass(frozen=True)
class Influx:
    """Where an InfluxDB is and who may do everything there."""

    url: str
    token: str
    org: str


def influxd(folder: Path, port: int | None = None) -> tuple[Service, Influx]:
    """An InfluxDB 2.x, to be given to `set_up` after its first start. Raises NoService."""
    program = binary("influxd", [str(Path.home() / ".local" / "bin")], "run scripts/install-influxd")
    folder.mkdir(parents=True, exist_ok=True)
    port = port or free_port()
    command = [program, "--bolt-path", f"{folder}/bolt", "--engine-path", f"{folder}/engine"]
    command += ["--sqlite-path", f"{folder}/sqlite", "--http-bind-address", f"{HOST}:{port}"]
    command += ["--reporting-disabled", "--log-level", "error"]
    where = Influx(f"http://{HOST}:{port}", secrets.token_hex(16), "plagewatch")
    return Service("InfluxDB", command, lambda: answers(f"{where.url}/health"), log=folder / "log"), where


def set_up(influx: Influx) -> None:
    """The first organisation, user and token of an InfluxDB that was just started."""
    body = {"username": "bench", "password": secrets.token_hex(8), "org": influx.org, "bucket": "setup"}
    post(f"{influx.url}/api/v2/setup", {**body, "token": influx.token})


def postgres(folder: Path, port: int | None = None) -> tuple[Service, str]:
    """A PostgreSQL with an empty database, and the SQLAlchemy URL of the records there. Raises NoService."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    where = str(versions[-1]) if versions else ""
    install = "apt-get install postgresql"
    initdb, server = binary("initdb", [where], install), binary("postgres", [where], install)
    # It refuses to run as root.
    user = "postgres" if os.getuid() == 0 else None
    folder.mkdir(parents=True, exist_ok=True)
    data, port = folder / "data", port or free_port()
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    if not data.exists():
        command = [initdb, "-D", str(data), "-U", "plagewatch", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(
            command, user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=120
        )
    command = [server, "-D", str(data), "-p", str(port), "-k", str(folder), "-c", f"listen_addresses={HOST}"]
    command += ["-c", "max_connections=200"]
    service = Service("PostgreSQL", command, lambda: _takes_questions(port), user=user, log=folder / "log")
    return service, f"postgresql+psycopg://plagewatch@{HOST}:{port}/postgres"


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def post(url: str, body: Mapping[str, object], token: str | None = None) -> dict[str, object]:
    """POST JSON to an InfluxDB and read the JSON answer. Raises urllib.error.HTTPError."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    if token:
        request.add_header("Authorization", f"Token {token}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return dict(json.loads(answer.read()))


def _takes_questions(port: int) -> bool:
    """Whether PostgreSQL is past its start: while it recovers it accepts connections and refuses them."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as connection:
            user = b"user\0plagewatch\0database\0postgres\0\0"
            connection.sendall((8 + len(user)).to_bytes(4, "big") + (3 << 16).to_bytes(4, "big") + user)
            return connection.recv(1) == b"R"
    except OSError:
        return False
