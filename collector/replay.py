"""Handles packets of the spool once more, for what was bound after they came: batch by batch, beside live packets.

The order of the writes is that of live packets, and its progress stands where their watermark does: what is killed
between two lines is done again. The live watermark never moves.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from collector.drain_report import DrainReport
from collector.known import compiled, told_after
from collector.pipeline import Lane, Pipeline
from collector.planning import Known, Plan, Scope, plan
from collector.spool_newest import Spooled
from plagewatch.store.records import replays
from plagewatch.store.records.device_memory import memory
from plagewatch.store.records.replay_progress import Part, Replay
from plagewatch.store.records.replays import Beginning, Step
from plagewatch.store.records.topic_routes import TopicRoute

BATCH_PACKETS = 500
BATCH_BYTES = 4 << 20


class Replayer:
    """Works off the replays that were asked for, the oldest first."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._known: tuple[int, Known] | None = None  # of the replay under way, by its number

    def step(self, now_ms: int) -> bool:
        """Do one batch of what was asked for; whether there may be more to do at once.

        False too where the series store asks to be tried again later; the replay then says so. Raises SpoolError, or
        the records' own error: the batch is then done again.
        """
        pipeline = self._pipeline
        with pipeline.turn:
            current = replays.waiting(pipeline.engine, pipeline.spool.name)
            if current is None:
                return False
            part = current.part(pipeline.spool.name)
            if part is None:
                self._begin(current, now_ms)
                return True
            batch = pipeline.spool.read_after(part.next_id, BATCH_PACKETS, BATCH_BYTES)
            batch = [spooled for spooled in batch if spooled.id <= part.last_id]
            if not batch:
                self._finish(part, now_ms)
                return True
            report = pipeline.bring(batch, self._lane(current, now_ms), DrainReport())
            if report.stopped:
                replays.stand_still(pipeline.engine, part, report.stopped)
            return not report.stopped

    def _begin(self, asked: Replay, now_ms: int) -> None:
        # What comes behind the watermark is handled with what is known from here on.
        pipeline = self._pipeline
        pipeline.records.read(now_ms)
        last_id = pipeline.spool.watermark()
        if asked.until_ms is not None:
            last_id = min(last_id, pipeline.spool.place_before(asked.until_ms))
        oldest = pipeline.spool.read_after(0, 1)
        first_id = min(pipeline.spool.place_before(asked.since_ms), last_id)
        oldest_ms = oldest[0].packet.received_ms if oldest else None
        replays.begin(pipeline.engine, asked, Beginning(pipeline.spool.name, first_id, last_id, oldest_ms))

    def _lane(self, current: Replay, now_ms: int) -> Lane:
        scope = scope_of(current)

        def planned(batch: Sequence[Spooled]) -> Plan:
            return plan(batch, self._known_for(current, now_ms), scope)

        def finish(batch: Sequence[Spooled], made: Plan) -> None:
            step = Step(batch[-1].id, made.packets, made.samples, made.quarantine, made.memory)
            replays.advance(self._pipeline.engine, current, self._pipeline.spool.name, step)
            known = self._known_for(current, now_ms)
            remembered = {**known.memory, **{key: value for key, (_, value) in made.memory.items()}}
            told = told_after(known.told, made.told)
            self._known = current.id, replace(known, memory=remembered, told=told)

        return Lane(planned, finish)

    def _known_for(self, current: Replay, now_ms: int) -> Known:
        """Bindings and routes of now; memory and what was told of the replay's own course."""
        live = self._pipeline.records.fresh(now_ms)
        if self._known is None or self._known[0] != current.id:
            own = replace(live, memory=memory(self._pipeline.engine, (current.id, self._pipeline.spool.name)), told={})
        else:
            own = replace(self._known[1], table=live.table, routes=live.routes)
        self._known = current.id, own
        return own

    def _finish(self, part: Part, now_ms: int) -> None:
        gone, trouble = lacking(part)
        replays.finish(self._pipeline.engine, part, now_ms, gone, trouble)
        self._pipeline.records.forget()
        self._known = None


def scope_of(asked: Replay) -> Scope:
    """Which packets a replay is about."""
    # Only the form of the topics counts here, not whose they are.
    routes = compiled([TopicRoute(asked.template, "plain_json")]) if asked.template else [None]
    return Scope(asked.device, routes[0])


def lacking(current: Part) -> tuple[int, str]:
    """How many packets the spool no longer had for a replay, and the sentence that says so; empty where it had all."""
    if current.complete_from_ms is None:
        return 0, ""
    gone = max(0, current.counted - current.packets)
    since = datetime.fromtimestamp(current.complete_from_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    which = f"{gone} packets" if gone else "packets"
    return gone, f"{which} received before {since} are no longer in the spool; it is complete from then on"
