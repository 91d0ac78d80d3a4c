"""The same registers built by the code before the names work: what that work adds to a build, in the same run.

The last commit before it is unpacked beside the bench's nations and compiled there; the work tree is not touched.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.foundation import POSTGRES_REGISTERS
from bench.names.nations import WORK, Nation
from nation.loading import load_postgres
from ronda.demo.postgres_cluster import PostgresCluster

COMMIT = "96c7e88aedc7d012aa3d3a137ac830faf03ff290"
_ROOT = Path(__file__).parent.parent.parent


def tree_of(commit: str) -> Path | None:
    """The compiled tree of a commit; None where the repository's history is not at hand."""
    tree = WORK / f"foundation-{commit[:10]}"
    stamp = tree / "compiled"
    if stamp.exists():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", commit], cwd=_ROOT, capture_output=True, check=False)
    if packed.returncode != 0:
        return None
    subprocess.run(["tar", "-x"], input=packed.stdout, cwd=tree, check=True)
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=tree, check=True, stdout=subprocess.DEVNULL
    )
    stamp.touch()
    return tree


def seconds(nation: Nation, runs: int = 1) -> list[float] | None:
    """Build times of the foundation's indexer on the nation's registers; None when it cannot be had."""
    tree = tree_of(COMMIT)
    if tree is None:
        return None
    return built(nation, tree, runs)


def built(nation: Nation, tree: Path, runs: int = 1) -> list[float]:
    """Cold builds by the indexer of a source tree, in seconds as it reports them."""
    data = nation.directory / "other-build"
    times = build_by(nation, tree, data, runs)
    shutil.rmtree(data, ignore_errors=True)
    return times


def build_by(nation: Nation, tree: Path, data: Path, runs: int = 1) -> list[float]:
    """As built, and the last of them stays in `data`."""
    source = nation.directory / "nation"
    times = []
    environment = dict(os.environ) | {"PYTHONPATH": str(tree)}
    with PostgresCluster(nation.directory / "other-postgres") as cluster:
        load_postgres(source, cluster.dsn)
        dsns = [word for register in POSTGRES_REGISTERS for word in ("--postgres", f"{register}={cluster.dsn}")]
        for _ in range(runs):
            shutil.rmtree(data, ignore_errors=True)
            done = subprocess.run(
                [sys.executable, "-m", "ronda.command", "index", "--data", str(data),
                 "--sources", str(source / "registers"), *dsns, "--json"],
                check=True, stdout=subprocess.PIPE, cwd=tree, env=environment,
            )  # fmt: skip
            times.append(float(json.loads(done.stdout)["seconds"]))
    shutil.rmtree(nation.directory / "other-postgres", ignore_errors=True)
    return times
