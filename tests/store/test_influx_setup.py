"""What `store init` makes in a real InfluxDB, and that each room's token does its work and nothing else."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from influxdb_client.client.influxdb_client import InfluxDBClient

from plagewatch.bench import services
from plagewatch.bench.services import Influx
from plagewatch.metering.intervals import Intervals, Resolution
from plagewatch.metering.readings import Samples
from plagewatch.store.series.influx import InfluxSeries
from plagewatch.store.series.influx_rights import RIGHTS, rights_of
from plagewatch.store.series.influx_setup import Keeping
from plagewatch.store.series.protocol import Points, SeriesError, SeriesStore

pytestmark = pytest.mark.service

T0_MS = 1_795_169_700_000


@pytest.fixture
def influx(influx: Influx, influx_server: Influx) -> Influx:
    """The same organisation with what the server calls an all-access token: it may make others as well."""
    with InfluxDBClient(influx.url, influx_server.token, org=influx.org) as client:
        (there,) = client.authorizations_api().find_authorizations(org=influx.org)
        own = {"type": "users", "id": client.users_api().me().id}
        permissions = [
            *(one.to_dict() for one in there.permissions),
            *({"action": action, "resource": own} for action in ("read", "write")),
        ]
    body = {"orgID": there.org_id, "permissions": permissions}
    made = services.post(f"{influx.url}/api/v2/authorizations", body, influx_server.token)
    return Influx(influx.url, str(made["token"]), influx.org)


@pytest.fixture
def admin(influx: Influx) -> Iterator[InfluxSeries]:
    """A store whose token may do everything in its organisation."""
    opened = InfluxSeries(influx.url, influx.token, influx.org, 20)
    yield opened
    opened.close()


def write_evidence(store: SeriesStore) -> None:
    store.write_samples([Samples("m", "gas_volume", [T0_MS], [1.0], "mqtt:a", T0_MS)])


def write_energy(store: SeriesStore) -> None:
    figures = Intervals.measured(np.array([T0_MS // 1000]), np.array([2.0]))
    store.write_intervals(Resolution.QUARTER, "m", "gas", figures)


def write_progress(store: SeriesStore) -> None:
    store.write_points("plage", {"organisation": "o"}, Points(np.array([0]), {"actual_kwh": np.array([1.0])}))


def read_evidence(store: SeriesStore) -> None:
    assert store.samples("m", "gas_volume", 0, 1 << 50).value.tolist() == [1.0]


def read_energy(store: SeriesStore) -> None:
    assert store.intervals(Resolution.QUARTER, "m", 0, 1 << 40).amount.tolist() == [2.0]


WORK: dict[str, list[Callable[[SeriesStore], None]]] = {
    "collector": [write_evidence, write_energy, read_evidence, read_energy],
    "rules": [read_evidence, read_energy, write_progress],
    "api": [write_evidence, read_evidence, read_energy],
    "figures": [read_evidence, read_energy, write_energy],
    "digest": [read_evidence, read_energy],
    "grafana": [read_energy],
}
FORBIDDEN: dict[str, list[Callable[[SeriesStore], None]]] = {
    "rules": [write_evidence],
    "api": [write_energy],
    "figures": [write_evidence],
    "digest": [write_evidence, write_energy],
    "grafana": [write_evidence, write_energy, read_evidence],
}


def test_each_room_does_its_work_with_its_own_token_and_nothing_else(influx, admin):
    admin.set_up()
    write_evidence(admin)
    write_energy(admin)
    made = {token.room: token for token in admin.tokens()}
    assert made.keys() == RIGHTS.keys()
    assert all(token.made and token.text for token in made.values())
    for room, token in made.items():
        own = InfluxSeries(influx.url, token.text, influx.org, 20, needs=rights_of([room]))
        with closing(own), closing(InfluxSeries(influx.url, token.text, influx.org, 20)) as any_command:
            own.check()
            for work in WORK[room]:
                work(own)
            for work in FORBIDDEN.get(room, []):
                with pytest.raises(SeriesError, match=r"refuses the token|that this token may read") as refused:
                    work(own)
                assert not refused.value.retryable
                assert token.text not in str(refused.value)
            if room != "collector":
                with pytest.raises(SeriesError):
                    any_command.check()
            with pytest.raises(SeriesError):
                own.set_up(Keeping({"another": None}))


def test_tokens_are_found_again_and_made_anew_where_they_lead_nowhere(influx, admin):
    admin.set_up()
    first = admin.tokens()
    again = admin.tokens()
    assert [token.made for token in again] == [False] * len(RIGHTS)
    assert {token.text for token in again} <= {token.text for token in first} | {""}
    client = admin._influx.client
    (bucket,) = [one for one in client.buckets_api().find_buckets_iter(org=influx.org) if one.name == "energy"]
    client.buckets_api().delete_bucket(bucket)
    admin.set_up()
    assert all(token.made and token.text for token in admin.tokens())
    assert not any(token.made for token in admin.tokens())


def keeps_days(admin: InfluxSeries) -> dict[str, tuple[float, float]]:
    """Days that each bucket keeps, 0 = for ever, and days in a file."""
    buckets = admin._influx.client.buckets_api().find_buckets_iter(org=admin._influx.org)
    rules = {one.name: one.retention_rules[0] for one in buckets if one.name in ("evidence", "energy")}
    return {
        name: (rule.every_seconds / 86_400, rule.shard_group_duration_seconds / 86_400) for name, rule in rules.items()
    }


def test_evidence_is_kept_for_ever_unless_somebody_says_otherwise(admin):
    said = admin.set_up()
    assert len(said) == 2
    assert "for ever" in said[0]
    assert keeps_days(admin) == {"evidence": (0, 28), "energy": (0, 28)}
    assert admin.set_up() == []
    week = Keeping({"evidence": 7, "energy": None})
    (said_once,) = admin.set_up(week)
    assert "--fix would delete" in said_once
    assert keeps_days(admin)["evidence"] == (0, 28)
    admin.set_up(week, fix=True)
    assert keeps_days(admin) == {"evidence": (7, 7), "energy": (0, 28)}
    (loud,) = admin.set_up()
    assert loud.startswith("ATTENTION: `evidence` DELETES what is older than 7 days")
    assert keeps_days(admin)["evidence"] == (7, 7)
    admin.set_up(fix=True)
    assert keeps_days(admin)["evidence"] == (0, 28)


def test_the_command_makes_buckets_and_hands_out_tokens_once(influx, plagewatch_command, tmp_path):
    environment = {
        **os.environ,
        "PLAGEWATCH_INFLUX_URL": influx.url,
        "PLAGEWATCH_INFLUX_TOKEN": influx.token,
        "PLAGEWATCH_INFLUX_ORG": influx.org,
    }

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [*plagewatch_command, "store", "init", "--data", str(tmp_path / "data"), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)

    file = tmp_path / "tokens"
    first = run("--tokens", str(file))
    assert first.returncode == 0, first.stderr
    assert first.stdout == "the stores are ready\n"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = file.read_text().splitlines()
    tokens = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert tokens.keys() == RIGHTS.keys()
    assert not any(text in first.stdout + first.stderr for text in tokens.values())
    environment["PLAGEWATCH_INFLUX_TOKEN"] = tokens["collector"]
    refused = run("--tokens", "-")
    assert refused.returncode == 2
    assert "all-access token" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_embedded_store_has_no_tokens(plagewatch_command, tmp_path: Path):
    command = [*plagewatch_command, "store", "init", "--data", str(tmp_path), "--tokens", "-"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 2
    assert "PLAGEWATCH_INFLUX_URL" in run.stderr
