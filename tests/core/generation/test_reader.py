"""The core's reader of dossiers, held against the independent reading of the same bytes on a whole nation."""

from __future__ import annotations

import pytest

from core.generation.reader import DossierReader, EntityKind
from core.generation.store import Generation
from tests.core.generation.dossier_bytes import read_dossier
from tests.kit.nation_kit import BuiltNation

NO_DAY = -(2**31)


def day(number: int) -> int | None:
    return None if number == NO_DAY else number


def test_every_dossier_is_read_as_it_lies(small_nation: BuiltNation) -> None:
    generation = Generation.open(small_nation.generation_directory)
    alerts = identifiers = 0
    kinds = set()
    for number in range(generation.entities):
        data = generation.dossier(number)
        read, plain = DossierReader(data), read_dossier(data)
        kinds.add(read.kind)
        assert (read.kind, read.subject_id) == (plain.header.kind, plain.header.subject_id)
        assert read.alerts() == [
            (a.kind, a.link_level, a.section, a.state, a.sensitivity, plain.piece(a.offset, a.length))
            for a in plain.alerts
        ]
        assert read.identifiers() == [
            (i.kind, plain.piece(i.offset, i.length).decode(), i.section, i.sensitivity, day(i.valid_from),
             day(i.valid_to))
            for i in plain.identifiers
        ]  # fmt: skip
        alerts += len(plain.alerts)
        identifiers += len(plain.identifiers)
    assert kinds == set(EntityKind)
    assert alerts > 50
    assert identifiers > 1000


def test_what_a_section_states_takes_no_bytes_again(small_nation: BuiltNation) -> None:
    generation = Generation.open(small_nation.generation_directory)
    pointed_at = 0
    for number in range(generation.entities):
        dossier = read_dossier(generation.dossier(number))
        if not dossier.records or len(dossier.data) > 8192:  # in a long one not all of it is searched
            continue
        first, last = dossier.records[0].offset, dossier.records[-1].offset + dossier.records[-1].length
        for identifier in dossier.identifiers:
            stands_at = dossier.data.find(dossier.piece(identifier.offset, identifier.length), first, last)
            if identifier.length >= 4 and stands_at >= 0:
                assert identifier.offset <= stands_at
                pointed_at += 1
    assert pointed_at > 1000


def test_bytes_that_are_no_whole_dossier_are_refused(small_nation: BuiltNation) -> None:
    dossier = Generation.open(small_nation.generation_directory).dossier(0)
    assert read_dossier(dossier).header.summary_length
    outside = bytearray(dossier)
    outside[68:72] = len(dossier).to_bytes(4, "little")  # summary_offset, behind its end
    for wrong in (b"", dossier[:95], dossier[:-1], dossier + b"\0", b"X" + dossier[1:], bytes(outside)):
        with pytest.raises(ValueError, match="dossier"):
            DossierReader(wrong)
