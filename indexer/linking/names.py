"""Records by name: persons that they may mean, and the rules S, F and A (docs/answers.md section 5).

    claims on file --> names.bin in the work directory
    records without an identifier, or with one in doubt --batches, both cores--> pairs that fit
    pairs + claims --> parents, department, age band --> links, counts, and reasons (links.parquet)

Only alerts and records that count for a clearance come here.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from core.linking.index import NameIndex, build_names
from core.linking.sweep import NameSweep
from indexer.build.ahead import map_ahead
from indexer.linking.by_parents import STATED_PARENTS, meet_by_parents
from indexer.linking.database import FIRST_OF_JANUARY, LAST_FILLER_YEAR, STANDARDS, LinkingDatabase
from indexer.linking.deciding import count, decide
from indexer.linking.hiding import FEW_BEARERS, HIDING, collect_hidden
from indexer.linking.names_kept import CLAIM_SCHEMA, NAMES, PERSONS, AskedIndex, keep_persons
from indexer.linking.near_others import collect_near_others
from indexer.linking.on_file import claims_on_file
from indexer.linking.other_numbers import link_other_numbers
from indexer.linking.unborne import find_unborne
from indexer.linking.weak import Side, best, compare_parents, only_parent
from indexer.linking.weighed import Weighing, weigh_numbers
from indexer.standard import (
    ALERT_BIRTH_DOUBTED,
    ALERT_BIRTH_TURNED,
    ALERT_PROTECTED,
    ALERT_UNREAD,
)
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES
from ronda.v1.level_pb2 import AGREEMENT_UNKNOWN as UNKNOWN
from ronda.v1.section_pb2 import SENSITIVITY_DISCREET, SENSITIVITY_OPEN

_DISCREET = f"sensitivity = {SENSITIVITY_DISCREET}"
AGE_BAND_YEARS = 5
# a doubtful date that may be a slip: no 1 January, and none from which programs count
_SLIP = f"asked_birth % 10000 <> {FIRST_OF_JANUARY} AND asked_birth NOT IN (18991230, 18991231)"
_FILLER = f"asked_birth // 10000 <= {LAST_FILLER_YEAR}"  # nothing is stated; the score tells a date of another century
LONG_NAME = 3  # tokens of a name that one person alone may be meant by
# The rules below with the comparison of docs/names.md; 1 was equal name keys, 2 no record with an identifier, 3 only
# persons with a CUI, and names that agree, 4 no doubtful birth date, less noise in one, nobody by a whole name alone,
# 5 nobody by the same causa, 6 half a name bore a number out against a birth date, 7 nobody by
# another number, 8 and 9 nobody by the score whose names or birth date disagree, 10 that by an equal filler a birth
# date agrees, that equal initials tell what a rare name does, and that VAN is a slip of JAN, 11 took NO CONSTA for a
# name, 17 took 1 January for a day, and nobody by both parents against a birth date, 18 nobody by one parent so,
# 19 let the birth date of the number's bearer rule out the name's, 20 nobody by the father of one and the mother of
# another.
RULE_VERSION = "names-21"

YEARS_UNKNOWN, YEARS_NEAR, YEARS_FAR = 0, 1, 2  # core.linking.sweep
_DISAGREEING = f"(a.names = {DISAGREES} OR a.birth = {DISAGREES})"
_ASKED_ROWS = 8192  # records looked up at a time; more share more of the work, fewer leave the cores unevenly busy
_PAIR_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("entity", pa.uint32()),
    pa.field("score", pa.float64()),
    pa.field("birth", pa.uint8()),
    pa.field("sex", pa.uint8()),
    pa.field("names", pa.uint8()),
    pa.field("alerts", pa.uint8()),
    pa.field("years", pa.uint8()),
    pa.field("holds", pa.uint8()),
]
_PAIR_SCHEMA = pa.schema(_PAIR_FIELDS)
_PARENT_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("entity", pa.uint32()),
    pa.field("parents", pa.uint8()),
    pa.field("one_parent", pa.uint8()),
]
_PARENT_SCHEMA = pa.schema(_PARENT_FIELDS)


def link_names(database: LinkingDatabase, keep: bool = False, asked: AskedIndex | None = None) -> None:
    """Makes `name_link`, `name_count`, `doubted` and `name_hides` (linking_hiding); with `asked` also `name_counted`.

    name_link(place, cui, text, level, agrees, disagrees, score, people), name_count(cui, text, records,
    name_only_flags), name_counted(place, cui, text, name_only_flags): the persons that each record counts for.
    doubted(place): records that their own identifier links POSSIBLE at most.

    people: persons that the record may mean. score: null for a link by linking_other_numbers. Needs `cui_person`,
    `text_person`, `crossed_claim` and `resolved`. keep: the index stays in the work directory, with its persons. asked:
    a kept index to search; the database holds everything on file about the persons that it finds.
    """
    if asked is not None and not asked.means_anybody and not database.holds("noted_staged", HIDING):
        _link_nobody(database)  # whoever would be compared is asked for already
        link_other_numbers(database)
        return
    _collect_records(database)
    if not keep and not database.holds("name_only") and not database.holds("noted_staged", HIDING):
        _link_nobody(database)
        link_other_numbers(database)
        database.drop("name_only", "unborne")
        return
    _collect_claims(database, keep)
    database.run("""
        CREATE TABLE unborne_record AS
        SELECT u.place, coalesce(p.entity, t.entity) AS own_entity, u.stated, u.borne,
               u.own_date FROM unborne u
        LEFT JOIN named_person p ON p.cui = u.own_cui LEFT JOIN named_person t ON t.text = u.own_text;
    """)
    database.drop("unborne")
    if asked is None:
        weighing = _find_pairs(database, keep)
    else:
        weighing = asked.weighing
        _ask_kept(database, asked)
    _join_pairs(database)
    collect_near_others(database)
    weigh_numbers(database, weighing)
    meet_by_parents(database)
    _compare_pairs(database)
    _collect_causas(database)
    decide(database)
    count(database, by_record=asked is not None)
    link_other_numbers(database)
    collect_hidden(database)
    database.forget("name_bearer")
    decided = "name_decided", "near_other", "name_met", "name_causa"
    database.drop(*decided, "name_only", "named_person", "named_claim", "unborne_record")


def _link_nobody(database: LinkingDatabase) -> None:
    """Makes empty tables, for records that ask for no person by name and hide none."""
    database.run("""
        CREATE TABLE name_link (place BIGINT, cui BIGINT, text VARCHAR, level UTINYINT, agrees BLOB, disagrees BLOB,
                                score DOUBLE, people INTEGER, band BOOLEAN);
        CREATE TABLE name_count (cui BIGINT, text VARCHAR, records INTEGER, name_only_flags UTINYINT);
        CREATE TABLE name_counted (place BIGINT, cui BIGINT, text VARCHAR, name_only_flags UTINYINT);
        CREATE TABLE doubted (place BIGINT);
        CREATE TABLE name_hides (place BIGINT, cui BIGINT, text VARCHAR)
    """)


def _collect_records(database: LinkingDatabase) -> None:
    is_alert = f"(alert_kind <> 0 AND alert_flags & {ALERT_PROTECTED} = 0)"
    protects = f"alert_flags & {ALERT_PROTECTED} <> 0"
    number = "coalesce(cui::VARCHAR, document, nit, licence, cedula) IS NOT NULL"
    shown = "coalesce(loose_number, loose_document) IS NOT NULL"
    weighable = f"(name_key IS NOT NULL OR {number} AND (birth IS NOT NULL OR {protects}) OR {shown})"
    kinds = f"NOT is_owner AND {weighable} AND ({is_alert} OR {protects} OR clearance & {STANDARDS} <> 0)"
    find_unborne(database, kinds)
    database.run(f"""
        CREATE TABLE name_only AS
        SELECT place, name_key, name_text, birth,
               alert_flags & {ALERT_BIRTH_DOUBTED | ALERT_BIRTH_TURNED} <> 0 OR coalesce(own_date, false) AS doubted,
               alert_flags & {ALERT_BIRTH_DOUBTED} <> 0
                   AND coalesce(birth % 10000 <> {FIRST_OF_JANUARY} OR birth // 10000 <= {LAST_FILLER_YEAR}, true)
                   OR coalesce(own_date, false) AS void, coalesce(own_date, false) AS own_date, about_year, sex,
               birth_department, residence_department, father, mother,
               {is_alert} AND alert_state = {ALERT_STATE_PENDING} AND sensitivity = {SENSITIVITY_OPEN} AS pending_alert,
               {HIDING} AS hides,
               coalesce(len(name_key) - len(replace(name_key, ' ', '')) >= {LONG_NAME - 1}, false) AS long_name,
               alert_flags & {ALERT_UNREAD} <> 0 AS sole_suffices, NOT {is_alert} AND NOT {protects} AS certified,
               register, alert_kind, CASE WHEN {is_alert} THEN merge_key END AS merge_key, {_DISCREET} AS discreet,
               {is_alert} AND alert_state <> {ALERT_STATE_PENDING} AS closed,
               coalesce(birth % 10000 = {FIRST_OF_JANUARY}, false) AS new_year
        FROM noted_staged LEFT JOIN (SELECT place, own_date FROM unborne) u USING (place)
        WHERE {kinds} AND (coalesce(cui::VARCHAR, document, nit, licence, cedula) IS NULL OR u.place IS NOT NULL)
    """)


def _collect_claims(database: LinkingDatabase, everybody: bool) -> None:
    """Makes named_person(entity, cui), numbered so that the index narrows by year; named_claim by entity.

    The index orders persons by the birth year of their first claim, and would narrow nothing if one were out of order.
    So they are ordered by the earliest date of their claims, which `_find_pairs` puts first. everybody: even if no
    record asks.
    """
    database.run(f"""
        CREATE TABLE named_person AS
        SELECT (row_number() OVER (ORDER BY earliest NULLS FIRST, cui, text) - 1)::UINTEGER AS entity, cui, text
        FROM (SELECT earliest, cui, NULL::VARCHAR AS text FROM cui_person WHERE claimed
              UNION ALL SELECT earliest, NULL, text FROM text_person)
        WHERE {everybody} OR EXISTS (SELECT 1 FROM name_only)
    """)
    columns = "name_key, name_text, birth, sex, birth_department, residence_department, father, mother, death_day"
    database.run(f"""
        CREATE TABLE named_claim AS
        SELECT p.entity, {columns} FROM ({claims_on_file(columns)}) c JOIN named_person p USING (cui)
        UNION ALL
        SELECT DISTINCT p.entity, {columns} FROM crossed_claim c JOIN named_person p USING (text)
    """)


def _find_pairs(database: LinkingDatabase, keep: bool) -> Callable[[], Weighing]:
    """Makes `name_asked`, the pairs of records and persons that they may mean, and `name_bearer`.

    name_bearer: the pairs of hiding records and all bearers of their name. Returns how common the names are.
    """
    index_file = database.directory / NAMES
    index_file.unlink(missing_ok=True)
    claims = database.stream(f"""
        SELECT entity, name_text, {_birth_columns()}, sex, birth_department, residence_department, '' AS cui, death_day
        FROM named_claim ORDER BY entity, birth NULLS LAST, name_text
    """)
    build_names(index_file, claims)
    _sweep_both(database, lambda: NameSweep(NameIndex(index_file)))
    index = NameIndex(index_file)
    if keep:
        index_file.chmod(0o600)
        keep_persons(database, database.directory / PERSONS)
    else:
        index_file.unlink()
    return lambda: (index.frequencies, index.population)


def _ask_kept(database: LinkingDatabase, asked: AskedIndex) -> None:
    """Makes the same from a kept index; renumbers its persons as this database does.

    A person without the index's claims is no longer found by the index.
    """
    database.give("asked_person", asked.persons.schema, asked.persons.to_batches())
    database.run("""
        CREATE TABLE kept_number AS
        SELECT k.entity AS kept, p.entity FROM asked_person k JOIN named_person p ON p.cui = k.cui
        UNION ALL SELECT k.entity, p.entity FROM asked_person k JOIN named_person p ON p.text = k.text
    """)
    database.forget("asked_person")
    if asked.of_base is not None and asked.of_base.num_rows:
        database.give("base_claim", CLAIM_SCHEMA, asked.of_base.to_batches())
        database.run("""
            DELETE FROM kept_number WHERE kept IN (SELECT entity FROM base_claim) AND kept NOT IN (
                SELECT k.kept FROM base_claim b JOIN kept_number k ON k.kept = b.entity
                JOIN named_claim c ON c.entity = k.entity
                WHERE c.name_text = b.name_text AND c.birth IS NOT DISTINCT FROM b.birth AND c.sex = b.sex)
        """)
        database.forget("base_claim")
    _sweep_both(database, lambda: asked.sweep, "kept_")
    # of the bearers of a common name the database holds only some: hiding goes by all of them
    of_few = f"(SELECT * FROM kept_name_bearer QUALIFY {FEW_BEARERS})"
    for name, kept in (("name_asked", "kept_name_asked"), ("name_bearer", of_few)):
        found = database.stream(
            f"SELECT f.* REPLACE (n.entity AS entity) FROM {kept} f "
            "JOIN kept_number n ON n.kept = f.entity ORDER BY f.place, n.entity"
        )
        database.give(name, _PAIR_SCHEMA, found)
        database.forget(f"kept_{name}")
    database.drop("kept_number")


def _sweep_both(database: LinkingDatabase, new_sweep: Callable[[], NameSweep], prefix: str = "") -> None:
    # a doubtful birth date is asked for, and once more without it, or by its year: it agrees, and rules nobody out
    _sweep(
        database,
        new_sweep,
        f"""SELECT place, name_text, {_birth_columns()}, sex
            FROM (SELECT place, name_text, birth, sex FROM name_only WHERE name_key IS NOT NULL
                  UNION ALL SELECT place, name_text, CASE WHEN NOT void THEN birth // 10000 * 10000 END, sex
                  FROM name_only WHERE doubted AND name_key IS NOT NULL)""",
        f"{prefix}name_asked",
    )
    unknown = (
        "NULL::SMALLINT AS birth_year, NULL::TINYINT AS birth_month, NULL::TINYINT AS birth_mday, 0::UTINYINT AS sex"
    )
    _sweep(
        database,
        new_sweep,
        f"SELECT place, name_text, {unknown} FROM name_only WHERE name_key IS NOT NULL AND (hides OR {STATED_PARENTS})",
        f"{prefix}name_bearer",
        holding_all=True,
    )


def _sweep(
    database: LinkingDatabase, new_sweep: Callable[[], NameSweep], query: str, name: str, *, holding_all: bool = False
) -> None:
    """Gives who fits each record of the query, place first and then core.linking.sweep's columns."""
    asked = database.stream(f"{query} ORDER BY place", _ASKED_ROWS)
    sweeps = threading.local()

    def look(batch: pa.RecordBatch) -> pa.RecordBatch:
        if not hasattr(sweeps, "one"):
            sweeps.one = new_sweep()
        found = sweeps.one.fitting(batch.select(batch.schema.names[1:]), holding_all)
        columns = [batch.column("place").to_numpy()[np.array(found["row"], dtype=np.int64)]]
        columns += [np.array(found[name]) for name in _PAIR_SCHEMA.names[1:]]
        arrays = [pa.array(c, type=f.type) for c, f in zip(columns, _PAIR_SCHEMA, strict=True)]
        return pa.record_batch(arrays, schema=_PAIR_SCHEMA)

    database.give(name, _PAIR_SCHEMA, map_ahead(look, asked, threads=database.threads, ahead=2 * database.threads))


def _birth_columns() -> str:
    return (
        "(birth // 10000)::SMALLINT AS birth_year, (birth // 100 % 100)::TINYINT AS birth_month, "
        "(birth % 100)::TINYINT AS birth_mday"
    )


def _join_pairs(database: LinkingDatabase) -> None:
    """Makes name_pair(place, entity, score, birth, sex, names, scored, named, held), from one or two questions a
    record.

    scored, named: the alert score is reached, with years of birth compared; or by the name if the date is void, no
    filler, and not that of the number's bearer. held: a longer name holds all of the record's name, and the birth date
    is the same. A person with a year not within one of the record's, or who disagrees, stays only if no nearer one
    fits.
    """
    database.run(f"""
        CREATE TABLE name_pair AS
        WITH near AS (SELECT a.*, r.void, r.own_date, r.birth AS asked_birth,
                             bool_or(years = {YEARS_NEAR} AND NOT {_DISAGREEING}) OVER (PARTITION BY place) AS any_near
                      FROM name_asked a JOIN name_only r USING (place))
        SELECT place, entity, max(score) AS score,
               CASE WHEN bool_or(birth = {AGREES}) THEN {AGREES} WHEN bool_or(birth = {UNKNOWN}) THEN {UNKNOWN}
                    ELSE {DISAGREES} END AS birth,
               min(sex) AS sex, min(names) AS names,
               bool_or(alerts = 1 AND years <> {YEARS_UNKNOWN}) AS scored,
               bool_or(alerts = 1 AND years = {YEARS_UNKNOWN} AND void
                       AND NOT own_date AND NOT coalesce({_FILLER}, false)) AS named,
               bool_or(holds = 1) AND min(names) <> {AGREES} AS held
        FROM near a
        WHERE NOT (any_near AND (years = {YEARS_FAR} OR {_DISAGREEING}))
              AND (NOT void OR years = {YEARS_UNKNOWN} OR birth = {AGREES} OR own_date AND birth <> {DISAGREES}
                   OR years = {YEARS_FAR} AND birth <> {DISAGREES} AND {_SLIP})
        GROUP BY place, entity
    """)
    database.forget("name_asked")


def _compare_pairs(database: LinkingDatabase) -> None:
    """name_fit: `name_met` with parents, dead, department, band; very_name: a claim's name key is the record's."""
    database.give("name_parents", _PARENT_SCHEMA, _compared_parents(database))
    departments = "birth_department", "residence_department"
    shared = " OR ".join(f"(r.{a} <> 0 AND r.{a} = c.{b})" for a in departments for b in departments)
    database.run(f"""
        CREATE TABLE name_fit AS
        WITH filed AS (
            SELECT p.place, p.entity, bool_or(c.death_day IS NOT NULL) AS dead, bool_or({shared}) AS department,
                   bool_or(c.name_key = r.name_key) AS very_name,
                   bool_or(abs(coalesce(CASE WHEN NOT r.void THEN r.birth // 10000 END, nullif(r.about_year, 0))
                               - c.birth // 10000) <= {AGE_BAND_YEARS}) AS band
            FROM (SELECT * FROM name_met ANTI JOIN (SELECT place, own_entity AS entity FROM unborne_record)
                  USING (place, entity)) p JOIN name_only r USING (place) JOIN named_claim c USING (entity)
            GROUP BY p.place, p.entity)
        SELECT p.*, coalesce(x.parents, {UNKNOWN}) AS parents, coalesce(x.one_parent, 0) AS one_parent, f.dead,
               f.department, coalesce(f.band, false) AS band, f.very_name
        FROM name_met p JOIN filed f USING (place, entity) LEFT JOIN name_parents x USING (place, entity)
    """)
    database.forget("name_parents")


def _compared_parents(database: LinkingDatabase) -> Iterator[pa.RecordBatch]:
    """Yields pairs with a parent stated by the record, the agreement of the best claim that states one, and
    `one_parent`: 1 the father alone, 2 the mother alone is the record's in a claim that has another beside; 0 neither.
    """
    stated = database.stream("""
        SELECT p.place, p.entity, coalesce(r.father, '') AS father, coalesce(r.mother, '') AS mother,
               list((coalesce(c.father, ''), coalesce(c.mother, ''))) AS claims
        FROM name_met p JOIN name_only r USING (place) JOIN named_claim c USING (entity)
        WHERE (r.father IS NOT NULL OR r.mother IS NOT NULL) AND (c.father IS NOT NULL OR c.mother IS NOT NULL)
        GROUP BY p.place, p.entity, r.father, r.mother
    """)
    for batch in stated:
        agreements, alone = [], []
        rows = zip(*(batch.column(name).to_pylist() for name in ("father", "mother", "claims")), strict=True)
        for father, mother, claims in rows:
            record = Side(father=father, mother=mother)
            sides = [Side(father=c[0], mother=c[1]) for c in (tuple(claim.values()) for claim in claims)]
            agreements.append(best(compare_parents(record, side) for side in sides))
            alone.append(min((only for side in sides if (only := only_parent(record, side))), default=0))
        columns = [batch.column("place"), batch.column("entity"), pa.array(agreements, pa.uint8())]
        columns.append(pa.array(alone, pa.uint8()))
        yield pa.record_batch(columns, schema=_PARENT_SCHEMA)


def _collect_causas(database: LinkingDatabase) -> None:
    """name_causa(place, entity): records, and who has another register's record of the same causa by an identifier."""
    database.run(f"""
        CREATE TABLE name_causa AS
        WITH numbered AS (
            SELECT s.register, s.alert_kind, s.merge_key, s.{_DISCREET} AS discreet, coalesce(s.cui, r.cui) AS cui,
                   r.text
            FROM noted_staged s LEFT JOIN resolved r USING (place)
            WHERE s.alert_kind <> 0 AND s.alert_flags & {ALERT_PROTECTED} = 0 AND NOT s.is_owner
                  AND s.merge_key IN (SELECT merge_key FROM name_only WHERE merge_key IS NOT NULL)),
        told AS (SELECT o.place, n.cui, n.text FROM name_only o JOIN numbered n
                 ON n.merge_key = o.merge_key AND n.alert_kind = o.alert_kind AND n.discreet = o.discreet
                    AND n.register <> o.register)
        SELECT place, entity FROM told JOIN named_person p ON p.cui = told.cui
        UNION SELECT place, entity FROM told JOIN named_person p ON p.text = told.text
    """)


def write_reasons(database: LinkingDatabase, path: Path) -> None:
    """links.parquet: every link by name with its reason, by (register, record id, version, row, identifier).

    identifier: the subject's, "cui:1234567890101" or "document:SLV:A123"; cui: null where it has none.
    """
    database.copy_sorted(
        f"""
        SELECT g.id AS register, s.record_id, s.version, s."row", s.section, printf('%013d', n.cui) AS cui,
               coalesce(n.text, printf('cui:%013d', n.cui)) AS identifier, n.level,
               n.agrees, n.disagrees, n.band AS age_band, n.people, n.score, '{RULE_VERSION}' AS rule
        FROM name_link n JOIN noted_staged s USING (place) JOIN register_name g USING (register)
        ORDER BY g.id, s.record_id, s.version, s."row", identifier
        """,
        path,
    )
