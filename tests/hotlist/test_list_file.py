"""A list's size and form, and what of it is left out where there is no room."""

from __future__ import annotations

import itertools
import random
import zlib
from pathlib import Path

import pytest

from ronda.v1 import alert_pb2, check_service_pb2, hotlist_service_pb2
from server.hotlist.entries import GRAVEST_FIRST, Listed
from server.hotlist.list_file import BLOCK_ENTRIES, read_list, write_list

_GIVEN = (
    "JUAN",
    "JOSE",
    "MARIA",
    "LUIS",
    "CARLOS",
    "ANA",
    "ROSA",
    "PEDRO",
    "MIGUEL",
    "ANGEL",
    "JORGE",
    "MARIO",
    "OSCAR",
)
_SURNAMES = (
    "LOPEZ",
    "GARCIA",
    "MORALES",
    "PEREZ",
    "CASTILLO",
    "RAMIREZ",
    "VASQUEZ",
    "GOMEZ",
    "TZUL",
    "CHOC",
    "CAAL",
    "CUX",
)
_COURTS = [f"Juzgado {n} de Primera Instancia Penal, {p}" for n in ["Primero", "Segundo", "Octavo"] for p in _SURNAMES]
ENTRIES = 20_000


def _listed(rows: int, kind: int = alert_pb2.ALERT_KIND_WARRANT) -> list[Listed]:
    chance = random.Random(20261124)
    found = []
    for _ in range(rows):
        entry = hotlist_service_pb2.HotlistEntry(
            key=f"{chance.randrange(10**12, 4 * 10**12)}",
            kind=kind,  # type: ignore[arg-type]
            name=" ".join(chance.choice(words) for words in (_GIVEN, _GIVEN, _SURNAMES, _SURNAMES)),
            authority=chance.choice(_COURTS),
        )
        entry.action.code, entry.action.text = "DETAIN", "Detener y poner a disposición de juez"
        entry.record.register_id = "oj"
        entry.record.record_id = (
            f"{chance.randrange(20_000):05}-{chance.randrange(2005, 2027)}-{chance.randrange(99_999):05}"
        )
        issued = chance.randrange(20050101, 20261231)
        cui = check_service_pb2.IDENTIFIER_KIND_CUI
        found.append(Listed(cui, GRAVEST_FIRST.index(kind), issued, entry))
    return found


def test_half_a_million_entries_fit_in_25_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "list"
    write_list(path, "g", _listed(ENTRIES), ENTRIES, b"")
    made = read_list(path)
    assert made is not None and made.entries == ENTRIES
    assert sum(made.sizes) / ENTRIES * 500_000 <= 25_000_000
    assert max(made.sizes) <= 65_536


def test_what_was_written_is_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "list"
    listed = _listed(1_000)
    listed += [Listed(each.key_kind, each.gravity, each.issued, each.entry) for each in listed[:50]]  # two of one key
    write_list(path, "g", listed, 10_000, b"")
    made = read_list(path)
    assert made is not None
    blocks = [hotlist_service_pb2.HotlistBlock.FromString(zlib.decompress(block)) for block in made.blocks()]
    keys = [entry.key for block in blocks for entry in block.entries]
    assert keys == sorted(each.entry.key for each in listed)
    assert all(len(block.entries) <= BLOCK_ENTRIES for block in blocks)
    for before, after in itertools.pairwise(blocks):
        assert before.entries[-1].key < after.entries[0].key, "a key is in one block"


def test_a_list_that_was_replaced_is_not_sent_as_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "list"
    write_list(path, "g", _listed(300), 1_000, b"", left_out=3)
    made = read_list(path)
    assert made is not None and (made.left_out, made.is_replaced()) == (3, False)
    write_list(path, "g", _listed(200), 1_000, b"")
    assert made.is_replaced()
    with pytest.raises(OSError):
        next(made.blocks())
    path.unlink()
    assert made.is_replaced()


def test_the_least_grave_and_oldest_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "list"
    bans, warrants = _listed(300, alert_pb2.ALERT_KIND_TRAVEL_BAN), _listed(300)
    write_list(path, "g", [*bans, *warrants], 450, b"")
    made = read_list(path)
    assert made is not None and (made.entries, made.left_out) == (450, 150)
    kept = [
        (entry.kind, entry.record.record_id)
        for block in made.blocks()
        for entry in hotlist_service_pb2.HotlistBlock.FromString(zlib.decompress(block)).entries
    ]
    newest = sorted(bans, key=lambda each: -each.issued)[:150]
    expected = {(each.entry.kind, each.entry.record.record_id) for each in [*warrants, *newest]}
    assert set(kept) == expected
