"""The attacks in their order, each for some seconds; each says what it did."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.attack.attacker import Attacker
from bench.attack.broken_manifests import BROKEN, break_manifest
from bench.attack.server import AttackedServer
from bench.switch_bench import set_current, twin_generation

_MANIFESTS_EVERY_S = 1.5
_REFUSED_WITHIN_S = 20.0
_GIVES_WAY = ["nice", "-n", "15"]
_HOSTILE = ("xml", "csv", "jsonl", "names")  # of tests.indexer.hostile_texts
_TAIL = b"<!---->" * 150_000 + b"<"
_POSTGRES_REGISTERS = ("renap", "sipol")
MIB = 1 << 20


@dataclass
class Ground:
    """The place of attacks, and their effects so far."""

    server: AttackedServer
    nation: Path  # registers/ of the nation that is served
    work: Path
    certificate: Path  # of the attackers' device
    bytes_of_halves: int = 0
    manifests: int = 0
    refused: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """host:port."""
        return self.server.address


Phase = Callable[[Ground, float], str]


def _attack(ground: Ground, seconds: float, *kinds: str) -> dict[str, int]:
    token = ground.certificate.with_suffix(".token").read_text(encoding="ascii")
    running = [Attacker(kind, ground.address, ground.certificate, token, seconds) for kind in kinds]
    try:
        return {attacker.kind: attacker.done() for attacker in running}
    finally:
        for attacker in running:
            attacker.end()


def _plain(unit: str, *kinds: str) -> Phase:
    def run(ground: Ground, seconds: float) -> str:
        return f"{sum(_attack(ground, seconds, *kinds).values()):,} {unit}"

    return run


def descriptors(ground: Ground, seconds: float) -> str:
    """More bare connections than both workers may open files."""
    done = _attack(ground, seconds, "bare_connections")
    return f"{done['bare_connections']:,} bare connections opened, 4,800 held"


def full_disks(ground: Ground, seconds: float) -> str:
    """Each disk filled in turn."""
    for disk in ground.server.disks.values():
        disk.fill()
        time.sleep(seconds / len(ground.server.disks))
        disk.free()
    return "data, audit, TMPDIR and log lines, one after the other"


def memory(ground: Ground, seconds: float) -> str:
    """Halves of messages, without a token."""
    sent = _attack(ground, seconds, "half_messages")["half_messages"]
    ground.bytes_of_halves += sent
    return f"{sent / MIB:,.0f} MiB of unfinished messages"


def places(ground: Ground, seconds: float) -> str:
    """Clear streams of somebody who may not, and calls without a token, that say nothing."""
    done = _attack(ground, seconds, "silent_clear_streams", "silent_strangers")
    return f"{done['silent_clear_streams']:,} silent Clear streams, {done['silent_strangers']:,} calls without a token"


def manifests(ground: Ground, seconds: float) -> str:
    """Generations with a broken MANIFEST.json, published one after the other; each is refused by name."""
    data = ground.server.disks["data"].seen
    served = (data / "CURRENT").read_text(encoding="utf-8").strip()
    ends, published = time.monotonic() + seconds, []
    while time.monotonic() < ends:
        how = BROKEN[ground.manifests % len(BROKEN)]
        ground.manifests += 1
        broken = f"{served[:-8]}{ground.manifests:08x}"
        twin_generation(data, broken)
        break_manifest(data / "generations" / broken / "MANIFEST.json", how)
        set_current(data, broken)
        published.append(broken)
        time.sleep(_MANIFESTS_EVERY_S)
        set_current(data, served)
    named: set[str] = set()
    while named < set(published) and time.monotonic() < ends + _REFUSED_WITHIN_S:
        named = {line["generation"] for line in ground.server.events("generation_refused")} & set(published)
        time.sleep(0.1)
    for broken in published:
        shutil.rmtree(data / "generations" / broken)
    ground.refused += len(named)
    return f"{len(named)} of {len(published)} broken manifests refused by name"


def hostile_sources(ground: Ground, seconds: float) -> str:
    """Beside the server: hostile texts read to their end, and the build of a source with an endless tail."""
    sources, data = ground.work / "hostile", ground.work / "hostile-data"
    shutil.rmtree(sources, ignore_errors=True)
    shutil.copytree(ground.nation / "registers", sources)
    with next((sources / "oj").glob("ordenes.xml")).open("ab") as file:
        file.write(_TAIL)
    without = [word for register in _POSTGRES_REGISTERS for word in ("--withdraw", register)]
    build = [sys.executable, "-m", "ronda.command", "index", "--data", str(data), "--sources", str(sources), *without]
    ends, built, read = time.monotonic() + seconds, 0, 0
    while time.monotonic() < ends:
        shutil.rmtree(data, ignore_errors=True)
        done = subprocess.run([*_GIVES_WAY, *build, "--json"], check=False, capture_output=True, text=True, timeout=300)
        built += 1
        if "Traceback" in done.stderr:
            ground.problems.append(f"build of a hostile source: {done.stderr[-300:]}")
        kind = _HOSTILE[read % len(_HOSTILE)]
        reader = [*_GIVES_WAY, sys.executable, "-m", "tests.indexer.hostile_texts", kind]
        subprocess.run(reader, check=True, capture_output=True, timeout=300)
        read += 1
    return f"{built} builds of a hostile source (status {done.returncode}), {read} kinds of hostile texts read"


PHASES: dict[str, Phase] = {
    "A1 descriptors": descriptors,
    "A2 full disks": full_disks,
    "A3 memory": memory,
    "A4 places": places,
    "A5 manifests": manifests,
    "A6 hostile sources": hostile_sources,
    "A7 rapid reset": _plain("calls begun and reset", "rapid_reset"),
    "A7 settings and pings": _plain("frames", "settings_flood", "ping_flood"),
    "A7 headers": _plain("header frames", "many_headers", "headers_without_end"),
    "A7 garbage, resets": _plain("connections", "garbage", "resets_in_the_handshake"),
    "A7 slow preface": _plain("bytes of prefaces", "slow_preface"),
}
