"""The list asked of the commit named in the issue, before disagreements ceased to exclude: c8cb529, the same data.

`python -m bench.foreign_list.before` takes that commit's core out of git, compiles it under build/bench/before, asks it
half A and half B about one in ten, as the peers are asked, and writes before.json beside this module. It takes some
minutes, and a checkout with its history.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from bench.foreign_list import files, verdict
from bench.foreign_list.product import Product

COMMIT = "c8cb529"
EVERY = 10  # as bench.foreign_list.peers
WRITTEN = Path(__file__).parent / "before.json"
_ROOT = Path(__file__).parent.parent.parent
_BUILT = _ROOT / "build" / "bench" / "before"


def _compile() -> None:
    """The commit's core, compiled in place once."""
    if (_BUILT / "compiled").exists():
        return
    archive = subprocess.run(["git", "archive", COMMIT], cwd=_ROOT, check=True, capture_output=True).stdout
    _BUILT.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(_BUILT, filter="data")
    subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=_BUILT, check=True)
    only = _BUILT / "only"  # its core, and nothing else of it, before ours on the path
    only.mkdir(exist_ok=True)
    (only / "core").symlink_to(_BUILT / "core")
    (_BUILT / "compiled").touch()


def _ask() -> None:
    """Runs where `core` is the commit's."""
    index, comparison = importlib.import_module("core.name_index"), importlib.import_module("core.match")
    with tempfile.TemporaryDirectory() as directory:
        listed = files.read(files.DEFAULT, "listed", "AB")
        product = Product(listed, Path(directory) / "names.bin", index, comparison, strict=True)
        found = {}
        for half in ("A", "B"):
            asked = verdict.on_questions(product.search, product.alerted, half=half, every=EVERY)
            found[half] = {"questions": asked.as_dict(), "pairs": verdict.on_pairs(product.alike, half=half).as_dict()}
    WRITTEN.write_text(
        json.dumps({"commit": COMMIT, "every": EVERY, "halves": found}, indent=1) + "\n", encoding="utf-8"
    )


def main() -> None:
    """Compiles, then asks in a process of its own."""
    if sys.argv[1:] == ["--here"]:
        _ask()
        return
    _compile()
    path = os.pathsep.join([str(_BUILT / "only"), str(_ROOT)])
    command = [sys.executable, "-P", "-m", "bench.foreign_list.before", "--here"]
    subprocess.run(command, cwd=_ROOT, check=True, env=os.environ | {"PYTHONPATH": path})


if __name__ == "__main__":
    main()
