"""Every compiled module is bound at once with read-only tables; those that read what strangers send have canaries."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

CORE = Path(__file__).parents[3] / "core"
SANITIZED = os.environ.get("RONDA_SANITIZE") == "1"


def read_elf(module: Path, *options: str) -> str:
    return subprocess.run(["readelf", "-W", *options, str(module)], capture_output=True, text=True, check=True).stdout


@pytest.mark.skipif(SANITIZED, reason="a build for the sanitizers is not optimised, and not hardened")
def test_every_module_is_bound_at_once_and_its_tables_are_read_only() -> None:
    modules = sorted(CORE.rglob("*.so"))
    assert len(modules) > 100
    for module in modules:
        assert "BIND_NOW" in read_elf(module, "--dynamic"), module
        assert "GNU_RELRO" in read_elf(module, "--program-headers"), module


@pytest.mark.skipif(SANITIZED, reason="a build for the sanitizers is not optimised, and not hardened")
@pytest.mark.parametrize("name", ["lane/express", "standardise/encoder", "names/folding", "engine/dispatch"])
def test_what_reads_strangers_bytes_has_canaries(name: str) -> None:
    (module,) = CORE.glob(f"{name}.*.so")
    assert "__stack_chk_fail" in read_elf(module, "--dyn-syms")
