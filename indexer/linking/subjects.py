"""Subjects: ids, entity numbers, and the link of every record to an entity.

Entities are numbered: persons by (birth date, unknown first; subject id), then vehicles and plates by subject id. So
"born 1984 to 1986" is a range of entity numbers (docs/answers.md section 10).
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.generation.reader import EntityKind
from indexer.linking.database import LinkingDatabase
from indexer.linking.links import Links
from indexer.linking.on_file import claims_on_file
from indexer.linking.weak import WHOLE_DATE, judge_links
from indexer.standard import ALERT_PROTECTED, ENTITY_SCHEMA, LEVEL_BY_RULE, LEVEL_DOUBTED, LEVEL_HIDES
from indexer.subject_ids import subject_ids
from ronda.v1 import section_pb2
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING
from ronda.v1.level_pb2 import CRITERION_CUI, CRITERION_NAMES, LEVEL_HIT, LEVEL_POSSIBLE
from ronda.v1.section_pb2 import SENSITIVITY_OPEN

# Hidden when the act was a minor's (docs/answers.md section 10)
MINOR_SECTIONS = (
    section_pb2.SECTION_WARRANT,
    section_pb2.SECTION_PRISON,
    section_pb2.SECTION_DETENTION,
    section_pb2.SECTION_SENTENCE,
    section_pb2.SECTION_COMPLAINT,
    section_pb2.SECTION_POLICE_RECORD,
    section_pb2.SECTION_OTHER_RECORD,
)


def number_subjects(database: LinkingDatabase, key: bytes) -> Path:
    """Makes `entity_by_cui`(cui, entity, birth) and `entity_by_text`(text, entity, birth); returns the subjects' file.

    The file holds one row an entity, in order: birth, cui, text, and what ENTITY_SCHEMA has beside the number.
    """
    order = 'PARTITION BY text ORDER BY register, record_id, version, "row", place'
    database.run(f"""
        CREATE TABLE own_text AS
        WITH kept AS (SELECT * FROM resolved WHERE text IS NOT NULL
                      AND (is_owner OR place NOT IN (SELECT place FROM name_link WHERE level = {LEVEL_HIT}))),
        born AS (SELECT text, register, record_id, version, "row", place, birth, is_claim FROM (
                     SELECT k.*, i.place IS NOT NULL AS is_claim FROM kept k
                     LEFT JOIN (SELECT place FROM identity_staged WHERE cui IS NULL) i USING (place))
                 WHERE birth IS NOT NULL AND NOT is_owner
                 QUALIFY row_number() OVER ({order.replace("ORDER BY", "ORDER BY is_claim DESC,")}) = 1)
        SELECT k.text, any_value(b.birth) AS birth,
               (CASE WHEN starts_with(k.text, 'record:') THEN {EntityKind.UNIDENTIFIED}
                     WHEN starts_with(k.text, 'nit:') AND bool_or(k.organisation) THEN {EntityKind.ORGANISATION}
                     ELSE {EntityKind.PERSON} END)::UTINYINT AS kind
        FROM kept k LEFT JOIN born b USING (text) GROUP BY k.text
        UNION ALL
        SELECT text, NULL,
               (CASE WHEN starts_with(text, 'plate') THEN {EntityKind.PLATE} ELSE {EntityKind.VEHICLE} END)::UTINYINT
        FROM (SELECT DISTINCT text FROM vehicle_link)
    """)
    database.give("subject_id_given", _ID_SCHEMA, _ids(database, key))
    ordered = database.directory / "subjects.parquet"
    database.copy_sorted(
        f"""SELECT {", ".join(_ID_SCHEMA.names)}
            FROM subject_id_given
            ORDER BY kind >= {EntityKind.VEHICLE}, birth NULLS FIRST, subject_id""",
        ordered,
    )
    database.forget("subject_id_given")
    database.drop("own_text", "cui_person", "text_person")
    numbered = database.sorted_rows(ordered)
    database.run(f"""
        CREATE TABLE entity_by_cui AS
        SELECT cui, file_row_number::UINTEGER AS entity, birth FROM {numbered} WHERE cui IS NOT NULL;
        CREATE TABLE entity_by_text AS
        SELECT text, file_row_number::UINTEGER AS entity, birth FROM {numbered} WHERE text IS NOT NULL
    """)
    return ordered


_ID_FIELDS: list[pa.Field[Any]] = [
    pa.field("birth", pa.int32()),
    pa.field("cui", pa.int64()),
    pa.field("text", pa.string()),
    *(field for field in ENTITY_SCHEMA if field.name not in ("entity", "subject_id")),
    ENTITY_SCHEMA.field("subject_id"),
]
_ID_SCHEMA = pa.schema(_ID_FIELDS)


def _ids(database: LinkingDatabase, key: bytes) -> Iterator[pa.RecordBatch]:
    by_cui = f"""
        SELECT p.birth::INTEGER AS birth, p.cui, NULL::VARCHAR AS text, {EntityKind.PERSON}::UTINYINT AS kind,
               p.homonyms, coalesce(n.records, 0)::INTEGER AS name_only_alerts,
               coalesce(n.name_only_flags, 0)::UTINYINT AS name_only_flags, NULL::INTEGER AS identity_fed
        FROM cui_person p LEFT JOIN name_count n USING (cui)
    """
    by_text = f"""
        SELECT o.birth::INTEGER AS birth, NULL::BIGINT AS cui, text, o.kind,
               CASE WHEN o.kind = {EntityKind.PERSON} THEN coalesce(p.homonyms, 0) END AS homonyms,
               CASE WHEN o.kind = {EntityKind.PERSON} THEN coalesce(n.records, 0) END AS name_only_alerts,
               (CASE WHEN o.kind = {EntityKind.PERSON} THEN coalesce(n.name_only_flags, 0) ELSE 0 END)::UTINYINT
                   AS name_only_flags, NULL::INTEGER AS identity_fed
        FROM own_text o LEFT JOIN text_person p USING (text) LEFT JOIN name_count n USING (text)
    """
    for batch in database.stream(by_cui):
        identifiers = (f"cui:{cui:013d}" for cui in batch.column("cui").to_pylist())
        yield _with_ids(batch, subject_ids(key, identifiers))
    for batch in database.stream(by_text):
        texts = (str(text) for text in batch.column("text").to_pylist())
        yield _with_ids(batch, subject_ids(key, texts))


def _with_ids(batch: pa.RecordBatch, ids: pa.Array[Any]) -> pa.RecordBatch:
    columns = [batch.column(name).cast(_ID_SCHEMA.field(name).type) for name in _ID_SCHEMA.names[:-1]]
    return pa.record_batch([*columns, ids], schema=_ID_SCHEMA)


def entity_batches(subjects: Path, rows: int = 65_536) -> Iterator[pa.RecordBatch]:
    """The subjects' file as ENTITY_SCHEMA batches, in order."""
    start = 0
    file = pq.ParquetFile(subjects)
    for batch in file.iter_batches(rows, columns=ENTITY_SCHEMA.names[1:]):
        columns = [
            pa.array(np.arange(start, start + batch.num_rows, dtype=np.uint32)),
            *(batch.column(name) for name in ENTITY_SCHEMA.names[1:]),
        ]
        cast = [pc.cast(c, f.type) if c.type != f.type else c for c, f in zip(columns, ENTITY_SCHEMA, strict=True)]
        yield pa.record_batch(cast, schema=ENTITY_SCHEMA)
        start += batch.num_rows


def link_records(database: LinkingDatabase) -> Links:
    """Every link, by place."""
    _resolve_owners(database)
    sections = ", ".join(map(str, MINOR_SECTIONS))
    # born 29 February: 18 years later never is a leap year, so the first of March comes of counting on
    born, majority = (
        f"""(make_date((birth // 10000 + {years})::INTEGER, greatest(birth // 100 % 100, 1)::INTEGER, 1)
             - DATE '1970-01-01' + greatest(birth % 100, 1) - 1)"""
        for years in (0, 18)
    )
    by_rule = f"(CASE WHEN d.place IS NULL THEN {LEVEL_BY_RULE} ELSE {LEVEL_DOUBTED} END)::UTINYINT"
    links = database.links()
    links.fill(
        database.stream(
            f"""
        WITH meant AS ( -- level null: by rule, or doubted; each is joined once by number and once by text
            SELECT place, cui, NULL::VARCHAR AS text, {CRITERION_CUI}::UTINYINT AS criterion, NULL::UTINYINT AS level,
                   NULL::BLOB AS agrees, NULL::BLOB AS disagrees
            FROM person_staged WHERE cui IS NOT NULL AND NOT is_owner
            UNION ALL
            SELECT place, cui, text, criterion, NULL, NULL, NULL FROM resolved
            WHERE NOT is_owner
                  AND (text IS NULL OR place NOT IN (SELECT place FROM name_link WHERE level = {LEVEL_HIT}))
            UNION ALL
            SELECT place, cui, NULL, {CRITERION_CUI}::UTINYINT, {LEVEL_DOUBTED}::UTINYINT, NULL, NULL
            FROM named_number ANTI JOIN (SELECT place, cui FROM name_link
                                         UNION ALL SELECT place, cui FROM resolved) USING (place, cui)
            UNION ALL
            SELECT s.place, s.cui, s.text, s.criterion, {LEVEL_DOUBTED}::UTINYINT, NULL, NULL
            FROM second_number s ANTI JOIN name_link n ON n.place = s.place AND n.cui IS NOT DISTINCT FROM s.cui
                                                          AND n.text IS NOT DISTINCT FROM s.text
            UNION ALL
            SELECT place, cui, text, {CRITERION_NAMES}::UTINYINT, level, agrees, disagrees FROM name_link
            UNION ALL
            SELECT place, cui, text, 0::UTINYINT, {LEVEL_HIDES}::UTINYINT, NULL, NULL FROM name_hides
            UNION ALL
            SELECT place, NULL, text, criterion, level,
                   CASE WHEN level <> {LEVEL_BY_RULE} THEN unhex(printf('%02x', criterion)) END, NULL
            FROM vehicle_link),
        found AS (SELECT m.*, e.entity, e.birth FROM meant m JOIN entity_by_cui e USING (cui)
                  UNION ALL SELECT m.*, e.entity, e.birth FROM meant m JOIN entity_by_text e USING (text)),
        linked AS (SELECT f.* REPLACE (coalesce(f.level, {by_rule}) AS level)
                   FROM found f LEFT JOIN (SELECT place FROM doubted UNION SELECT place FROM second_number) d
                   USING (place))
        SELECT l.place, l.entity, l.criterion, l.level, l.agrees, l.disagrees, o.owner_entity,
               coalesce(o.owner_level, 0)::UTINYINT AS owner_level,
               coalesce(m.latest_day >= {born} AND m.latest_day < {majority}, false) AS minor
        FROM linked l LEFT JOIN owner_link o USING (place)
        LEFT JOIN (SELECT place, least(latest_day, as_of_day) AS latest_day -- least: of those that are known
                   FROM person_staged JOIN register_name USING (register)
                   WHERE section IN ({sections}) AND NOT is_owner AND sensitivity = {SENSITIVITY_OPEN}) m USING (place)
        """
        )
    )
    return links


def write_alerted(database: LinkingDatabase, subjects: Path, links: Links, path: Path) -> None:
    """Subject ids that a PENDING alert record is linked to, ascending: what a roll-back compares."""
    places = database.connection.execute(
        f"SELECT place FROM staged WHERE alert_kind <> 0 AND alert_state = {ALERT_STATE_PENDING} "
        f"AND alert_flags & {ALERT_PROTECTED} = 0"
    ).fetchnumpy()["place"]
    database.connection.register("alerted", pa.table({"entity": pa.array(links.entities_of(places), pa.int64())}))
    database.copy_sorted(
        f"""
        SELECT s.subject_id FROM read_parquet('{subjects}', file_row_number = true) s
        SEMI JOIN alerted a ON a.entity = s.file_row_number ORDER BY s.subject_id
        """,
        path,
    )


def _resolve_owners(database: LinkingDatabase) -> None:
    """owner_link(place, owner_entity, owner_level): level by section 4, against the owner's identity claims."""
    database.keep(
        "owner_staged",
        "SELECT place, cui, name_key, name_text, birth, father, mother FROM person_staged WHERE is_owner",
    )
    if not database.holds("owner_staged"):
        database.run("CREATE TABLE owner_link (place BIGINT, owner_entity UINTEGER, owner_level UTINYINT)")
        return
    database.run(f"""
        CREATE TABLE owner AS
        SELECT p.place, e.entity AS subject, {CRITERION_CUI}::UTINYINT AS criterion,
               p.name_key, p.name_text, p.birth, p.father, p.mother
        FROM owner_staged p JOIN entity_by_cui e USING (cui)
        UNION ALL
        SELECT p.place, coalesce(c.entity, t.entity), r.criterion, p.name_key, p.name_text, p.birth, p.father, p.mother
        FROM resolved r JOIN owner_staged p USING (place)
        LEFT JOIN entity_by_cui c ON c.cui = r.cui LEFT JOIN entity_by_text t ON t.text = r.text
        WHERE r.is_owner AND coalesce(c.entity, t.entity) IS NOT NULL
    """)
    columns = "name_key, name_text, birth, father, mother"
    compared = ", ".join(f"i.{column}" for column in columns.split(", "))
    database.run(f"""
        CREATE TABLE owner_claim AS
        SELECT e.entity AS subject, {compared} FROM ({claims_on_file(columns)}) i JOIN entity_by_cui e USING (cui)
        SEMI JOIN owner o ON o.subject = e.entity
        UNION ALL
        SELECT t.entity, {compared} FROM crossed_claim i JOIN entity_by_text t USING (text)
        SEMI JOIN owner o ON o.subject = t.entity
    """)
    database.run(f"CREATE VIEW doubted_owner AS SELECT *, {WHOLE_DATE} AS dated FROM owner WHERE criterion <> 0")
    judge_links(database, "doubted_owner", "owner_claim", "judged_owner")
    database.run(f"""
        CREATE TABLE owner_link AS
        SELECT o.place, o.subject AS owner_entity,
               (CASE WHEN w.place IS NULL THEN {LEVEL_HIT} ELSE {LEVEL_POSSIBLE} END)::UTINYINT AS owner_level
        FROM owner o LEFT JOIN (SELECT place FROM judged_owner WHERE weak) w USING (place);
        DROP VIEW doubted_owner; DROP TABLE owner; DROP TABLE owner_claim
    """)
    database.forget("judged_owner")
