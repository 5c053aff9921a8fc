"""`bench ingest` in its short form: every row is measured and nothing is lost; how fast it is no test can promise."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.service

SHORT = ["--singles", "3000", "--frames", "300", "--devices", "50", "--known", "200", "--json"]


@pytest.fixture
def measured(plagewatch_command, missing, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # a name longer than a socket's would do no harm here

    def run(*more: str) -> dict[str, dict]:
        for program, where in (("mosquitto", "/usr/sbin"), ("influxd", str(Path.home() / ".local" / "bin"))):
            if not (shutil.which(program) or shutil.which(program, path=where)):
                missing(f"NO {program.upper()}")
        command = [*plagewatch_command, "bench", "ingest", *SHORT, *more]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
        assert ended.returncode in (0, 1), ended.stderr
        figures = json.loads(ended.stdout)
        assert ended.returncode == (0 if all(figure["kept"] for figure in figures) else 1)
        return {figure["what"]: figure for figure in figures}

    return run


def test_nothing_is_lost_and_every_row_is_there(measured):
    figures = measured()
    for what in ("one reading a message", "frames of 100 readings"):
        for way in ("live", "draining a queue"):
            assert figures[f"collector, {what}, {way}"]["value"] > 0
            assert figures[f"collector, {what}, {way}: lost"]["value"] == 0
            assert figures[f"collector, {what}, {way}: its CPU"]["value"] > 0
        assert figures[f"collector, {what}: greatest memory"]["value"] > 20
    assert figures["the database alone, the same points as ready line protocol"]["value"] > 0
    assert figures["collector, killed under load: times"]["value"] == 3
    assert figures["collector, killed under load: acknowledged and not stored"]["value"] == 0
    assert figures["collector, killed under load: meters with more or fewer readings than were sent"]["value"] == 0
    poison = "payload that cannot be parsed"
    assert figures[f"{poison}: kept with its reason"]["value"] == 100
    assert figures[f"{poison}: through the decoders once more"]["value"] == 100
    assert figures[f"{poison}: readings behind it that are lost"]["value"] == 0
    assert figures["collector, 200 known meters, one reading of each: lost"]["value"] == 0


def test_a_row_that_is_none_is_refused(plagewatch_command):
    command = [*plagewatch_command, "bench", "ingest", "--rows", "nonsense"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "nonsense" in ended.stderr) == (2, True)
