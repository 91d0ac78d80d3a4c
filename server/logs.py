"""JSON log lines with event names, and nothing personal in them.

`log(event, field=...)` is the only way in: an event name from the code and fields that the caller chose. Exceptions are
logged by type and stack; their text is left out, for it may quote what was asked. Lines of foreign libraries keep their
logger, level and place only, for the same reason.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

_LOGGER = logging.getLogger("ronda")
_EVENT = "event"
_FIELDS = "ronda_fields"  # in one attribute: LogRecord has names of its own, "module" or "name", and refuses them


class _Formatter(JsonFormatter):
    """One JSON object a line: time, level, event, then the event's fields."""

    def __init__(self, static_fields: dict[str, Any]) -> None:
        super().__init__(
            ["levelname"],
            timestamp="time",
            rename_fields={"levelname": "level"},
            static_fields=static_fields,
            json_ensure_ascii=True,  # no text that a field holds steers the terminal that shows a log
            exc_info_as_array=True,
        )

    def process_log_record(self, log_data: LogData) -> LogData:
        log_data["level"] = str(log_data["level"]).lower()
        for name, value in log_data.pop(_FIELDS, {}).items():
            log_data[f"{name}_" if name in log_data else name] = value
        return log_data

    def format(self, record: logging.LogRecord) -> str:
        if record.name != _LOGGER.name:
            own = logging.LogRecord(
                _LOGGER.name, record.levelno, record.pathname, record.lineno, "", (), record.exc_info, record.funcName
            )
            own.event = "library_message"
            own.logger = record.name
            own.place = f"{record.module}:{record.lineno}"
            record = own
        return super().format(record).replace("\x7f", "\\u007f")

    def formatException(
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None] | Any
    ) -> Any:
        return stack_of(ei[1]) if ei and ei[1] is not None else []


def stack_of(error: BaseException) -> list[str]:
    """The types and frames of `error` and of its causes, outermost last; without their texts."""
    lines: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(lines) < 200:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        frames = traceback.extract_tb(seen.__traceback__)
        lines += [f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return lines


def printable(text: str) -> str:
    """A text for people on standard error, its characters that steer a terminal or hide as escapes."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


def set_up(level: str, **static_fields: Any) -> None:
    """Sends every log line of this process to standard error as JSON; `static_fields` head each line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(static_fields))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _LOGGER.setLevel(level.upper())


def log(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """Writes one line. `fields` must hold no CUI, name, plate, telephone, query or request bytes."""
    if _LOGGER.isEnabledFor(level):
        exc_info = (type(error), error, error.__traceback__) if error is not None else None
        _LOGGER.log(level, "", extra={_EVENT: event, _FIELDS: fields}, exc_info=exc_info)


DEBUG, INFO, WARNING, ERROR = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR
