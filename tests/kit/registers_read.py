"""The registers in MANIFEST.json beside the oracle's reading of them."""

from __future__ import annotations

from tests.kit.nation_kit import BuiltNation
from tests.oracle.record import PERSON


def assert_registers_equal(nation: BuiltNation) -> None:
    manifest = nation.manifest
    for entry in manifest["registers"]:
        register = nation.oracle.registers[entry["ordinal"]]
        assert entry["id"] == register.id
        assert (entry["rows_read"], entry["rows_refused"]) == (register.rows_read, register.rows_refused), register.id
        assert set(entry["sections"]) == register.sections, register.id
        needed = entry["needed_sections"]
        assert set(needed["person"]) | set(needed["vehicle"]) == register.needed, register.id
    persons = sum(s.about == PERSON for s in nation.oracle.subjects)
    assert manifest["persons"] == persons
    assert manifest["vehicles"] == len(nation.oracle.subjects) - persons
