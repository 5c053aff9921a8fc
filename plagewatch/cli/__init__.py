"""The command line: the one place, with `demo`, where the rooms are put together."""

import sys


def main() -> None:
    """Entry point of the command `plagewatch`: exit 0 done, 1 found something wrong, 2 misuse or not possible."""
    # Loaded here so that a wrong Python or a broken environment is told in one sentence too.
    from plagewatch.cli.logs import configure
    from plagewatch.cli.main import app
    from plagewatch.cli.opening import Refused, say

    configure()
    try:
        app()
    except Refused as refusal:
        say(str(refusal))
        sys.exit(2)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(130)
