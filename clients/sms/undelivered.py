"""The replies that the SMSC did not take in the end: the gateway informs their officers at their next message.

In memory: a gateway that ends forgets them. An officer without an answer has no green light and asks again.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from clients.sms import wording

if TYPE_CHECKING:
    from clients.sms.journal import Entry

GUATEMALA = ZoneInfo("America/Guatemala")
_MOST = 10_000  # telephones


class Undelivered:
    """Undelivered replies by telephone: how many, and the time of the last message."""

    def __init__(self) -> None:
        self._of: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def put(self, entry: Entry) -> None:
        """Remembers a reply that is given up."""
        count, at = self._of.pop(entry.sender, (0, 0.0))
        self._of[entry.sender] = (count + 1, max(at, entry.at))
        if len(self._of) > _MOST:
            self._of.popitem(last=False)

    def take(self, sender: str) -> str:
        """Returns the notice for that telephone, once; "" = none."""
        count, at = self._of.pop(sender, (0, 0.0))
        if not count:
            return ""
        when = f"{datetime.fromtimestamp(at, GUATEMALA):%H:%M}"
        return f"{wording.NOT_DELIVERED if count == 1 else wording.NONE_DELIVERED} {when}"
