"""Where a run under faults keeps what it leaves behind."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from plagewatch.bench.chaos import Outcome, Plan, run
from plagewatch.bench.services import NoService


@contextmanager
def ended(plan: Plan, missing: Callable[[str], None]) -> Iterator[tuple[Outcome, Path]]:
    """A whole run and its folder, which stays where something is not as promised."""
    folder = Path(mkdtemp(prefix="plagewatch-chaos-"))
    folder.chmod(0o755)  # PostgreSQL does not run as root, and must get to its folder
    lines: list[str] = []
    try:
        outcome = run(folder, plan, lines.append)
    except NoService as error:
        shutil.rmtree(folder)
        missing(f"NO SERVICES FOR FAULTS: {error}")
        raise
    told = "\n".join([*lines, *(one.line() for one in outcome.checked), outcome.line(), f"evidence: {folder}"])
    assert outcome.kept, told
    yield outcome, folder
    shutil.rmtree(folder)
