"""Appending does not wait for the disk: not while it syncs, and not while space is set aside on it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.audit.slow_appender import RECORDS


def test_appends_go_on_while_the_disk_stands_still(tmp_path: Path) -> None:
    shim = tmp_path / "slow_disk.so"
    source = Path(__file__).with_name("slow_disk.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
    before = ":".join(filter(None, [os.environ.get("LD_PRELOAD", ""), str(shim)]))  # a sanitizer's runtime stays first
    done = subprocess.run(
        [sys.executable, "-m", "tests.audit.slow_appender", str(tmp_path)],
        env={**os.environ, "LD_PRELOAD": before, "SLOW_DISK": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    whole = 2 * RECORDS + 2
    assert done.stdout.splitlines() == [f"{RECORDS + 2} 0", f"{whole} {whole}"]
