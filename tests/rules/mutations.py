"""The list: rule -> mutation -> the test that kills it, from mutations/*.toml, held against the code as it stands."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
LISTS = Path(__file__).parent / "mutations"


class MutationError(Exception):
    """A mutation that no longer fits the code, or that is listed wrongly: the list must be mended."""


@dataclass(frozen=True)
class Mutation:
    """One change to one file that breaks one rule."""

    area: str  # engine, linking, clearance, masks, freshness: the list's file name
    id: str
    rule: str  # what docs/answers.md says, in a few words
    file: str  # relative to the root
    was: str
    becomes: str
    test: str  # pytest node id

    @property
    def name(self) -> str:
        """Area and id."""
        return f"{self.area}/{self.id}"

    def mutated(self, text: str) -> str:
        """The file's text with the change. Raises MutationError unless `was` stands in it exactly once."""
        count = text.count(self.was)
        if count != 1:
            raise MutationError(f"{self.name}: the pattern stands {count} times in {self.file}, not once")
        return text.replace(self.was, self.becomes)

    def modules(self, tree: Path) -> list[str]:
        """Compiled modules to build anew, dotted: itself, or a .pxd's own and those that cimport it; of Python none."""
        if self.file.endswith(".py"):
            return []
        own = _dotted(Path(self.file))
        if self.file.endswith(".pyx"):
            return [own]
        uses = re.compile(rf"^from {re.escape(own)} cimport|^include \"{Path(self.file).stem}\.", re.MULTILINE)
        sources = {_dotted(p.relative_to(tree)): p for p in (tree / "core").rglob("*.pyx")}
        return sorted(name for name, p in sources.items() if name == own or uses.search(p.read_text(encoding="utf-8")))


def _dotted(source: Path) -> str:
    return ".".join(source.with_suffix("").parts)


def load(lists: Path = LISTS) -> list[Mutation]:
    """Every mutation of the lists. Raises MutationError for a name given twice and a change that changes nothing."""
    found: list[Mutation] = []
    for path in sorted(lists.glob("*.toml")):
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["mutation"]
        found += [Mutation(area=path.stem, **row) for row in rows]
    names = [mutation.name for mutation in found]
    for mutation in found:
        if names.count(mutation.name) > 1:
            raise MutationError(f"{mutation.name}: listed twice")
        if mutation.was == mutation.becomes:
            raise MutationError(f"{mutation.name}: changes nothing")
    return found


def problems(mutations: list[Mutation], root: Path = ROOT) -> list[str]:
    """Returns what does not fit the code and the tests as they stand: a line a mutation."""
    found = []
    for mutation in mutations:
        path, test = root / mutation.file, root / mutation.test.split("::")[0]
        if not path.is_file() or not test.is_file():
            found.append(f"{mutation.name}: {mutation.file if not path.is_file() else mutation.test} is no file")
            continue
        try:
            mutation.mutated(path.read_text(encoding="utf-8"))
        except MutationError as error:
            found.append(str(error))
        function = mutation.test.split("::")[-1].split("[")[0]
        if f"def {function}(" not in test.read_text(encoding="utf-8"):
            found.append(f"{mutation.name}: {mutation.test} is no test")
    return found
