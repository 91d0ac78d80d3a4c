"""Builds with comparable bytes: the same key and no random numbers; and builds that are killed on their way."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import orjson

from core.generation.subject_key import SUBJECT_KEY
from indexer.build.options import BuildOptions
from indexer.pipeline import build
from indexer.summary import BuildSummary
from tests.kit.nation_kit import BuiltNation

RANGE_ROWS = 500  # so that a nation of 1,000 has some fifteen ranges
_KILLED = """
import os, pathlib, signal, sys
import orjson
import indexer.linking.order, indexer.linking.stage, indexer.pipeline as pipeline
from indexer.build.options import BuildOptions
from tests.indexer.undisturbed import RANGE_ROWS

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def most_of(linked, work):
    ranges = len(list((work / "ranges").iterdir()))
    for number, batch in enumerate(linked):
        if number >= 0.9 * ranges:
            die()
        yield batch

told = orjson.loads(sys.argv[1])
os.urandom = bytes
indexer.linking.order.RANGE_ROWS = RANGE_ROWS
if told["moment"] == "ranges":
    indexer.linking.stage.count_links = die
elif told["moment"] == "check":
    pipeline.check_generation = die
else:
    whole = pipeline.assemble
    pipeline.assemble = lambda directory, entities, linked, entries, **options: whole(
        directory, entities, most_of(linked, options["temp_directory"]), entries, **options
    )
pipeline.build(BuildOptions(
    data=pathlib.Path(told["data"]), sources=pathlib.Path(told["sources"]), manifests=pathlib.Path(told["manifests"]),
    dsns=told["dsns"], quiet=True, live=told["live"],
))
"""


def options_of(nation: BuiltNation, data: Path, workers: int = 2) -> BuildOptions:
    """A build of the nation into `data`, which gets the nation's key."""
    data.mkdir(exist_ok=True)
    shutil.copyfile(nation.data / SUBJECT_KEY, data / SUBJECT_KEY)
    return BuildOptions(
        data=data, sources=nation.registers, manifests=nation.manifests, dsns=nation.dsns, workers=workers, quiet=True
    )


def kill_at(moment: str, options: BuildOptions) -> None:
    """A build that is killed: "ranges" when these were dealt, "assemble" at nine tenths of it, "check" before it."""
    told = {
        "moment": moment,
        "data": str(options.data),
        "sources": str(options.sources),
        "manifests": str(options.manifests),
        "dsns": dict(options.dsns),
        "live": options.live,
    }
    done = subprocess.run([sys.executable, "-c", _KILLED, orjson.dumps(told).decode()], check=False)
    assert done.returncode == -signal.SIGKILL


def built(options: BuildOptions) -> tuple[BuildSummary, Mapping[str, bytes]]:
    """A build, and its files but the manifest, which tells times. Files hold a random number: replace `os.urandom`."""
    summary = build(options)
    directory = options.data / "generations" / summary.generation_id
    return summary, {file.name: file.read_bytes() for file in directory.iterdir() if file.name != "MANIFEST.json"}
