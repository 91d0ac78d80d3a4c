"""`python -m server.hotlist.making_process`: makes hot lists, a child of `ronda serve` that yields to all else.

Reads its orders as one JSON line from standard input and ends when that input ends. What it does: list_maker.py.
"""

from __future__ import annotations

import os
import select
import sys

from server import logs
from server.host.aside import give_way
from server.host.core_dumps import forbid_core_dumps
from server.hotlist.list_maker import ListMaker
from server.hotlist.orders import Orders

_TICK_S = 0.25
_NICE = 15


def main() -> int:
    """Works until its input ends."""
    forbid_core_dumps()
    os.umask(0o077)
    line = sys.stdin.buffer.readline()
    if not line.endswith(b"\n"):
        raise SystemExit("server.hotlist.making_process is started by `ronda serve`, not by hand")
    orders = Orders.model_validate_json(line)
    logs.set_up(orders.log_level, process="hotlist", pid=os.getpid())
    give_way(_NICE)
    maker = ListMaker(orders)
    while True:
        pause = _TICK_S if maker.tick() else 0.0
        # What comes after the orders is only the end of the input.
        if select.select([0], [], [], pause)[0] and not os.read(0, 1):
            return 0


if __name__ == "__main__":
    sys.exit(main())
