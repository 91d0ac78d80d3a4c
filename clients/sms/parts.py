"""Long messages, which come in parts: joined by sender and reference, in any order.

In memory: a kill loses them, and so does an SMSC that never sends the others. Bounded in all and for each sender: a
sender of a hundred first parts displaces only their own.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clients.sms.counts import Counts

_MOST_PARTS = 8
_MOST_UNJOINED = 2_000  # messages, of all senders
_MOST_OF_A_SENDER = 4
_LONGEST_PART = 254  # characters, what short_message can hold
_UDHI = 0x40

_Key = tuple[str, int, int]


@dataclass(repr=False)
class _Unjoined:
    """began: monotonic."""

    began: float
    texts: dict[int, str] = field(default_factory=dict)


class Parts:
    """The parts that wait for others."""

    def __init__(self, counts: Counts, keep_s: float) -> None:
        self._counts, self._keep_s = counts, keep_s
        self._unjoined: OrderedDict[_Key, _Unjoined] = OrderedDict()

    def __len__(self) -> int:
        return len(self._unjoined)

    def joined(self, deliver_sm: Any) -> str | None:
        """The whole text once the last part is here; None before, and of what is no part."""
        self._counts.add("parts")
        reference, number, total = deliver_sm.get_segmentation_data()
        if deliver_sm.esm_class & _UDHI and reference > 0xFF:
            reference >>= 16  # aiosmpplib reads two bytes too many
        text = deliver_sm.short_message or deliver_sm.message_payload
        if not 1 <= number <= total <= _MOST_PARTS or len(text) > _LONGEST_PART:
            self._counts.add("parts_given_up")
            return None
        key = (deliver_sm.source.number, reference, total)
        found = self._unjoined.get(key)
        if found is None:
            self._make_room(key[0])
            found = self._unjoined[key] = _Unjoined(time.monotonic())
        found.texts[number] = text
        if len(found.texts) < total:
            return None
        del self._unjoined[key]
        return "".join(found.texts[each] for each in sorted(found.texts))

    def _make_room(self, sender: str) -> None:
        now = time.monotonic()
        while self._unjoined:
            began = next(iter(self._unjoined.values())).began
            if now - began < self._keep_s and len(self._unjoined) < _MOST_UNJOINED:
                break
            self._unjoined.popitem(last=False)
            self._counts.add("parts_given_up")
        own = [key for key in self._unjoined if key[0] == sender]
        for key in own[: max(0, len(own) - _MOST_OF_A_SENDER + 1)]:
            del self._unjoined[key]
            self._counts.add("parts_given_up")
