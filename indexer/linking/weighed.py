"""Weighs the persons that a record with a number in doubt may mean: number, names, birth date, sex and parents
together.

    records with a number in doubt, wholly or in part                  table unborne_record
    + bearers of a number one slip from theirs                         near_number
    + bearers of their name, perhaps with a number that is nearly it   near_named
      --> evidence for each in bits, field by field                    name_weight

The rule is docs/answers.md section 5, "Numbers weighed".
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa

from core.identifiers.near_cuis import (
    ANOTHER_DIGIT,
    ANOTHER_PLACE,
    DOUBLED_DIGIT,
    EXCHANGED,
    LOST_DIGIT,
    near_cuis,
    near_miscounted,
)
from core.names.comparison import compare, compare_texts
from core.names.frequencies import NameFrequencies
from indexer.linking.database import LinkingDatabase
from indexer.linking.near_named import collect_near_named
from indexer.linking.weak import Side, best, compare_parents, date_parts
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES

# What a number says for whoever bears the one that it may be a slip of, in bits, before the population is counted.
# bench/answers/number_bits.py counts them (docs/answers.md section 5).
NUMBER_BITS = {ANOTHER_DIGIT: 29.0, EXCHANGED: 32.0, ANOTHER_PLACE: 27.0, LOST_DIGIT: 30.0, DOUBLED_DIGIT: 30.0}
LOOSE_BITS = 25.0  # what a document's number without its country says for who has it with one; a NIT for a CUI likewise
ALONE_BITS = 60.0  # the same where no name stands there: whoever has that number may be meant
NEAR_BITS = 20.0  # what another number one slip off says where a birth date stands for the name
MISCOUNTED = "regexp_full_match(loose_number, '[0-9]{12}|[0-9]{14}')"  # a CUI that lost a digit or has one too many
RELATIVE_BITS = 12.0  # what the number of a parent, child, brother or sister says
BEARERS_MOST = 1_000  # persons on file who bear a record's name; a commoner one is weighed for nobody
LEAST_ABOVE = 2.4  # bits above log2(population) from which a record means somebody
WINDOW = 10.0  # bits by which others may tell less than the best and are meant too
POPULATION_LEAST = 45_000  # for one that does not agree: in a smaller file the person meant is likely not on file
PARENTS_BITS: dict[int, float] = {AGREES: 6.0, DISAGREES: -6.0}  # core/names/weights.pxd

_NEAR_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("cui", pa.int64()),
    pa.field("text", pa.string()),
    pa.field("bits", pa.float64()),
]
_NEAR_SCHEMA = pa.schema(_NEAR_FIELDS)
_WEIGHT_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("entity", pa.uint32()),
    pa.field("names", pa.uint8()),
    pa.field("birth", pa.uint8()),
    pa.field("sex", pa.uint8()),
    pa.field("told", pa.float64()),
]
_WEIGHT_SCHEMA = pa.schema(_WEIGHT_FIELDS)
_SLIPPED = "SELECT n.place, n.cui, n.text, n.bits FROM near_stated n JOIN cui_person c USING (cui) WHERE c.claimed"
_WHOLE_BITS = f"(CASE WHEN s.name_key IS NULL THEN {ALONE_BITS} ELSE {LOOSE_BITS} END)::DOUBLE"
_LOOSE = f"""
    SELECT s.place, coalesce(p.cui, r.cui), r.text, {_WHOLE_BITS}
    FROM (SELECT place, loose_document, name_key FROM noted_staged SEMI JOIN name_only USING (place)) s
    JOIN person_staged p ON split_part(p.document, ':', 2) = s.loose_document
    LEFT JOIN resolved r ON r.place = p.place WHERE p.alert_kind = 0 AND NOT p.is_owner
"""
_NIT = f"""
    SELECT s.place, coalesce(p.cui, r.cui), r.text, {_WHOLE_BITS}
    FROM (SELECT place, loose_number, name_key FROM noted_staged SEMI JOIN name_only USING (place)) s
    JOIN person_staged p ON p.nit = s.loose_number
    LEFT JOIN resolved r ON r.place = p.place WHERE p.alert_kind = 0 AND NOT p.is_owner
"""
_OTHER = f"""
    SELECT n.place, n.cui, n.text, {NEAR_BITS}::DOUBLE FROM near_other n JOIN name_only o USING (place)
    WHERE o.name_key IS NULL
"""
Weighing = tuple[NameFrequencies, int]
"""Frequencies of names among the persons on file, and the number of these persons."""


def weigh_numbers(database: LinkingDatabase, weighing: Callable[[], Weighing]) -> None:
    """Makes `name_near` of `name_pair`: adds `weighed`, and the other persons that a record with a number in doubt
    means.

    Needs `unborne_record`, `name_only`, `named_person`, `named_claim` and `cui_person`. weighing: called if there is a
    person to weigh.
    """
    _collect_near(database)
    collect_near_named(database, BEARERS_MOST)
    database.run(f"""
        CREATE TABLE weighed_pair AS
        WITH alike AS (SELECT place, p.entity, count(*) OVER (PARTITION BY place) AS bearers
                       FROM name_pair p LEFT JOIN unborne_record u USING (place)
                       WHERE p.names = {AGREES} AND p.entity IS DISTINCT FROM u.own_entity),
        pair AS (SELECT n.place, p.entity, n.bits FROM near_number n JOIN named_person p ON p.cui = n.cui
                 UNION ALL SELECT n.place, p.entity, n.bits FROM near_number n JOIN named_person p ON p.text = n.text
                 UNION ALL SELECT place, entity, bits FROM near_named
                 UNION ALL SELECT place, entity, 0 FROM alike SEMI JOIN unborne_record USING (place)
                           WHERE bearers <= {BEARERS_MOST})
        SELECT place, p.entity, max(p.bits) AS bits, any_value(coalesce(a.bearers, 1)) AS bearers
        FROM pair p LEFT JOIN (SELECT DISTINCT place, bearers FROM alike) a USING (place) GROUP BY place, p.entity
    """)
    if database.holds("weighed_pair"):
        database.give("name_weight", _WEIGHT_SCHEMA, _weights(database, *weighing()))
    else:
        database.give("name_weight", _WEIGHT_SCHEMA, ())
    database.run(f"""
        CREATE TABLE name_near AS
        WITH meant AS (SELECT * FROM name_weight QUALIFY told >= max(told) OVER (PARTITION BY place) - {WINDOW})
        SELECT p.*, w.place IS NOT NULL AS weighed FROM name_pair p LEFT JOIN meant w USING (place, entity)
        UNION ALL
        SELECT w.place, w.entity, NULL, w.birth, w.sex, w.names, false, false, false, true
        FROM meant w ANTI JOIN name_pair p USING (place, entity)
    """)
    database.forget("near_number")
    database.forget("near_named")
    database.forget("name_weight")
    database.drop("weighed_pair", "name_pair")


def _collect_near(database: LinkingDatabase) -> None:
    """Makes near_number(place, cui, text, bits): persons on file with a number one slip from the stated one."""
    stated = database.stream("""
        SELECT place, n.cui FROM unborne_record JOIN noted_staged n USING (place) WHERE n.cui > 0 ORDER BY place
    """)
    near: list[Iterator[pa.RecordBatch]]
    near = [(_near(batch, *near_cuis(batch.column("cui").to_numpy().tolist(), True)) for batch in stated)]
    found = [_SLIPPED]
    if database.holds("near_other"):
        found.append(_OTHER)
    if database.holds("noted_staged", "loose_document IS NOT NULL"):
        found.append(_LOOSE)
    if database.holds("noted_staged", "loose_number IS NOT NULL"):
        found.append(_NIT)
        loose = database.stream(f"""
            SELECT place, loose_number FROM noted_staged SEMI JOIN name_only USING (place)
            WHERE {MISCOUNTED} ORDER BY place
        """)
        near.append(
            _near(batch, *near_miscounted(map(str, batch.column("loose_number").to_pylist()))) for batch in loose
        )
    database.give("near_stated", _NEAR_SCHEMA, chain.from_iterable(near))
    on_file = database.stream(f"""
        SELECT place, cui, text, max(bits) AS bits FROM ({" UNION ALL ".join(found)})
        GROUP BY place, cui, text ORDER BY place, cui, text
    """)
    database.give("near_number", _NEAR_SCHEMA, on_file)
    database.forget("near_stated")


def _near(stated: pa.RecordBatch, rows: array[int], cuis: array[int], kinds: array[int]) -> pa.RecordBatch:
    bits = np.zeros(max(NUMBER_BITS) + 1)
    bits[list(NUMBER_BITS)] = list(NUMBER_BITS.values())
    places = stated.column("place").to_numpy()[np.array(rows, dtype=np.int64)]
    told = bits[np.array(kinds, dtype=np.int64)]
    numbers = pa.array(np.array(cuis, dtype=np.int64))
    columns = [pa.array(places, pa.int64()), numbers, pa.nulls(len(told), pa.string()), pa.array(told)]
    return pa.record_batch(columns, schema=_NEAR_SCHEMA)


def _weights(database: LinkingDatabase, frequencies: NameFrequencies, population: int) -> Iterator[pa.RecordBatch]:
    """Yields pairs with enough evidence, and the agreeing facts."""
    claim = "{'name': c.name_text, 'birth': c.birth, 'sex': c.sex, 'father': c.father, 'mother': c.mother}"
    pairs = database.stream(f"""
        WITH claim AS (SELECT entity, list({claim} ORDER BY c.birth, c.name_text) AS claims
                       FROM named_claim c
                       WHERE entity IN (SELECT entity FROM weighed_pair UNION SELECT own_entity FROM unborne_record)
                       GROUP BY entity)  -- of these few: lists do not spill
        SELECT w.place, w.entity, w.bits, w.bearers, r.name_text, r.birth, r.doubted, r.void, r.own_date, r.sex,
               r.father, r.mother, t.claims, o.claims AS own, coalesce(u.borne, false) AS borne
        FROM weighed_pair w JOIN name_only r USING (place) LEFT JOIN unborne_record u USING (place)
        JOIN claim t ON t.entity = w.entity LEFT JOIN claim o ON o.entity = u.own_entity
        ORDER BY w.place, w.entity
    """)
    for batch in pairs:
        rows = [_weighed(row, frequencies, population) for row in batch.to_pylist()]
        yield pa.RecordBatch.from_pylist([row for row in rows if row is not None], schema=_WEIGHT_SCHEMA)


def _weighed(row: dict[str, Any], frequencies: NameFrequencies, population: int) -> dict[str, Any] | None:
    """Weighs one record and one person; None if the evidence is not enough.

    Names that disagree exclude a slip: brothers may have numbers that follow each other. If the number makes a HIT
    although its bearer's name does not agree, only a person with an agreeing name counts against it.
    """
    claims, own = row["claims"], row["own"] or []
    asked = {"names": row["name_text"] or None, "birth": _births(row) or None, "sex": row["sex"] or 0}
    filed = {
        "names": [claim["name"] for claim in claims if claim["name"]] or None,
        "birth": [date_parts(claim["birth"]) for claim in claims if claim["birth"]] or None,
        "sex": _sex(row["sex"], claims),
    }
    found = compare(asked, filed, frequencies=frequencies)
    if row["own_date"] and found.birth == DISAGREES:  # it came with the number
        found = compare({**asked, "birth": None}, filed, frequencies=frequencies)
    if found.names == DISAGREES or (row["borne"] and (found.names != AGREES or _bears_name(row["name_text"], own))):
        return None
    if not row["name_text"] and found.birth != AGREES and row["bits"] < ALONE_BITS:  # it may be a slip of anybody's
        return None
    told = found.evidence
    if found.names == AGREES:  # words come together: a name tells no more than how few bear it
        told += min(0.0, math.log2(population / row["bearers"]) - found.names_evidence)
    told += row["bits"] + PARENTS_BITS.get(_parents(row, claims), 0.0)
    told += RELATIVE_BITS if any(_are_relatives(a, b) for a in claims for b in own) else 0.0
    agrees = found.names == AGREES and found.birth != DISAGREES
    among = population if agrees else max(population, POPULATION_LEAST)
    if told < math.log2(among) + LEAST_ABOVE:
        return None
    return {
        "place": row["place"],
        "entity": row["entity"],
        "names": found.names,
        "birth": found.birth,
        "sex": found.sex,
        "told": told,
    }


def _births(row: dict[str, Any]) -> list[tuple[int, int, int]]:
    """The date as it stands; of a doubtful one its year besides, or, where not even that counts, nothing."""
    birth = row["birth"]
    if not birth or (row["void"] and not row["own_date"]):
        return []
    by_year = row["doubted"] and not row["own_date"]
    return [date_parts(birth), (birth // 10_000, 0, 0)] if by_year else [date_parts(birth)]


def _sex(stated: int | None, claims: list[dict[str, Any]]) -> int:
    """The stated one where a claim has it, else the first that any has."""
    known = [claim["sex"] for claim in claims if claim["sex"]]
    return stated if stated and stated in known else known[0] if known else 0


def _parents(row: dict[str, Any], claims: list[dict[str, Any]]) -> int:
    record = Side(father=row["father"] or "", mother=row["mother"] or "")
    sides = (Side(father=claim["father"] or "", mother=claim["mother"] or "") for claim in claims)
    return best(compare_parents(record, side) for side in sides)


def _bears_name(name: str, own: list[dict[str, Any]]) -> bool:
    return any(compare_texts(name, claim["name"]) == AGREES for claim in own if claim["name"])


def _are_relatives(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Returns whether one claim names the other's bearer as parent, or both name one parent."""

    def alike(left: str | None, right: str | None) -> bool:
        return bool(left and right) and compare_texts(left or "", right or "") == AGREES

    return (
        alike(a["father"], b["name"])
        or alike(a["mother"], b["name"])
        or alike(a["name"], b["father"])
        or alike(a["name"], b["mother"])
        or alike(a["father"], b["father"])
        or alike(a["mother"], b["mother"])
    )
