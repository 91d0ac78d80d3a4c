"""Vehicles and plates: VIN, chassis, bearers of a plate on a date, engines (docs/answers.md section 4)."""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from indexer.linking_database import (
    CRITERION_ENGINE,
    CRITERION_PLATE,
    CRITERION_VIN,
    LEVEL_BY_RULE,
    LEVEL_POSSIBLE,
    LINK_LIMIT,
    SECTION_PLATE_ASSIGNMENT,
    LinkingDatabase,
)
from indexer.standard import SUBJECT_PERSON, SUBJECT_PLATE

ALERT_STOLEN_PLATE = 8
FIRST_DAY, LAST_DAY = -2147483648, 2147483647


def link_vehicles(database: LinkingDatabase) -> None:
    """Makes table `vehicle_link`(place, text, criterion, level): one row a record, several for several bearers.

    The kind of subject is in the text: vin, chassis, vehicle-plate, vehicle-record; plate and plate-record are plates.
    """
    database.run(f"""
        CREATE VIEW vehicle_staged AS
        SELECT place, register, section, record_id, sort_day, valid_from, valid_to,
               subject = {SUBJECT_PLATE} OR alert_kind = {ALERT_STOLEN_PLATE} AS of_plate,
               nullif(vin, '') AS vin, nullif(chassis, '') AS chassis, nullif(engine, '') AS engine,
               nullif(plate_type, '') AS plate_type, nullif(plate, '') AS plate,
               coalesce(nullif(plate_country, ''), 'GTM') AS country,
               coalesce(nullif(plate_type, ''), '?') || '-' || nullif(plate, '') || '|'
                   || coalesce(nullif(plate_country, ''), 'GTM') AS plate_text
        FROM staged WHERE subject <> {SUBJECT_PERSON}
    """)
    # by what the record itself says; text null = by its plate's bearers or its engine
    database.run(f"""
        CREATE TABLE vehicle_direct AS
        SELECT place, engine, sort_day,
            CASE WHEN of_plate AND plate IS NOT NULL THEN 'plate:' || plate_text
                 WHEN of_plate THEN 'plate-record:' || n.id || ':' || record_id
                 WHEN vin IS NOT NULL THEN 'vin:' || vin
                 WHEN chassis IS NOT NULL THEN 'chassis:' || chassis
                 WHEN plate IS NOT NULL AND (plate_type IS NOT NULL OR country <> 'GTM') THEN NULL
                 WHEN engine IS NOT NULL THEN NULL
                 ELSE 'vehicle-record:' || n.id || ':' || record_id END AS text,
            CASE WHEN NOT of_plate AND vin IS NULL AND chassis IS NULL AND plate IS NOT NULL
                      AND (plate_type IS NOT NULL OR country <> 'GTM') THEN plate_text END AS plate_text,
            CASE WHEN NOT of_plate AND vin IS NULL AND chassis IS NULL
                 THEN 'vehicle-record:' || n.id || ':' || record_id END AS own_text,
            (CASE WHEN of_plate AND plate IS NOT NULL THEN {CRITERION_PLATE} WHEN of_plate THEN 0
                  WHEN vin IS NOT NULL OR chassis IS NOT NULL THEN {CRITERION_VIN} ELSE 0 END)::UTINYINT AS criterion
        FROM vehicle_staged JOIN register_name n USING (register)
    """)
    _link_by_bearer(database)
    _link_by_engine(database)
    database.run("DROP TABLE vehicle_direct; DROP TABLE bearer_link; DROP TABLE bearer")


def _link_by_bearer(database: LinkingDatabase) -> None:
    """bearer_link(place, text, criterion, level) of records with only a plate."""
    database.run(f"""
        CREATE TABLE bearer AS
        SELECT DISTINCT plate_text, CASE WHEN vin IS NOT NULL THEN 'vin:' || vin ELSE 'chassis:' || chassis END AS text,
               coalesce(valid_from, {FIRST_DAY}) AS first_day, coalesce(valid_to, {LAST_DAY}) AS last_day
        FROM vehicle_staged SEMI JOIN (
            SELECT plate_text FROM vehicle_direct WHERE text IS NULL AND plate_text IS NOT NULL) w USING (plate_text)
        WHERE section = {SECTION_PLATE_ASSIGNMENT} AND NOT of_plate AND coalesce(vin, chassis) IS NOT NULL
              AND (plate_type IS NOT NULL OR country <> 'GTM')
    """)
    # turn 0: bore it that day; 1: bore it before; 2: bore it only later
    database.run(f"""
        CREATE TABLE bearer_link AS
        WITH met AS (
            SELECT d.place, b.text, b.first_day, b.last_day,
                   CASE WHEN coalesce(d.sort_day, {LAST_DAY}) BETWEEN b.first_day AND b.last_day THEN 0
                        WHEN b.last_day < coalesce(d.sort_day, {LAST_DAY}) THEN 1 ELSE 2 END AS turn
            FROM vehicle_direct d JOIN bearer b USING (plate_text) WHERE d.text IS NULL),
        nearest AS (SELECT met.* FROM met
                    JOIN (SELECT place, min(turn) AS turn FROM met GROUP BY place) t USING (place, turn)),
        once AS (SELECT place, turn, text, max(last_day) AS last_day,
                        arg_max(first_day, (last_day, first_day)) AS start_of_last,
                        min(first_day) AS first_day
                 FROM nearest GROUP BY place, turn, text),
        ranked AS (SELECT place, turn, text, count(*) OVER (PARTITION BY place) AS bearers,
                   row_number() OVER (PARTITION BY place ORDER BY
                       CASE turn WHEN 1 THEN -last_day::BIGINT WHEN 2 THEN first_day::BIGINT ELSE 0 END,
                       CASE turn WHEN 1 THEN -start_of_last::BIGINT ELSE 0 END, text) AS n FROM once)
        SELECT place, text, {CRITERION_PLATE}::UTINYINT AS criterion,
               (CASE WHEN turn = 2 OR (turn = 0 AND bearers > 1)
                     THEN {LEVEL_POSSIBLE} ELSE {LEVEL_BY_RULE} END)::UTINYINT AS level
        FROM ranked WHERE n = 1 OR (turn = 0 AND n <= {LINK_LIMIT})
    """)


def _link_by_engine(database: LinkingDatabase) -> None:
    """vehicle_link of all: direct, by plate, by engine."""
    database.run(f"""
        CREATE TABLE vehicle_link AS
        SELECT place, text, criterion, {LEVEL_BY_RULE}::UTINYINT AS level FROM vehicle_direct WHERE text IS NOT NULL
        UNION ALL SELECT place, text, criterion, level FROM bearer_link
        UNION ALL
        SELECT d.place, 'vehicle-plate:' || d.plate_text, {CRITERION_PLATE}::UTINYINT, {LEVEL_BY_RULE}::UTINYINT
        FROM vehicle_direct d ANTI JOIN bearer_link USING (place) WHERE d.text IS NULL AND d.plate_text IS NOT NULL
    """)
    by_engine = "d.text IS NULL AND d.plate_text IS NULL"
    database.run(f"""
        CREATE TABLE engine_holder AS
        SELECT d.engine, min(l.text) AS text FROM vehicle_direct d JOIN vehicle_link l USING (place)
        SEMI JOIN (SELECT engine FROM vehicle_direct d WHERE {by_engine}) w ON w.engine = d.engine
        WHERE NOT starts_with(l.text, 'plate') AND NOT starts_with(l.text, 'vehicle-record:')
        GROUP BY d.engine HAVING min(l.text) = max(l.text)
    """)
    database.run(f"""
        INSERT INTO vehicle_link
        SELECT d.place, coalesce(h.text, d.own_text),
               (CASE WHEN h.text IS NULL THEN 0 ELSE {CRITERION_ENGINE} END)::UTINYINT,
               (CASE WHEN h.text IS NULL THEN {LEVEL_BY_RULE} ELSE {LEVEL_POSSIBLE} END)::UTINYINT
        FROM vehicle_direct d LEFT JOIN engine_holder h USING (engine) WHERE {by_engine}
    """)
    database.run("DROP TABLE engine_holder")
