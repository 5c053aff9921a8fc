"""What an organisation of InfluxDB needs before it can be used: its buckets, and a token for each room."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from influxdb_client.domain.authorization import Authorization
from influxdb_client.domain.permission import Permission
from influxdb_client.domain.permission_resource import PermissionResource

from plagewatch.store.names import ENERGY_BUCKET, EVIDENCE_BUCKET
from plagewatch.store.series.influx_connection import InfluxConnection
from plagewatch.store.series.influx_rights import RIGHTS
from plagewatch.store.series.influx_trouble import Asked, told
from plagewatch.store.series.protocol import SeriesError

DAY_S = 86_400

SHARD_DAYS = 28
"""Years are asked for at once, and each shard is a file to open: a month each, not the week that is the default."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long the buckets keep what is in them [days], None = for ever; and the days in one file of theirs."""

    days: Mapping[str, int | None] = field(default_factory=lambda: {EVIDENCE_BUCKET: None, ENERGY_BUCKET: None})
    shard_days: int = SHARD_DAYS


def make_buckets(influx: InfluxConnection, wanted: Keeping, fix: bool) -> list[str]:
    """Make the buckets that are not there; a sentence for each thing done, and for each that is not as it should be.

    A bucket that keeps things for another time is told, and changed only with `fix`: what is too old for the new time
    is deleted by InfluxDB. Raises SeriesError.
    """
    influx.ping()
    said = []
    for name, days in wanted.days.items():
        with told(Asked(influx.url, f"the bucket `{name}`")):
            buckets = influx.client.buckets_api()
            rule = _rule(days, wanted.shard_days)
            # Asked for by name, a bucket that is not there is an error to a token of this organisation alone.
            bucket = next((one for one in buckets.find_buckets_iter(org=influx.org) if one.name == name), None)
            if bucket is None:
                buckets.create_bucket(bucket_name=name, org=influx.org, retention_rules=[rule])
                said.append(f"bucket `{name}` is made: it keeps everything {_for(days)}")
                continue
            kept_s = sum(int(one.every_seconds or 0) for one in bucket.retention_rules[:1])
            if kept_s != (days or 0) * DAY_S and fix:
                bucket.retention_rules = [rule]
                buckets.update_bucket(bucket)
                said.append(f"bucket `{name}` now keeps everything {_for(days)}")
            elif kept_s != (days or 0) * DAY_S:
                said.append(_amiss(name, kept_s, days))
    return said


def _amiss(name: str, kept_s: int, days: int | None) -> str:
    if not kept_s:
        return f"bucket `{name}` keeps everything for ever, and not {_for(days)}: --fix would delete what is older"
    return (
        f"ATTENTION: `{name}` DELETES what is older than {kept_s / DAY_S:g} days, but is to keep it {_for(days)}: "
        "`plagewatch store init --fix` changes that"
    )


@dataclass(frozen=True, slots=True)
class Token:
    """A token of one room; text: empty where InfluxDB no longer tells it. made: it was not there before."""

    room: str
    text: str
    made: bool


def make_tokens(influx: InfluxConnection) -> list[Token]:
    """A token for each room and for Grafana that may do what it needs and nothing else; one that is there is kept.

    Found again by its description. Raises SeriesError where the token in use may not make others.
    """
    with told(Asked(influx.url, "making tokens")):
        buckets = {one.name: one.id for one in influx.client.buckets_api().find_buckets_iter(org=influx.org)}
        organisations = influx.client.organizations_api().find_organizations(org=influx.org)
        if not organisations or not {EVIDENCE_BUCKET, ENERGY_BUCKET} <= buckets.keys():
            raise SeriesError(
                f"InfluxDB at {influx.url} shows this token no organisation {influx.org!r} with both buckets: tokens "
                "are made with an all-access token of that organisation, or the operator's",
                retryable=False,
            )
        org_id = organisations[0].id
        api = influx.client.authorizations_api()
        there = {one.description: one for one in api.find_authorizations(org=influx.org)}
        return [_token(api, room, there.get(_description(room)), buckets, org_id) for room in RIGHTS]


def _token(api: Any, room: str, there: Any, buckets: Mapping[str, str], org_id: str) -> Token:
    rights = RIGHTS[room]
    wanted = {("read", buckets[name]) for name in rights.reads} | {("write", buckets[name]) for name in rights.writes}
    if there is not None:
        held = {(one.action, one.resource.id) for one in there.permissions}
        if held == wanted and there.status == "active":
            return Token(room, there.token or "", made=False)
        api.delete_authorization(there)  # of buckets that are no more, or of what the room did in another version
    permissions = [
        Permission(action, PermissionResource(type="buckets", id=bucket, org_id=org_id))  # type: ignore[no-untyped-call]
        for action, bucket in sorted(wanted)
    ]
    wish = Authorization(org_id=org_id, permissions=permissions)  # type: ignore[no-untyped-call]
    wish.description = _description(room)
    made = api.create_authorization(authorization=wish)
    return Token(room, made.token, made=True)


def _description(room: str) -> str:
    return f"plagewatch {room}"


def _rule(days: int | None, shard_days: int) -> dict[str, object]:
    # A shard is no longer than what is kept: it goes only when all of it is old.
    shard_s = min(shard_days, days or shard_days) * DAY_S
    return {"type": "expire", "everySeconds": (days or 0) * DAY_S, "shardGroupDurationSeconds": shard_s}


def _for(days: int | None) -> str:
    return "for ever" if days is None else f"for {days} days"
