"""`python -m server.audit.checkpoint_process`: signs once a second (checkpointer.py), a child of `ronda serve`.

Reads its orders as one JSON line from standard input and ends, after a last round, when that input ends. After each
round it tells what it found (AuditReport). While another process signs for the same directory it stands by.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

from server import logs
from server.audit.checkpointer import Checkpointer
from server.audit.indexing import Indexing
from server.audit.keepers import KeeperFiles, open_keeper
from server.audit.keeping import Inconsistent
from server.audit.key_chain import CheckpointError, KeyChainError
from server.audit.keys import KeyFileError, key_id
from server.audit.process import Orders
from server.audit.seals import SealsDamaged
from server.audit.signing_file import SigningFile
from server.host.core_dumps import forbid_core_dumps
from server.host.descriptors import raise_descriptor_limit
from server.host.parent_pipe import read_orders
from server.logs import ERROR, log

TICK_S = 1.0
_LAST_ROUND_S = 30


def _open(orders: Orders, signing: SigningFile, indexing: Indexing) -> Checkpointer | None:
    """Opens the log to sign it; None while another process signs."""
    files = KeeperFiles(orders.keeper_ca, orders.keeper_cert, orders.keeper_key)
    keepers = [open_keeper(orders.keeper, files)] if orders.keeper else []
    try:
        held = signing.keys()
        # One key needs no look at the log here: the checkpointer checks it once it has the lock.
        key = held[0] if len(held) == 1 else signing.signer(orders.directory)
        checkpointer = Checkpointer(orders.directory, key, keepers, orders.retention_years, indexing=indexing.add)
        indexing.on_made = checkpointer.take_index
        return checkpointer
    except BlockingIOError:
        return None


class _Changes:
    """Takes up the next key when the file holds one. Where it cannot be, the key that signs signs on."""

    def __init__(self, signing: SigningFile) -> None:
        self._signing = signing
        self._told = ""  # why not, of the last round

    def look(self, checkpointer: Checkpointer) -> None:
        why = ""
        try:
            following = self._signing.following(checkpointer.signer)
            if following is not None:
                checkpointer.change_key(following)
        except (KeyFileError, KeyChainError, OSError) as error:
            why = str(error)
            if why != self._told:
                log("audit_key_not_changed", level=ERROR, key=key_id(checkpointer.signer), why=why)
        self._told = why


def _work(orders: Orders) -> None:
    checkpointer = None
    signing = SigningFile(orders.signing_key)
    changes = _Changes(signing)
    indexing = Indexing(orders.directory, orders.log_level)
    over = False
    try:
        while True:
            started = time.monotonic()
            if checkpointer is None and not over:
                checkpointer = _open(orders, signing, indexing)
            if checkpointer is not None:
                changes.look(checkpointer)
                checkpointer.tick()
                os.write(1, checkpointer.report().model_dump_json().encode() + b"\n")  # under a pipe's size: whole
            if over:
                indexing.finish()
                if checkpointer is not None:
                    checkpointer.tick()  # signs for the indexes
                return
            indexing.go_on()
            # What comes after the orders is only the end of the input.
            rest = max(0.0, TICK_S - (time.monotonic() - started))
            over = bool(select.select([0], [], [], rest)[0]) and not os.read(0, 1)
            if over:
                signal.alarm(_LAST_ROUND_S)  # a keeper that hangs does not keep it: the supervisor may be gone
    finally:
        if checkpointer is not None:
            checkpointer.close()


def main() -> int:
    """Works until its input ends; 1 when it cannot sign, which the log says."""
    forbid_core_dumps()
    orders = Orders.model_validate_json(read_orders())
    raise_descriptor_limit()
    logs.set_up(orders.log_level, process="audit", pid=os.getpid())
    try:
        _work(orders)
    except (Inconsistent, SealsDamaged, CheckpointError, KeyFileError) as error:
        log("audit_not_signed", level=ERROR, why=str(error))
        return 1
    except OSError as error:
        log("audit_not_signed", level=ERROR, why=error.strerror or "", error=error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
