"""The reader of imports (tests/house/imports.py) reads each way in which a module is imported, or run."""

from __future__ import annotations

import pytest

from tests.house.imports import ROOT, imports_of, is_module

ENTRY = "core.engine.entry"
CYTHON = {
    "from core.engine cimport entry": ENTRY,
    "from core.engine.entry cimport answer": ENTRY,
    "from core.engine.entry cimport (  # all\n    answer,\n    other,\n)": ENTRY,
    "from core.engine cimport \\\n    entry": ENTRY,
    "from core cimport engine": "core.engine",
    "from ..engine cimport entry": ENTRY,
    "from ..engine.entry cimport answer": ENTRY,
    "from .. import engine": "core.engine",
    "from core.engine.entry cimport*": ENTRY,
    "cimport core.wire, core.engine.entry as entry": ENTRY,
    "import core.wire as wire, core.engine.entry": ENTRY,
    "cdef int f():\n    from core.engine import entry": ENTRY,
    "cdef int f(): import core.engine.entry": ENTRY,
    "a = 1; import core.engine.entry": ENTRY,
    "include '../engine/entry.pyx'": ENTRY,
    "from server.calls import wiring": "server.calls.wiring",
    "import bench": "bench",
    "f('core.engine.entry')": ENTRY,
    'a = """\n"""\nfrom bench import engine': "bench",
}
PYTHON = {
    "import core.wire, core.engine.entry as entry": ENTRY,
    "from core import engine": "core.engine",
    "from core.engine import *": "core.engine",
    "from .. import engine": "core.engine",
    "from ..engine import entry": ENTRY,
    "def f():\n    from core.engine.entry import answer": ENTRY,
    "if TYPE_CHECKING:\n    from core.engine.entry import answer": ENTRY,
    "load('core.engine.entry')": ENTRY,
    "subprocess.run([sys.executable, '-m', 'nation'])": "nation",
    "subprocess.run([sys.executable, '-m', 'nation.making'])": "nation.making",
    "execl(python, python, '-m', 'bench', 'x')": "bench",
    "os.system(f'{python} -m nation.making --out {out}')": "nation.making",
    "run([python, 'nation/making.py'])": "nation.making",
    "PLACES = {'a': 'core.engine.entry:answer'}": ENTRY,
    "exec('from nation.making import make_nation')": "nation.making",
}
TOLD = ("# from bench import engine", '"""From `bench.engine`: python -m bench.engine."""', "a = 'to import bench'")


@pytest.mark.parametrize("statement", list(CYTHON))
def test_of_cython(statement: str) -> None:
    assert CYTHON[statement] in imports_of(statement + "\n", ROOT / "core" / "answer" / "levels.pxd")


@pytest.mark.parametrize("statement", list(PYTHON))
def test_of_python(statement: str) -> None:
    assert is_module(PYTHON[statement])
    assert PYTHON[statement] in imports_of(statement + "\n", ROOT / "core" / "answer" / "levels.py")


@pytest.mark.parametrize("statement", TOLD)
@pytest.mark.parametrize("suffix", ["py", "pyx"])
def test_what_is_only_told_is_no_import(statement: str, suffix: str) -> None:
    assert imports_of(statement + "\n", ROOT / "core" / "answer" / f"levels.{suffix}") == set()
