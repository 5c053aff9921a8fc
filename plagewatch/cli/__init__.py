"""The command line: the one place, with `demo`, where the rooms are put together."""


def main() -> None:
    """Entry point of the command `plagewatch`."""
