"""`bench ledger` measures what it says, and its last line is a verdict."""

import json
import subprocess

from plagewatch.bench.figures import Figure


def test_a_promise_is_kept_up_to_its_figure():
    assert Figure("a year", 50.0, "ms", 50.0).kept
    assert not Figure("a year", 50.1, "ms", 50.0).kept
    assert Figure("a year", 1e9, "ms").kept
    assert "at most 50 ms" in Figure("a year", 1.0, "ms", 50.0).line()
    assert "promised" not in Figure("a year", 1.0, "ms").line()


def test_every_figure_is_measured_on_this_machine(plagewatch_command):
    command = [*plagewatch_command, "bench", "ledger", "--meters", "1", "--runs", "1", "--json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    measured = json.loads(ended.stdout)
    assert all(figure["value"] > 0.0 for figure in measured)
    promised = {figure["promised"] for figure in measured} - {None}
    assert promised == {50.0, 5.0, 0.3}  # the import is promised for 100 meters
    # A busy machine may be slow, but then it must say so.
    assert ended.returncode == (0 if all(figure["kept"] for figure in measured) else 1)
    assert sum("plain" in figure["what"] for figure in measured) >= 4
