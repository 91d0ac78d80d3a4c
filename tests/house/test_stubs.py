"""A compiled module has a stub when Python calls it, and none that only says that nobody does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
# What a .pyx gives to Python: functions, classes, values of the module.
_GIVEN = re.compile(r"^(?:def |cpdef |class |cdef class |[A-Z_]+ = )", re.MULTILINE)


def imported_by_python() -> set[str]:
    found: set[str] = set()
    for package in ("server", "indexer", "ronda", "bench", "tests", "core"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ImportFrom) and str(node.module).startswith("core"):
                    found.update({str(node.module)} | {f"{node.module}.{name.name}" for name in node.names})
    return found


def test_each_compiled_module_that_python_calls_has_a_stub_and_no_other() -> None:
    imported = imported_by_python()
    missing, idle = [], []
    sources = list((ROOT / "core").rglob("*.pyx"))
    for source in sources:
        module = ".".join(source.relative_to(ROOT).with_suffix("").parts)
        has = source.with_suffix(".pyi").is_file()
        if module in imported and not has:
            missing.append(module)
        if has and module not in imported and not _GIVEN.search(source.read_text(encoding="utf-8")):
            idle.append(module)
    assert len(sources) > 80
    assert missing == []
    assert idle == []
