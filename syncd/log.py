"""structlog set up once: coloured on terminals, priority-prefixed for journald, JSON on request."""

import logging
import re
import sys
from io import StringIO
from typing import TYPE_CHECKING, Literal, TextIO

from syncd import process, systemd

# It prints tracebacks with local variables by it, which we never show (they hold secrets), and
# importing it is a sixth of a start.
with process.without("rich"):
    import structlog

if TYPE_CHECKING:
    from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

Format = Literal["auto", "console", "journal", "json"]

# sd-daemon(3): <3> err, <4> warning, <6> info, <7> debug.
_PRIORITY = {"critical": 2, "error": 3, "exception": 3, "warning": 4, "info": 6, "debug": 7}


def configure(fmt: Format = "auto", level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log line to `stream` (standard error) in the form that fits who reads it."""
    out = stream or sys.stderr
    structlog.configure(
        processors=[*_shared(), *_renderers(_resolve(fmt, out), out)],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    _quieten_libraries()


def get(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry `name` as their component."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(component=name)
    return logger


bound = structlog.contextvars.bound_contextvars
"""A context in which each line also carries these values."""


def _resolve(fmt: Format, out: TextIO) -> Format:
    if fmt != "auto":
        return fmt
    if systemd.under_journald():
        return "journal"
    return "console" if out.isatty() else "json"


def _shared() -> list["Processor"]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(fmt: Format, out: TextIO) -> list["Processor"]:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
    if fmt == "console":
        return [
            stamp,
            structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=_traceback),
        ]
    if fmt == "journal":
        return [structlog.processors.format_exc_info, _journal]
    return [stamp, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


# A terminal obeys them, and journalctl shows a line that holds one as "[40B blob data]" only.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def _visible(line: str) -> str:
    """Foreign words as they are, but for what would be obeyed in place of being shown."""
    return _CONTROLS.sub(lambda it: it[0].encode("unicode_escape").decode(), line)


def _traceback(out: TextIO, exc_info: "ExcInfo") -> None:
    """The default prints local variables, and with them secrets."""
    written = StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    out.write(_visible(written.getvalue()))


_LOGFMT = structlog.processors.LogfmtRenderer(key_order=["event"], drop_missing=True)


def _journal(logger: "WrappedLogger", method: str, event: "EventDict") -> str:
    """One line with its priority in front; no time, since the journal has its own."""
    priority = _PRIORITY.get(event.pop("level", method), 6)
    if "exception" in event:  # one journal entry, not one for each line of the traceback
        event["exception"] = event["exception"].replace("\n", " | ")
    return f"<{priority}>{_visible(_LOGFMT(logger, method, event))}"


def _quieten_libraries() -> None:
    for name in ("httpx", "httpcore", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns whenever a job is still running at its next turn, which is how ticks are meant to be.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
