"""A broken invariant ends the process by name, a dear one with RONDA_VERIFY only; a changed layout is not compiled."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

HEADER = Path(__file__).parents[3] / "core" / "machine" / "invariant.h"


def compiled(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    """Compiles a program of the header and one statement."""
    source = folder / "program.c"
    source.write_text(f'#include "{HEADER}"\nint main(void) {{ {body}; return 0; }}\n', encoding="ascii")
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", str(source), "-o", str(folder / "program")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def ended(folder: Path, body: str, verify: str = "") -> subprocess.CompletedProcess[str]:
    """Runs it."""
    compiled(folder, body).check_returncode()
    environment = os.environ | {"RONDA_VERIFY": verify}
    return subprocess.run([folder / "program"], capture_output=True, text=True, check=False, env=environment)


def test_what_does_not_hold_ends_the_process_by_name(tmp_path: Path) -> None:
    done = ended(tmp_path, 'INVARIANT(1 + 1 == 3, "sums are wrong")')
    assert done.returncode == -signal.SIGILL
    assert done.stderr == "ronda: invariant broken: sums are wrong\n"


def test_what_holds_costs_no_word(tmp_path: Path) -> None:
    done = ended(tmp_path, 'INVARIANT(1 + 1 == 2, "sums are wrong")')
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("verify", "status"), [("1", -signal.SIGILL), ("0", 0), ("", 0)])
def test_a_dear_one_is_looked_at_where_it_is_asked_for(tmp_path: Path, verify: str, status: int) -> None:
    assert ended(tmp_path, 'INVARIANT_VERIFIED(1 + 1 == 3, "sums are wrong")', verify).returncode == status


def test_a_layout_that_changed_is_not_compiled(tmp_path: Path) -> None:
    assert compiled(tmp_path, "LAYOUT(sizeof(short) == 2)").returncode == 0
    refused = compiled(tmp_path, "LAYOUT(sizeof(short) == 3)")
    assert refused.returncode != 0
    assert "the layout of a struct on disk has changed" in refused.stderr
