"""Logs: one line of JSON for each event, on stderr; stdout is for what commands print."""

import json
import logging
import sys
from collections.abc import Callable
from typing import cast

import orjson
import structlog
from structlog.typing import EventDict, WrappedLogger

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


def configure_logs(level: str, mask: Callable[[str], str]) -> None:
    """Set up logging for this process, once, before anything is logged.

    Args:
        level: the least that is logged: debug, info, warning or error.
        mask: blots out key values; each finished line goes through it, whatever it was made of.
    """

    def render(_logger: WrappedLogger, _method: str, event: EventDict) -> bytes:
        return mask(_json(event)).encode()

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    # Libraries say at INFO what nobody asked for; their warnings are worth a line.
    least = max(logging.WARNING, LEVELS[level])
    logging.basicConfig(handlers=[_ToStructlog()], level=least, force=True)
    logging.captureWarnings(capture=True)


class _ToStructlog(logging.Handler):
    """Sends what libraries log the same way as our own events."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            log = structlog.get_logger()
            write = log.error if record.levelno >= logging.ERROR else log.warning
            message = record.getMessage().strip()
            write(message, logger=record.name, exc_info=record.exc_info)
        except Exception:  # noqa: BLE001  the way of the standard library: no log line stops the work
            self.handleError(record)


def _json(event: EventDict) -> str:
    """Spell an event as JSON, first what every line has."""
    first = {name: event.pop(name) for name in ("time", "level", "event")}
    ordered = first | cast("dict[str, object]", event)
    try:
        return orjson.dumps(ordered, default=repr).decode()
    except TypeError:  # what orjson refuses: lone surrogates, integers beyond 64 bits
        return json.dumps(ordered, default=repr)
