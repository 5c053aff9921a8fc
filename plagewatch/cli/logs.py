"""One line per event a person can act on, on standard error."""

import logging
import sys

import structlog


def configure() -> None:
    """Set up logging for this process. Tracebacks come plain: with every frame's values they would hold secrets."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=True),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
            ),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # asked for at each line: it may be replaced
    )
    # It would tell every second that a long piece of work is still under way; the health tells that.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
