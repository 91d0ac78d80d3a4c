"""Vehicles and plates: VIN, chassis, bearers of a plate on a date, engines (docs/answers.md section 4)."""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from indexer.linking.database import LINK_LIMIT, LinkingDatabase
from indexer.linking.other_vehicles import link_other_vehicles
from indexer.standard import LEVEL_BY_RULE, SUBJECT_PERSON, SUBJECT_PLATE
from ronda.v1.alert_pb2 import ALERT_KIND_STOLEN_PLATE
from ronda.v1.level_pb2 import CRITERION_ENGINE, CRITERION_PLATE, CRITERION_VIN, LEVEL_POSSIBLE
from ronda.v1.section_pb2 import SECTION_PLATE_ASSIGNMENT

FIRST_DAY, LAST_DAY = -2000000000, 2000000000
TAIL_MIN, TAIL_MAX = 6, 8  # characters of the end of a VIN or chassis number that is written for the whole
ANY_DAY = 32767  # span of a day that may be any (indexer/standard.py)


def link_vehicles(database: LinkingDatabase) -> None:
    """Makes table `vehicle_link`(place, text, criterion, level): one row a record, several for several bearers.

    The kind of subject is in the text: vin, chassis, vehicle-plate, vehicle-record; plate and plate-record are plates.
    """
    database.keep(
        "vehicle_staged",
        f"""
        SELECT place, register, section, record_id, alert_kind,
               coalesce(sort_day, issued_first) AS report_first, -- days that it may be of; null = any
               coalesce(sort_day, issued_first + coalesce(issued_span, 0)::INTEGER) AS report_last,
               valid_from, valid_to, valid_from_span, valid_to_span,
               nullif(make, '') AS make, nullif(line, '') AS line, nullif(colour, '') AS colour,
               nullif(model_year, 0) AS model_year,
               subject = {SUBJECT_PLATE} OR alert_kind = {ALERT_KIND_STOLEN_PLATE} AS of_plate,
               nullif(vin, '') AS vin, nullif(chassis, '') AS chassis, nullif(engine, '') AS engine,
               nullif(plate_type, '') AS plate_type, nullif(plate, '') AS plate,
               coalesce(nullif(plate_country, ''), 'GTM') AS country,
               nullif(plate, '') || '|' || coalesce(nullif(plate_country, ''), 'GTM') AS number_text,
               coalesce(nullif(plate_type, ''), '?') || '-' || nullif(plate, '') || '|'
                   || coalesce(nullif(plate_country, ''), 'GTM') AS plate_text
        FROM staged WHERE subject <> {SUBJECT_PERSON}
        """,
    )
    if not database.holds("vehicle_staged"):
        database.run("CREATE TABLE vehicle_link (place BIGINT, text VARCHAR, criterion UTINYINT, level UTINYINT)")
        return
    _collect_numbers_beside_vins(database)
    # by what the record itself says; text null = by its plate's bearers or its engine
    typed = "(plate_type IS NOT NULL OR country <> 'GTM')"
    database.run(f"""
        CREATE TABLE vehicle_direct AS
        SELECT place, engine, report_first, report_last, alert_kind > 0 AS is_alert,
            CASE WHEN of_plate AND plate IS NOT NULL THEN 'plate:' || plate_text
                 WHEN of_plate THEN 'plate-record:' || n.id || ':' || record_id
                 WHEN alert_kind > 0 AND o.bearers = 1 THEN 'vin:' || o.of_vin
                 WHEN vin IS NOT NULL THEN 'vin:' || vin
                 WHEN chassis IS NOT NULL THEN 'chassis:' || chassis
                 WHEN plate IS NOT NULL OR engine IS NOT NULL THEN NULL
                 ELSE 'vehicle-record:' || n.id || ':' || record_id END AS text,
            CASE WHEN NOT of_plate AND vin IS NULL AND chassis IS NULL AND plate IS NOT NULL AND {typed}
                 THEN plate_text END AS plate_text,
            CASE WHEN NOT of_plate AND vin IS NULL AND chassis IS NULL
                 THEN 'vehicle-record:' || n.id || ':' || record_id END AS own_text,
            (CASE WHEN of_plate AND plate IS NOT NULL THEN {CRITERION_PLATE} WHEN of_plate THEN 0
                  WHEN vin IS NOT NULL OR chassis IS NOT NULL THEN {CRITERION_VIN} ELSE 0 END)::UTINYINT AS criterion,
            {typed} AS typed,
            CASE WHEN plate IS NOT NULL AND NOT of_plate AND (alert_kind > 0 OR coalesce(vin, chassis) IS NULL)
                 THEN CASE WHEN {typed} THEN plate_text ELSE number_text END END AS asked
        FROM vehicle_staged JOIN register_name n USING (register)
        LEFT JOIN number_beside_vin o ON o.number = coalesce(vin, chassis)
    """)
    _link_by_bearer(database)
    _link_by_engine(database)
    link_other_vehicles(database)
    _link_by_tail(database)
    database.drop("vehicle_direct", "bearer_link", "bearer", "number_beside_vin")


def _collect_numbers_beside_vins(database: LinkingDatabase) -> None:
    """number_beside_vin(number, of_vin, bearers): numbers of alerts that on file are only chassis numbers beside a VIN.

    bearers: of how many vehicles; of_vin: the VIN of one.
    """
    database.run(f"""
        CREATE TABLE number_beside_vin AS
        WITH asked AS (SELECT DISTINCT coalesce(vin, chassis) AS number FROM vehicle_staged
                       WHERE alert_kind > 0 AND NOT of_plate AND coalesce(vin, chassis) IS NOT NULL),
        stated AS (SELECT vin, chassis FROM vehicle_staged
                   WHERE alert_kind = 0 AND NOT of_plate AND coalesce(vin, chassis) IS NOT NULL)
        SELECT chassis AS number, min(vin) AS of_vin, count(DISTINCT vin) AS bearers
        FROM stated SEMI JOIN asked ON asked.number = stated.chassis
        WHERE vin IS NOT NULL AND chassis NOT IN (SELECT number FROM asked
                                                  SEMI JOIN stated ON coalesce(vin, chassis) = number)
        GROUP BY chassis HAVING count(DISTINCT vin) <= {LINK_LIMIT}
    """)


def _link_by_bearer(database: LinkingDatabase) -> None:
    """Makes bearer_link(place, text, criterion, level): records by plate alone, and alerts with a VIN that never bore
    the plate.

    Or bore it later only, while another bore it on their day for certain.
    """
    bearing = f"""
        CASE WHEN vin IS NOT NULL THEN 'vin:' || vin ELSE 'chassis:' || chassis END AS text,
        coalesce(valid_from, {FIRST_DAY}) AS first_day, coalesce(valid_to, {LAST_DAY}) AS last_day,
        CASE WHEN valid_from_span = {ANY_DAY} THEN {LAST_DAY}
             ELSE coalesce(valid_from, {FIRST_DAY}) + coalesce(valid_from_span, 0) END AS sure_first,
        CASE WHEN valid_to_span = {ANY_DAY} THEN {FIRST_DAY}
             ELSE coalesce(valid_to, {LAST_DAY}) - coalesce(valid_to_span, 0) END AS sure_last
        FROM vehicle_staged
        WHERE section = {SECTION_PLATE_ASSIGNMENT} AND NOT of_plate AND coalesce(vin, chassis) IS NOT NULL"""
    wanted = "(SELECT DISTINCT asked FROM vehicle_direct WHERE asked IS NOT NULL)"
    database.run(f"""
        CREATE TABLE bearer AS
        SELECT DISTINCT plate_text AS asked, {bearing} AND plate_text IN {wanted}
              AND (plate_type IS NOT NULL OR country <> 'GTM')
        UNION SELECT DISTINCT number_text AS asked, {bearing} AND number_text IN {wanted}
    """)
    # turn 0: bore it for certain that day (every day, where the day is not known); 1: may have; 2: only before or after
    database.run(f"""
        CREATE TABLE bearer_link AS
        WITH met AS (
            SELECT d.place, d.text AS own, d.typed, b.text, b.first_day, b.last_day,
                   CASE WHEN coalesce(d.report_first, {FIRST_DAY}) >= b.sure_first
                             AND coalesce(d.report_last, {LAST_DAY}) <= b.sure_last THEN 0
                        WHEN coalesce(d.report_first, {FIRST_DAY}) <= b.last_day
                             AND coalesce(d.report_last, {LAST_DAY}) >= b.first_day THEN 1
                        ELSE 2 END AS turn,
                   b.last_day < d.report_first AS before
            FROM vehicle_direct d JOIN bearer b USING (asked)),
        told AS (SELECT place, min(turn) AS turn FROM met GROUP BY place
                 HAVING NOT coalesce(bool_or(own = text AND (turn < 2 OR before)), false)
                        AND (min(turn) = 0 OR NOT coalesce(bool_or(own = text), false))),
        nearest AS (SELECT met.*, row_number() OVER (PARTITION BY place, before ORDER BY
                        CASE WHEN before THEN -last_day::BIGINT ELSE first_day::BIGINT END,
                        CASE WHEN before THEN -first_day::BIGINT ELSE 0 END, text) AS n
                    FROM met JOIN told USING (place, turn)),
        once AS (SELECT place, any_value(own) AS own, bool_and(typed) AS typed, turn, text FROM nearest
                 WHERE turn < 2 OR n = 1 GROUP BY place, turn, text),
        ranked AS (SELECT *, count(*) OVER (PARTITION BY place) AS bearers,
                   row_number() OVER (PARTITION BY place ORDER BY text) AS n FROM once)
        SELECT place, text, {CRITERION_PLATE}::UTINYINT AS criterion,
               (CASE WHEN turn = 0 AND bearers = 1 AND typed AND own IS NULL
                     THEN {LEVEL_BY_RULE} ELSE {LEVEL_POSSIBLE} END)::UTINYINT AS level
        FROM ranked WHERE n <= {LINK_LIMIT}
    """)


def _link_by_engine(database: LinkingDatabase) -> None:
    """vehicle_link of all: direct, by plate, by engine."""
    database.run(f"""
        CREATE TABLE vehicle_link AS
        SELECT place, text, criterion,
               (CASE WHEN place IN (SELECT place FROM bearer_link) THEN {LEVEL_POSSIBLE}
                     ELSE {LEVEL_BY_RULE} END)::UTINYINT AS level
        FROM vehicle_direct WHERE text IS NOT NULL
        UNION ALL SELECT place, text, criterion, level FROM bearer_link
        UNION ALL
        SELECT d.place, 'vehicle-plate:' || d.plate_text, {CRITERION_PLATE}::UTINYINT, {LEVEL_BY_RULE}::UTINYINT
        FROM vehicle_direct d ANTI JOIN bearer_link USING (place) WHERE d.text IS NULL AND d.plate_text IS NOT NULL
    """)
    by_engine = "d.text IS NULL AND d.plate_text IS NULL AND d.place NOT IN (SELECT place FROM bearer_link)"
    database.run(f"""
        CREATE TABLE engine_holder AS
        WITH holder AS (
            SELECT DISTINCT d.engine, l.text FROM vehicle_direct d JOIN vehicle_link l USING (place)
            SEMI JOIN (SELECT engine FROM vehicle_direct d WHERE {by_engine}) w ON w.engine = d.engine
            WHERE NOT starts_with(l.text, 'plate') AND NOT starts_with(l.text, 'vehicle-record:'))
        SELECT engine, text, count(*) OVER (PARTITION BY engine) AS holders FROM holder
        QUALIFY count(*) OVER (PARTITION BY engine) <= {LINK_LIMIT}
    """)
    database.run(f"""
        INSERT INTO vehicle_link
        SELECT d.place, coalesce(h.text, d.own_text),
               (CASE WHEN h.text IS NULL THEN 0 ELSE {CRITERION_ENGINE} END)::UTINYINT,
               (CASE WHEN h.text IS NULL THEN {LEVEL_BY_RULE} ELSE {LEVEL_POSSIBLE} END)::UTINYINT
        FROM vehicle_direct d LEFT JOIN engine_holder h ON h.engine = d.engine AND (h.holders = 1 OR d.is_alert)
        WHERE {by_engine}
    """)
    database.drop("engine_holder")


def _link_by_tail(database: LinkingDatabase) -> None:
    """Adds to vehicle_link the alerts with only the end of a number, for each vehicle with such a number.

    Also alerts by a number that several vehicles have beside their VIN, for each of these.
    """
    database.run(f"""
        INSERT INTO vehicle_link
        SELECT DISTINCT a.place, 'vin:' || h.vin, {CRITERION_VIN}::UTINYINT, {LEVEL_POSSIBLE}::UTINYINT
        FROM vehicle_staged a JOIN number_beside_vin o ON o.number = coalesce(a.vin, a.chassis)
        JOIN vehicle_staged h ON h.chassis = o.number AND h.vin IS NOT NULL AND h.alert_kind = 0 AND NOT h.of_plate
        WHERE a.alert_kind > 0 AND NOT a.of_plate AND o.bearers > 1
    """)
    database.run(f"""
        CREATE TABLE tail_asked AS
        WITH ends AS (
            SELECT place, chassis AS tail FROM vehicle_staged
            WHERE alert_kind > 0 AND NOT of_plate AND vin IS NULL AND length(chassis) BETWEEN {TAIL_MIN} AND {TAIL_MAX}
                  AND regexp_matches(chassis, '[0-9]') AND place NOT IN (SELECT place FROM bearer_link)
                  AND chassis NOT IN (SELECT number FROM number_beside_vin))
        SELECT * FROM ends WHERE tail NOT IN (
            SELECT chassis FROM vehicle_staged WHERE alert_kind = 0 AND NOT of_plate AND vin IS NULL
            AND chassis IN (SELECT tail FROM ends))
    """)
    sizes = database.connection.execute("SELECT DISTINCT length(tail) FROM tail_asked ORDER BY 1").fetchall()
    for (size,) in sizes:
        database.run(f"""
            INSERT INTO vehicle_link
            WITH held AS (SELECT DISTINCT text, right(text, {size}) AS tail FROM vehicle_direct
                          WHERE starts_with(text, 'vin:') OR starts_with(text, 'chassis:')),
            met AS (SELECT t.place, h.text FROM tail_asked t JOIN held h USING (tail)
                    WHERE h.text <> 'chassis:' || t.tail
                    QUALIFY count(*) OVER (PARTITION BY t.place) <= {LINK_LIMIT})
            SELECT place, text, {CRITERION_VIN}::UTINYINT, {LEVEL_POSSIBLE}::UTINYINT FROM met
        """)
    database.drop("tail_asked")
