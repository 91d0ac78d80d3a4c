"""The gateway's counts, as JSON lines and as a file for Prometheus: numbers only, no personal data."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_log = logging.getLogger("ronda.sms")

NAMES = {
    "received": "messages of officers and others that the SMSC delivered",
    "put_off": "messages that the SMSC was asked to deliver later: the gateway is full",
    "accepted": "messages accepted to be answered",
    "duplicates": "messages that were the same as one accepted before, not answered again",
    "strangers": "messages of senders who never gave a right PIN, not answered",
    "limited": "messages of a sender who sent too many, not answered",
    "not_questions": "messages that were no question, not answered again",
    "looped": "messages that look like our own replies, never answered",
    "malformed": "PDUs of the SMSC that could not be read",
    "parts": "parts of long messages",
    "parts_given_up": "parts of long messages whose others never came",
    "pins": "exchanges that paid the PIN's hash",
    "renewals": "exchanges by a session",
    "pins_refused": "exchanges that were refused",
    "pins_put_off": "first PINs of unknown numbers that were not tried: too many came at once",
    "locked_out": "PINs that were not tried: the number, or the gateway, is locked",
    "questions": "questions to Ronda",
    "answers": "answers of Ronda",
    "failures": "questions without an answer: SIN RESPUESTA",
    "given_up": "replies that nobody took for a day",
    "undelivered": "replies that the SMSC refused for good or for sms_retry_s: officers are told at their next message",
    "expired": "replies too old to be sent: SIN RESPUESTA instead",
    "submitted": "replies sent to the SMSC",
    "acknowledged": "replies that the SMSC took",
    "throttled": "replies that the SMSC put off",
    "refused_for_now": "replies that the SMSC refused by a temporary error, tried again",
    "refused": "replies that the SMSC refused for good",
    "sent_again": "replies sent again, whose acknowledgement did not come",
    "left_over": "messages of an earlier process, finished by this one",
    "recalls": "changes about whom an officer looked up, told to her: the SMSC took them",
    "recalls_failed": "tries to tell an officer of a change that failed, made again",
    "binds": "binds to the SMSC",
    "receipts_delivered": "receipts of replies that arrived",
    "receipts_failed": "receipts of replies that did not arrive",
}

GAUGES = {
    "bound": "1 while the SMSC has the bind",
    "answering": "messages that wait for their answer",
    "outbox": "replies not acknowledged by the SMSC",
    "sessions": "senders within ten minutes of their PIN",
}


class Counts:
    """Counters since the start."""

    def __init__(self) -> None:
        self._values: Counter[str] = Counter()

    def add(self, name: str, by: int = 1) -> None:
        """Counts; `name` is one of NAMES."""
        self._values[name] += by

    def __getitem__(self, name: str) -> int:
        return self._values[name]

    def as_dict(self) -> dict[str, int]:
        """Every count, those of nothing too."""
        return {name: self._values[name] for name in NAMES}

    def write(self, path: Path, gauges: Mapping[str, int]) -> None:
        """Writes the text that Prometheus reads (node_exporter's textfile collector). Raises OSError.

        gauges: those of GAUGES, as they are now.
        """
        lines = []
        for name, said in GAUGES.items():
            metric = f"ronda_sms_{name}"
            lines += [f"# HELP {metric} {said}", f"# TYPE {metric} gauge", f"{metric} {gauges[name]}"]
        for name, said in NAMES.items():
            metric = f"ronda_sms_{name}_total"
            lines += [f"# HELP {metric} {said}", f"# TYPE {metric} counter", f"{metric} {self._values[name]}"]
        fresh = path.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n", encoding="ascii")
        fresh.replace(path)


class LibraryLines(logging.Handler):
    """A library's log line, as a line of ours without its text, which may hold messages."""

    def emit(self, record: logging.LogRecord) -> None:
        """Name, level and kind of the error."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        tell("library", logger=record.name, level=record.levelname, kind=kind)


def log_to(stream: TextIO) -> None:
    """The log goes there; every line is JSON."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False
    logging.getLogger().addHandler(LibraryLines(logging.WARNING))


def tell(event: str, **facts: str | int | float | dict[str, int]) -> None:
    """One line of the log. Never a number of a telephone, a text, a name: callers give counts and kinds of errors."""
    _log.info(json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}))
