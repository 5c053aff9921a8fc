"""A worker of `bench rules`, a process of its own: told a line, it looks or learns, and tells what that took."""

import json
import resource
import sys
import time

from plagewatch.store.engine import open_records
from plagewatch.store.series.influx import InfluxSeries
from rules.evaluate import evaluate_due, learn_due
from rules.learning import Memory


def main() -> None:
    """Lines `look NOW_S` and `learn NOW_S` on standard input; an answer in JSON for each."""
    records, url, token, org = sys.argv[1:]
    engine, series, memory = open_records(records), InfluxSeries(url, token, org, 120), Memory()
    for line in sys.stdin:
        what, now_s = line.split()
        began, cpu = time.monotonic(), time.process_time()
        if what == "learn":
            report = learn_due(engine, series, int(now_s))
        else:
            report = evaluate_due(engine, series, int(now_s), memory)
        told = {
            "wall_s": time.monotonic() - began,
            "cpu_s": time.process_time() - cpu,
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            "units": report.units if report else 0,
            "tracks": report.tracks if report else 0,
            "changes": report.changes if report else 0,
            "failed": len(report.failed) if report else 0,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
