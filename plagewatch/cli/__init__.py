"""The command line: the one place, with `demo`, where the rooms are put together."""

import sys


def main() -> None:
    """Entry point of the command `plagewatch`: exit 0 done, 1 found something wrong, 2 misuse or not possible."""
    try:
        # Loading takes a second or two, in which Ctrl-C is as good as later.
        from plagewatch.cli.main import run
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    run()
