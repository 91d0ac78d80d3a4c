"""What the gateway counts, and tells as JSON lines and as a file for Prometheus: numbers only, nobody's."""

from __future__ import annotations

import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("ronda.sms")

NAMES = {
    "received": "messages of officers and others that the SMSC delivered",
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
    "questions": "questions to Ronda",
    "answers": "answers of Ronda",
    "failures": "questions without an answer: SIN RESPUESTA",
    "expired": "replies too old to be sent: SIN RESPUESTA instead",
    "submitted": "replies sent to the SMSC",
    "acknowledged": "replies that the SMSC took",
    "throttled": "replies that the SMSC put off",
    "refused": "replies that the SMSC refused for good",
    "sent_again": "replies sent again, whose acknowledgement did not come",
    "left_over": "messages of an earlier process, finished by this one",
    "binds": "binds to the SMSC",
    "receipts_delivered": "receipts of replies that arrived",
    "receipts_failed": "receipts of replies that did not arrive",
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

    def write(self, path: Path) -> None:
        """Writes the text that Prometheus reads (node_exporter's textfile collector). Raises OSError."""
        lines = []
        for name, said in NAMES.items():
            metric = f"ronda_sms_{name}_total"
            lines += [f"# HELP {metric} {said}", f"# TYPE {metric} counter", f"{metric} {self._values[name]}"]
        fresh = path.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n", encoding="ascii")
        fresh.replace(path)


def tell(event: str, **facts: str | int | float | dict[str, int]) -> None:
    """One line of the log. Never a number of a telephone, a text, a name: callers give counts and kinds of errors."""
    _log.info(json.dumps({"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **facts}))
