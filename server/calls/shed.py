"""Calls that were shed: counted by cause and device, logged summed. Devices are named, officers never."""

from __future__ import annotations

import asyncio
import json
from collections import Counter

from core.access.caller import Caller
from server.logs import WARNING, log
from server.metrics import counts as call_metrics

_LOGGED_EVERY_S = 60.0
_LOOK_S = 1.0
_DEVICES = 64  # of a worker that have a count of their own: a label is kept for ever
_TOLD = 8  # in a log line


class ShedCalls:
    """State of one worker. Lives in the event loop's thread."""

    def __init__(self) -> None:
        self._names: dict[int, str] = {}  # of devices, by key
        self._causes: Counter[str] = Counter()  # since the last line
        self._devices: Counter[str] = Counter()

    def count(self, cause: call_metrics.ShedCause, caller: Caller | None = None) -> None:
        """Counts one more, for this caller if known."""
        call_metrics.SHED.labels(cause).inc()
        self._causes[cause] += 1
        if caller is not None:
            device = self._name(caller)
            call_metrics.SHED_BY_DEVICE.labels(cause, device).inc()
            self._devices[device] += 1

    def _name(self, caller: Caller) -> str:
        name = self._names.get(caller.device_key)
        if name is None:
            if len(self._names) >= _DEVICES:
                return "other"
            name = str(json.loads(caller.identity).get("device", ""))
            self._names[caller.device_key] = name
        return name

    async def watch(self) -> None:
        """Writes a line at once, then one a minute at most, for ever."""
        while True:
            await asyncio.sleep(_LOOK_S)
            if self._causes:
                log(
                    "calls_shed",
                    level=WARNING,
                    causes=dict(self._causes),
                    devices=dict(self._devices.most_common(_TOLD)),
                )
                self._causes.clear()
                self._devices.clear()
                await asyncio.sleep(_LOGGED_EVERY_S)
