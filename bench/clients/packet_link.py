"""A bad radio link of real packets: two network interfaces (tun), between which packets come late, or not at all.

The near end is this machine, the far end a network namespace of its own, in which a program runs with
`PacketLink.inside`. Both ends' TCP is the kernel's: what is lost is sent again as it would be on the air. Needs root,
/dev/net/tun and `ip`, as tc netem would, but no module of the kernel beyond tun.
"""

from __future__ import annotations

import fcntl
import heapq
import itertools
import os
import random
import select
import struct
import subprocess
import threading
import time

NEAR, FAR = "10.201.7.1", "10.201.7.2"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
_MOST = 65_536


class PacketLink:
    """delay_s and loss (0 to 1) are of each direction. Raises OSError or CalledProcessError where it cannot be made."""

    def __init__(self, delay_s: float, loss: float, seed: int = 7) -> None:
        self._delay_s = delay_s
        self._loss = loss
        self._dice = random.Random(seed)
        self._name = f"ronda-{os.getpid()}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent = self.lost = 0

    @property
    def inside(self) -> list[str]:
        """Returns the prefix that runs a command at the far end."""
        return ["ip", "netns", "exec", self._name]

    def __enter__(self) -> PacketLink:
        _ip("netns", "add", self._name)
        try:
            self._near, self._far = _interface("rondanear"), _interface("rondafar")
            _ip("addr", "add", NEAR, "peer", FAR, "dev", "rondanear")
            _ip("link", "set", "rondanear", "up")
            _ip("link", "set", "rondafar", "netns", self._name)
            _ip("-n", self._name, "addr", "add", FAR, "peer", NEAR, "dev", "rondafar")
            _ip("-n", self._name, "link", "set", "rondafar", "up")
            _ip("-n", self._name, "link", "set", "lo", "up")
        except BaseException:
            _ip("netns", "del", self._name)
            raise
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        os.close(self._near)
        os.close(self._far)
        _ip("netns", "del", self._name)

    def _run(self) -> None:
        late: list[tuple[float, int, int, bytes]] = []
        count = itertools.count()
        other = {self._near: self._far, self._far: self._near}
        while not self._over.is_set():
            wait = late[0][0] - time.monotonic() if late else 0.05
            for ready in select.select(list(other), [], [], min(max(wait, 0.0), 0.05))[0]:
                packet = os.read(ready, _MOST)
                self.sent += 1
                if self._dice.random() < self._loss:
                    self.lost += 1
                else:
                    heapq.heappush(late, (time.monotonic() + self._delay_s, next(count), other[ready], packet))
            while late and late[0][0] <= time.monotonic():
                _, _, to, packet = heapq.heappop(late)
                os.write(to, packet)


def _interface(name: str) -> int:
    """A tun interface of this name; the descriptor of its other side."""
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
