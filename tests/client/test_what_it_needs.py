"""Needs of the client library: gRPC and protobuf; signatures of the hot list alone need more."""

from __future__ import annotations

import subprocess
import sys

# `None` in sys.modules is a package that cannot be imported.
WITHOUT = """
import sys
sys.modules["cryptography"] = None
import clients.client.asynchronous
import clients.client.blocking
ronda = clients.client.blocking.Ronda("127.0.0.1:1")
try:
    ronda.hot_list(None)
except ImportError as error:
    print(error.name)
"""


def test_a_check_needs_no_cryptography() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["cryptography"] or done.stdout.startswith("cryptography.")
