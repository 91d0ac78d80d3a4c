"""`python -m ronda.live.base_writer`: keeps the view over one base at the ledger's end, a child of `ronda live`.

Reads its orders as one JSON line from standard input and ends with that input. All that it makes can be made again.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterable

import pyarrow as pa

from core.errors import CoreError
from core.ledger.change import Change
from core.machine.freed_memory import give_back_now, keep_what_is_freed
from indexer.live.following import Follower, LiveWriterBusy
from indexer.live.writer import TickResult
from indexer.manifest.loading import ManifestError, load_manifests
from ronda.live.orders import Orders
from server import logs
from server.host.aside import step_aside
from server.host.core_dumps import forbid_core_dumps
from server.host.parent_pipe import read_orders
from server.logs import ERROR, WARNING, log

# Most of what a small step costs is the same for one change and for a hundred. So it rests a quarter of what it took:
# half showed a change after 0.38 s in place of 0.30, and left no more to others (`./run bench-live --only visible`, 28
# November 2026, three pairs). A step behind the ledger's end does not rest.
_PAUSE_SHARE, _MOST_PAUSE_S = 0.25, 0.1
_AGAIN_S = 1.0
_LAST_STEP_S = 0.5  # for the step that is under way when the parent ends


def follow(orders: Orders, stop: threading.Event) -> None:
    """Follows the base until `stop` is set. Raises LiveWriterBusy, ManifestError, OSError at the start."""
    failing, told, pause = "", False, 0.0
    with Follower(orders.data, orders.base, load_manifests(orders.manifests)) as follower:
        while not stop.wait(max(pause, orders.every_ms / 1000)):
            began = time.monotonic()
            try:
                result = follower.step()
            except Exception as error:  # workers say STALE meanwhile; what is mended is found by itself
                if failing != repr(error):
                    why = str(error) if isinstance(error, (CoreError, ManifestError, OSError)) else ""
                    log("live_changes_stand", level=ERROR, generation=orders.base, why=why, error=error)
                failing, told = repr(error), False
                stop.wait(_AGAIN_S)
                continue
            pause = 0.0 if follower.behind else min(_MOST_PAUSE_S, _PAUSE_SHARE * (time.monotonic() - began))
            if not told:
                give_back_now()  # a whole ledger was read
                sequence, contradicted = follower.sequence, result.contradicted
                log("live_writer_follows", generation=orders.base, sequence=sequence, contradicted=contradicted)
                if follower.is_of_another_ledger:
                    log("live_base_of_another_ledger", level=WARNING, generation=orders.base)
            failing, told = "", True
            _tell_refused(result)
            _tell_naming_nothing(result)


def _tell_refused(result: TickResult) -> None:
    """Logs each change that was refused: never what it held."""
    for refused in result.refused:
        log(
            "live_change_refused",
            level=WARNING,
            sequence=refused.sequence,
            register=refused.register,
            rule=refused.rule,
        )


def _tell_naming_nothing(result: TickResult) -> None:
    """Logs by register how many cancellations named no record that stands: never which."""
    for register, sequences in _by_register(result.naming_nothing).items():
        log(
            "live_cancellations_name_nothing",
            level=WARNING,
            register=register,
            cancellations=len(sequences),
            sequence=min(sequences),
        )


def _by_register(changes: Iterable[Change]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for change in changes:
        found.setdefault(change.register, []).append(change.sequence)
    return found


def _end_with_parent(stop: threading.Event) -> None:
    """Ends this process soon after its parent, within a step too: one that reads a whole ledger takes minutes."""
    while os.read(0, 1):
        pass
    stop.set()
    time.sleep(_LAST_STEP_S)
    os._exit(0)


def main() -> int:
    """Works until its input ends; 1 where the base cannot be followed, which the log says."""
    forbid_core_dumps()
    os.umask(0o077)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent's to answer
    orders = Orders.model_validate_json(read_orders())
    logs.set_up(orders.log_level, process="live", pid=os.getpid())
    keep_what_is_freed()
    step_aside(nice=2)  # of a core that another process wants at all times a quarter: 200 changes a second need as much
    pa.set_cpu_count(1)
    pa.set_memory_pool(pa.system_memory_pool())  # its own keeps 140 MB of what 200,000 changes took for a moment
    stop = threading.Event()
    threading.Thread(target=_end_with_parent, args=(stop,), daemon=True).start()
    try:
        follow(orders, stop)
    except (LiveWriterBusy, ManifestError) as error:
        log("live_changes_stand", level=ERROR, generation=orders.base, why=str(error))
        return 1
    except OSError as error:
        log("live_changes_stand", level=ERROR, generation=orders.base, why=str(error.strerror), error=error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
