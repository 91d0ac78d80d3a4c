"""One server and one office for a module's tests."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.generation.manifest import MANIFEST, sealed
from tests.certificates.counter import Counter
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import start_trusted


def as_real(nation: BuiltNation, directory: Path) -> BuiltNation:
    """The same people in a generation that nobody says is invented: of others there are only samples."""
    real = directory / "real"
    generation = real / "data" / "generations" / nation.generation_directory.name
    shutil.copytree(nation.generation_directory, generation)
    stated = json.loads((generation / MANIFEST).read_text(encoding="utf-8"))
    assert stated.pop("invented") is True
    (generation / MANIFEST).write_text(json.dumps(sealed(stated)), encoding="utf-8")
    (real / "data" / "CURRENT").write_text(f"{generation.name}\n", encoding="ascii")
    for name in ("registers", "truth"):
        (real / name).symlink_to(nation.directory / name)
    return replace(nation, directory=real)


@pytest.fixture(scope="session")
def counter(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    """Yields an office with the small nation on its server."""
    directory = Path(tmp_path_factory.mktemp("certificates"))
    nation = as_real(small_nation, directory)
    trusted = start_trusted(nation, directory)
    yield Counter(nation, trusted, directory)
    trusted.server.stop()
    shutil.rmtree(trusted.data)


@pytest.fixture(autouse=True)
def _signed_in(counter: Counter) -> None:
    """Tokens live fifteen minutes."""
    counter.sign_in()
