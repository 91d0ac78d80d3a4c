"""The command as a shell uses it: -h, help, a slip in its name, a reader that has enough, an output that is closed."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.command.test_command import RONDA, ROOT, ronda


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Runs a line in which $RONDA is the command."""
    line = line.replace("$RONDA", " ".join(RONDA))
    return subprocess.run(["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_help_by_every_name_that_people_try() -> None:
    whole = ronda("--help").stdout
    assert ronda("-h").stdout == ronda("help").stdout == whole
    assert ronda("check", "-h").stdout == ronda("help", "check").stdout == ronda("check", "--help").stdout
    assert whole.index("Consultar:") < whole.index("Instituciones:") < whole.index("Operar:")


def test_a_slip_in_a_name_is_answered_with_the_name() -> None:
    done = ronda("chekc", "P-323ZZB")
    assert (done.returncode, "¿quiso decir 'check'?" in done.stderr) == (2, True)


def test_a_reader_that_has_enough_is_no_failure() -> None:
    """141, as of any command that a closed pipe ends; nothing is said of it."""
    done = shell("{ $RONDA --help; $RONDA check --help; $RONDA --help; } | head -1; echo ${PIPESTATUS[0]}")
    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] in ("0", "141")


def test_a_reader_that_has_enough_of_an_answer_is_no_failure() -> None:
    """Painted and plain output alike: rich ends with 1 where its reader has closed."""
    read, write = os.pipe()
    os.close(read)
    code = "from clients.terminal.told_console import ToldConsole; ToldConsole().print('ROJO')"
    done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_closed_output_is_said() -> None:
    done = shell("$RONDA --help >&-")
    assert (done.returncode, "Traceback" in done.stderr, "La salida está cerrada" in done.stderr) == (2, False, True)
