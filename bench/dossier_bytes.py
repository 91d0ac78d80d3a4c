"""The bytes of a dossier by kind, and possible savings: `python -m bench.dossier_bytes GENERATION [--persons N]`.

Persons drawn at random. "Pointed at": texts of claims and identifiers with an entry that leads into a section, which
take no bytes; "twice": those that stand in one besides. The last rows show the saving of a dictionary of common texts,
shared by all dossiers, and the cost of reading one then.
"""

from __future__ import annotations

import argparse
import random
import time
import zlib
from collections import Counter
from pathlib import Path

from bench.bars import printing_console
from core.generation.store import Generation
from tests.core.generation.dossier_bytes import Dossier, read_dossier

PERSONS = 5_000
_DICTIONARY = 32_768  # bytes, the most that deflate looks back


def parts(dossier: Dossier) -> Counter[str]:
    """Bytes by part; besides, what takes none ("pointed at: ...") and what stands in a section too ("twice: ...")."""
    found: Counter[str] = Counter({"header": 96})
    for name, entries, size in (
        ("alerts", dossier.alerts, 40),
        ("records", dossier.records, 24),
        ("owners", dossier.owners, 32),
        ("claims", dossier.claims, 40),
        ("identifiers", dossier.identifiers, 24),
    ):
        found[f"entries: {name}"] = size * len(entries)
    sections = dossier.sections()
    found["sections"] = len(sections)
    for record in dossier.records:
        found["of these: record references"] += record.reference_length
    found["hits"] = sum(alert.length for alert in dossier.alerts)
    texts = {
        "names' keys": [(c.name_offset, c.name_length) for c in dossier.claims],
        "names as read": [(c.name_text_offset, c.name_text_length) for c in dossier.claims],
        "parents": [
            pair
            for c in dossier.claims
            for pair in ((c.father_offset, c.father_length), (c.mother_offset, c.mother_length))
        ],
        "identifiers": [(i.offset, i.length) for i in dossier.identifiers],
        "summary": [(dossier.header.summary_offset, dossier.header.summary_length)],
    }
    for name, places in texts.items():
        for offset, length in places:
            if any(r.offset <= offset and offset + length <= r.offset + r.length for r in dossier.records):
                found[f"pointed at: {name}"] += length
                continue
            found[name] += length
            text = dossier.piece(offset, length)
            if length and text in sections:
                found[f"twice: {name}"] += length
    return found


def main() -> None:
    """Prints a row a part: bytes a person."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("generation", type=Path)
    parser.add_argument("--persons", type=int, default=PERSONS)
    options = parser.parse_args()
    generation = Generation.open(options.generation)
    chance = random.Random(1)
    drawn = [generation.dossier(chance.randrange(generation.persons)) for _ in range(options.persons)]
    total: Counter[str] = Counter()
    for data in drawn:
        total += parts(read_dossier(data))
    size = sum(map(len, drawn))
    say = printing_console().print
    say(f"a person's dossier: {size / len(drawn):,.0f} bytes, of {len(drawn):,}")
    for name, count in total.most_common():
        say(f"  {name:<28} {count / len(drawn):8.1f}  {count / size:6.1%}", highlight=False)
    half = len(drawn) // 2
    shared = b"".join(chance.sample(drawn[:half], min(half, 400)))[-_DICTIONARY:]
    for name, dictionary in (("alone", b""), ("with 32 KiB shared", shared)):
        packed = []
        for data in drawn[half:]:
            packer = (
                zlib.compressobj(1, zlib.DEFLATED, -15, zdict=dictionary)
                if dictionary
                else zlib.compressobj(1, wbits=-15)
            )
            packed.append(packer.compress(data) + packer.flush())
        began = time.process_time()
        for data in packed:
            reader = zlib.decompressobj(-15, zdict=dictionary) if dictionary else zlib.decompressobj(-15)
            reader.decompress(data)
        us = (time.process_time() - began) / len(packed) * 1e6
        share = sum(map(len, packed)) / sum(map(len, drawn[half:]))
        say(f"  deflate, {name:<19} {share:6.1%} of the bytes, {us:.1f} us CPU to read one", highlight=False)


if __name__ == "__main__":
    main()
