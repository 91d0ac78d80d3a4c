"""Vehicles that a report by plate means besides the plate's bearer: two fields that name two vehicles mean both,
POSSIBLE.

    alerts by plate alone            table plated
    + vehicles with their engine   engine_on_file
    + bearers of a plate one slip  near_plate, described: if make, line, colour and year are not the bearer's
      from theirs                  but those of that vehicle

The rule is docs/answers.md section 4, "Plate against everything else".
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from indexer.linking.database import LINK_LIMIT, LinkingDatabase
from indexer.manifest.values import folded
from ronda.v1.level_pb2 import CRITERION_ENGINE, CRITERION_MAKE, LEVEL_POSSIBLE
from ronda.v1.section_pb2 import SECTION_PLATE_ASSIGNMENT, SECTION_VEHICLE_REGISTRATION

SEEN_LEAST = 2  # of make, line, colour and year that agree, or disagree, before they name another vehicle
_PREFIX = 3  # letters of a make or line that is cut short
_SEEN = ("make", "line", "colour", "model_year")
_DIGITS, _LETTERS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NEAR_FIELDS: list[pa.Field[Any]] = [
    pa.field("place", pa.int64()),
    pa.field("number", pa.string()),
    pa.field("contradicted", pa.bool_()),  # by what is on file of the plate's own bearer; false where nothing is
]
_NEAR_SCHEMA = pa.schema(_NEAR_FIELDS)
_MEANT_FIELDS: list[pa.Field[Any]] = [pa.field("place", pa.int64()), pa.field("text", pa.string())]
_MEANT_SCHEMA = pa.schema(_MEANT_FIELDS)
_IS_VEHICLE = "(starts_with({0}.text, 'vin:') OR starts_with({0}.text, 'chassis:'))"


def link_other_vehicles(database: LinkingDatabase) -> None:
    """Adds to `vehicle_link` the other vehicles of alerts by plate alone; their links to other vehicles are then
    POSSIBLE.

    So is the link of an alert that describes quite another vehicle than its plate's, on file or not.

    Needs `vehicle_direct` and `vehicle_staged`.
    """
    database.run("""
        CREATE TABLE plated AS
        SELECT place, s.engine, s.plate_type, s.plate, s.country, s.report_first, s.report_last,
               s.make, s.line, s.colour, s.model_year
        FROM vehicle_direct d JOIN vehicle_staged s USING (place)
        WHERE s.alert_kind > 0 AND NOT s.of_plate AND d.text IS NULL AND s.plate IS NOT NULL
    """)
    if not database.holds("plated"):
        database.drop("plated")
        return
    _find_by_engine(database)
    _find_by_what_is_seen(database)
    database.run(f"""
        UPDATE vehicle_link SET level = {LEVEL_POSSIBLE}
        WHERE place IN (SELECT place FROM near_plate WHERE contradicted) AND {_IS_VEHICLE.format("vehicle_link")};
        CREATE TABLE other_vehicle AS
        SELECT place, text, {CRITERION_ENGINE}::UTINYINT AS criterion FROM by_engine
        UNION ALL SELECT place, text, {CRITERION_MAKE}::UTINYINT FROM by_seen ANTI JOIN by_engine USING (place, text);
        UPDATE vehicle_link SET level = {LEVEL_POSSIBLE}
        WHERE place IN (SELECT place FROM other_vehicle) AND {_IS_VEHICLE.format("vehicle_link")};
        INSERT INTO vehicle_link SELECT place, text, criterion, {LEVEL_POSSIBLE}::UTINYINT FROM other_vehicle
    """)
    database.forget("near_plate")
    database.forget("by_seen")
    database.drop("plated", "by_engine", "other_vehicle")


def _find_by_engine(database: LinkingDatabase) -> None:
    """Makes by_engine(place, text): vehicles with the engine on file, if the plate's vehicle does not have it."""
    database.run(f"""
        CREATE TABLE engine_on_file AS
        SELECT DISTINCT s.engine, l.text FROM vehicle_staged s JOIN vehicle_link l USING (place)
        WHERE s.alert_kind = 0 AND s.engine IN (SELECT engine FROM plated) AND {_IS_VEHICLE.format("l")};
        CREATE TABLE by_engine AS
        SELECT p.place, e.text FROM plated p JOIN engine_on_file e USING (engine)
        WHERE p.place NOT IN (SELECT q.place FROM plated q JOIN vehicle_link l USING (place)
                              JOIN engine_on_file o ON o.text = l.text AND o.engine = q.engine)
        QUALIFY count(*) OVER (PARTITION BY p.place) <= {LINK_LIMIT};
        DROP TABLE engine_on_file
    """)


def _find_by_what_is_seen(database: LinkingDatabase) -> None:
    """by_seen(place, text): who bears a plate one slip away and is as the report says, where its own bearer is not."""
    stated = " + ".join(f"(p.{name} IS NOT NULL)::INTEGER" for name in _SEEN)
    bearers = f"SELECT place, text FROM vehicle_link l SEMI JOIN plated USING (place) WHERE {_IS_VEHICLE.format('l')}"
    database.run(f"CREATE TABLE meant_by_plate AS {bearers}")
    doubted = database.stream(f"""
        WITH claim AS ({_claims("SELECT text FROM meant_by_plate")})
        SELECT p.place, any_value(p.plate) AS plate, {", ".join(f"any_value(p.{name}) AS {name}" for name in _SEEN)},
               list(c.claim) FILTER (c.text IS NOT NULL) AS claims
        FROM plated p LEFT JOIN meant_by_plate m USING (place) LEFT JOIN claim c ON c.text = m.text
        WHERE p.country = 'GTM' AND p.plate_type IS NOT NULL AND {stated} >= {SEEN_LEAST}
        GROUP BY p.place ORDER BY p.place
    """)
    database.give("near_plate", _NEAR_SCHEMA, (_near(batch) for batch in doubted))
    database.run(f"""
        CREATE TABLE described AS
        SELECT DISTINCT p.place,
               CASE WHEN s.vin IS NOT NULL THEN 'vin:' || s.vin ELSE 'chassis:' || s.chassis END AS text
        FROM near_plate n JOIN plated p USING (place)
        JOIN vehicle_staged s ON s.plate = n.number AND s.plate_type = p.plate_type AND s.country = p.country
        WHERE s.section = {SECTION_PLATE_ASSIGNMENT} AND NOT s.of_plate AND coalesce(s.vin, s.chassis) IS NOT NULL
              AND coalesce(s.valid_from <= p.report_last, true) AND coalesce(s.valid_to >= p.report_first, true)
    """)
    found = database.stream(f"""
        WITH claim AS ({_claims("SELECT text FROM described")})
        SELECT d.place, d.text, {", ".join(f"any_value(p.{name}) AS {name}" for name in _SEEN)}, list(c.claim) AS claims
        FROM described d JOIN plated p USING (place) JOIN claim c USING (text)
        ANTI JOIN meant_by_plate m USING (place, text) GROUP BY d.place, d.text ORDER BY d.place, d.text
    """)
    database.give("by_seen", _MEANT_SCHEMA, _few_each(_alike(batch) for batch in found))
    database.drop("described", "meant_by_plate")


def _claims(texts: str) -> str:
    """Returns the SQL for the registrations' facts about these vehicles."""
    claim = ", ".join(f"'{name}': s.{name}" for name in _SEEN)
    return f"""
        SELECT l.text, {{{claim}}} AS claim FROM vehicle_staged s JOIN vehicle_link l USING (place)
        WHERE s.section = {SECTION_VEHICLE_REGISTRATION} AND s.alert_kind = 0 AND l.text IN ({texts})"""


def _near(stated: pa.RecordBatch) -> pa.RecordBatch:
    """Returns the numbers one slip away, for reports that contradict their plate's bearer."""
    rows = [
        {"place": row["place"], "number": number, "contradicted": bool(row["claims"])}
        for row in stated.to_pylist()
        if _is_another(row, row["claims"] or ())
        for number in near_plates(row["plate"])
    ]
    return pa.RecordBatch.from_pylist(rows, schema=_NEAR_SCHEMA)


def _is_another(report: dict[str, Any], claims: list[dict[str, Any]] | tuple[()]) -> bool:
    agree, disagree = compared(report, claims)
    return not claims or (disagree >= SEEN_LEAST and disagree > agree)


def _alike(found: pa.RecordBatch) -> list[dict[str, Any]]:
    rows = []
    for row in found.to_pylist():
        agree, disagree = compared(row, row["claims"])
        if agree >= SEEN_LEAST and not disagree:
            rows.append({"place": row["place"], "text": row["text"]})
    return rows


def _few_each(batches: Iterator[list[dict[str, Any]]]) -> Iterator[pa.RecordBatch]:
    """Yields at most LINK_LIMIT rows of each report; reports with more are dropped."""
    of_report: dict[int, list[dict[str, Any]]] = {}
    for batch in batches:
        for row in batch:
            of_report.setdefault(row["place"], []).append(row)
    for rows in of_report.values():
        if len(rows) <= LINK_LIMIT:
            yield pa.RecordBatch.from_pylist(rows, schema=_MEANT_SCHEMA)


def near_plates(number: str) -> set[str]:
    """Numbers with another digit or letter in one place, or two neighbouring digits or letters exchanged."""
    found: set[str] = set()
    for place, character in enumerate(number):
        alphabet = _DIGITS if character.isdigit() else _LETTERS
        found |= {number[:place] + other + number[place + 1 :] for other in alphabet}
        after = number[place + 1 : place + 2]
        if after and after.isdigit() == character.isdigit():
            found.add(number[:place] + after + character + number[place + 2 :])
    return found - {number}


def compared(report: dict[str, Any], claims: list[dict[str, Any]] | tuple[()]) -> tuple[int, int]:
    """Returns how many of make, line, colour and year agree with a claim, and how many with none that states them."""
    agree = disagree = 0
    for name in _SEEN:
        stated = [claim[name] for claim in claims if claim[name]]
        if report[name] and stated:
            agrees = any(_agrees(name, report[name], each) for each in stated)
            agree, disagree = agree + agrees, disagree + (not agrees)
    return agree, disagree


def _agrees(name: str, report: str | int, claim: str | int) -> bool:
    if name == "model_year":
        return report == claim
    a, b = folded(str(report)), folded(str(claim))
    if name == "colour":
        return bool(set(a.split()) & set(b.split()))
    shorter = min(len(a), len(b))
    return a == b or (shorter >= _PREFIX and a[:shorter] == b[:shorter])
