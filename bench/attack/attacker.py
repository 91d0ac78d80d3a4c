"""`python -m bench.attack.attacker KIND ADDRESS CERTIFICATE TOKEN SECONDS`: one attack, in a process of its own.

Prints how much it did, as its kind counts. It gives way to the server's processes, for a real attacker brings
processors of his own: priority as `nice -n 15`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench.attack import floods
from bench.attack.half_messages import HalfMessages
from bench.attack.http2 import CHECK_PERSON, CLEAR
from bench.attack.silent_calls import hold_silent_calls
from bench.attack.strangers import Stranger

_GIVES_WAY = 15
_HELD = 4800  # bare connections; more are opened for those that are closed
_STREAMS = 100  # with a half of a message, on each of so many connections:
_CONNECTIONS = 4
_CLEAR_CONNECTIONS, _CLEAR_STREAMS = 8, 32  # 256
_CALL_CONNECTIONS, _CALL_STREAMS = 75, 128  # 9,600

Attack = Callable[[str, Path, str, float], int]


def bare_connections(address: str, _certificate: Path, _token: str, ends: float) -> int:
    """Connections opened; so many are held at a time."""
    with Stranger(address, _HELD) as stranger:
        time.sleep(max(0.0, ends - time.monotonic()))
    return stranger.opened


def half_messages(address: str, certificate: Path, _token: str, ends: float) -> int:
    """Bytes sent."""
    sent = [0] * _CONNECTIONS
    over = threading.Event()

    def send(number: int) -> None:
        while not over.is_set():
            try:
                half = HalfMessages(address, certificate, _STREAMS)
            except OSError:
                time.sleep(0.02)
                continue
            half.send(1 << 40, over)
            sent[number] += half.sent

    threads = [threading.Thread(target=send, args=(number,)) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, ends - time.monotonic()))
    over.set()
    for thread in threads:
        thread.join()
    return sum(sent)


def silent_clear_streams(address: str, certificate: Path, token: str, ends: float) -> int:
    """Clear streams begun by an officer who may not Clear."""
    metadata = [("authorization", f"Bearer {token}")]
    return hold_silent_calls(address, certificate, CLEAR, metadata, _CLEAR_CONNECTIONS, _CLEAR_STREAMS, ends)


def silent_strangers(address: str, certificate: Path, _token: str, ends: float) -> int:
    """Calls begun without a token."""
    return hold_silent_calls(address, certificate, CHECK_PERSON, (), _CALL_CONNECTIONS, _CALL_STREAMS, ends)


def _without_token(flood: floods.Flood) -> Attack:
    return lambda address, certificate, _token, ends: flood(address, certificate, ends)


ATTACKS: dict[str, Attack] = {
    "bare_connections": bare_connections,
    "half_messages": half_messages,
    "silent_clear_streams": silent_clear_streams,
    "silent_strangers": silent_strangers,
    **{
        flood.__name__: _without_token(flood)
        for flood in (
            floods.rapid_reset,
            floods.settings_flood,
            floods.ping_flood,
            floods.many_headers,
            floods.headers_without_end,
            floods.garbage,
            floods.slow_preface,
            floods.resets_in_the_handshake,
        )
    },
}


class Attacker:
    """A running attack."""

    def __init__(self, kind: str, address: str, certificate: Path, token: str, seconds: float) -> None:
        command = [sys.executable, "-m", "bench.attack.attacker", kind, address, str(certificate), token, str(seconds)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.kind = kind

    def done(self) -> int:
        """Waits for its end; how much it did. Raises RuntimeError when it did nothing."""
        said, _ = self._process.communicate()
        count = int(said or 0)
        if self._process.returncode or not count:
            raise RuntimeError(f"the attack {self.kind} did nothing: status {self._process.returncode}")
        return count

    def end(self) -> None:
        """Kills it, if it still runs."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()


def main() -> None:
    """Attacks."""
    kind, address, certificate, token, seconds = sys.argv[1:]
    os.nice(_GIVES_WAY)
    done = ATTACKS[kind](address, Path(certificate), token, time.monotonic() + float(seconds))
    sys.stdout.write(str(done))


if __name__ == "__main__":
    main()
