"""Persons wanted under one number and known by another (docs/answers.md section 5, "Wanted under another number").

    records that come here and their links                      --> wanted_record
    names and birth dates of persons without a CUI --one pass over the claims on file--> twin_claim: few
    wanted_record x twin_claim, one name and birth date --> name_link

Of two persons linked so one has no CUI, or they are one person on file twice.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from indexer.linking.database import LAST_FILLER_YEAR, LINK_LIMIT, STANDARDS, LinkingDatabase
from indexer.linking.on_file import claims_on_file
from indexer.standard import ALERT_PROTECTED
from ronda.v1.level_pb2 import (
    CRITERION_BIRTH_DATE,
    CRITERION_CUI,
    CRITERION_NAMES,
    CRITERION_SEX,
    LEVEL_HIT,
    LEVEL_POSSIBLE,
)

_WHOLE = f"name_key IS NOT NULL AND birth // 10000 > {LAST_FILLER_YEAR} AND birth // 100 % 100 > 0 AND birth % 100 > 0"

# Two CUIs tell two persons apart, but where names, birth date and a parent are one, and neither a parent nor the
# department of birth is another.
_ONE_PERSON = """((h.father = t.father OR h.mother = t.mother)
                  AND coalesce(h.father = t.father, true) AND coalesce(h.mother = t.mother, true)
                  AND coalesce(nullif(h.birth_department, 0) = nullif(t.birth_department, 0), true))"""


def _of(table: str) -> str:
    return ", ".join(
        f"{table}.{column}" for column in ("name_key", "birth", "sex", "father", "mother", "birth_department")
    )


def link_other_numbers(database: LinkingDatabase) -> None:
    """Appends to `name_link`. Needs it, `resolved`, `crossed_claim`, `cui_person` and `text_person`."""
    _collect_wanted(database)
    database.run(f"""
        CREATE TABLE twin_claim AS
        WITH told AS (SELECT name_key, birth FROM crossed_claim WHERE cui IS NULL AND {_WHOLE}
                      UNION SELECT name_key, birth FROM wanted_record WHERE {_WHOLE}
                      UNION SELECT name_key, birth FROM ({claims_on_file("name_key, birth")}) c
                            SEMI JOIN wanted_record w ON w.cui = c.cui WHERE {_WHOLE})
        SELECT DISTINCT cui, text, name_key, birth, coalesce(sex, 0) AS sex, father, mother, birth_department
        FROM ({claims_on_file("name_key, birth, sex, father, mother, birth_department")})
        SEMI JOIN told USING (name_key, birth)
    """)
    if not _holds_two_of_one_name(database):
        database.drop("wanted_record", "twin_claim")
        return
    stated = f"CASE WHEN bool_or(h.stated) THEN '{CRITERION_CUI:02x}' ELSE '' END"
    by_sex = f"CASE WHEN bool_or(h.sex <> 0 AND h.sex = t.sex) THEN '{CRITERION_SEX:02x}' ELSE '' END"
    database.run(f"""
        CREATE TABLE named_alike AS
        WITH unclaimed AS (
            SELECT * FROM wanted_record WHERE CASE WHEN cui IS NULL
                THEN text NOT IN (SELECT text FROM crossed_claim WHERE text IS NOT NULL)
                ELSE cui NOT IN (SELECT cui FROM cui_person WHERE claimed) END),
        hers AS (
            SELECT w.place, w.cui, w.text, w.stated, {_of("c")} FROM wanted_record w JOIN twin_claim c ON c.cui = w.cui
            UNION SELECT w.place, w.cui, w.text, w.stated, {_of("c")}
            FROM wanted_record w JOIN twin_claim c ON c.text = w.text
            UNION SELECT w.place, w.cui, w.text, w.stated, {_of("o")}
            FROM unclaimed w JOIN unclaimed o ON o.text = w.text
            UNION SELECT w.place, w.cui, w.text, w.stated, {_of("o")}
            FROM unclaimed w JOIN unclaimed o ON o.cui = w.cui
            UNION SELECT place, cui, text, stated, {_of("w")} FROM wanted_record w)
        SELECT h.place, t.cui, t.text, {stated} AS disagrees, {by_sex} AS by_sex
        FROM hers h JOIN twin_claim t ON t.name_key = h.name_key AND t.birth = h.birth
            AND (t.cui IS NULL OR h.cui IS NULL OR {_ONE_PERSON}) AND (t.sex = 0 OR h.sex = 0 OR t.sex = h.sex)
            AND (t.cui IS DISTINCT FROM h.cui OR t.text IS DISTINCT FROM h.text)
        WHERE t.cui IN (SELECT cui FROM cui_person WHERE claimed) OR t.text IN (SELECT text FROM text_person)
        GROUP BY h.place, t.cui, t.text;
        INSERT INTO name_link
        SELECT a.place, a.cui, a.text, {LEVEL_POSSIBLE}::UTINYINT,
               unhex('{CRITERION_NAMES:02x}{CRITERION_BIRTH_DATE:02x}' || a.by_sex), unhex(a.disagrees),
               NULL::DOUBLE, a.people, false
        FROM (SELECT *, count(*) OVER (PARTITION BY place)::INTEGER AS people FROM named_alike) a
        ANTI JOIN name_link n ON n.place = a.place AND n.cui IS NOT DISTINCT FROM a.cui
                                 AND n.text IS NOT DISTINCT FROM a.text
        WHERE a.people <= {LINK_LIMIT};
        DROP TABLE wanted_record; DROP TABLE twin_claim; DROP TABLE named_alike
    """)


def _holds_two_of_one_name(database: LinkingDatabase) -> bool:
    """Returns whether two subjects have one name and birth date at all: nearly never, if the records are few."""
    return database.holds("""(
        SELECT name_key, birth FROM (
            SELECT cui, text, name_key, birth FROM twin_claim
            UNION SELECT cui, text, name_key, birth FROM wanted_record WHERE name_key IS NOT NULL)
        GROUP BY name_key, birth HAVING count(*) > 1) two""")


def _collect_wanted(database: LinkingDatabase) -> None:
    """Makes wanted_record(place, cui, text, stated, name_key, birth, sex): records with the persons they mean for
    certain.

    That is by an identifier or as HIT by name. name_key: null if the record itself does not state the owner of the
    name.
    """
    database.run(f"""
        CREATE TABLE wanted_record AS
        SELECT p.place, coalesce(p.cui, r.cui) AS cui, r.text, p.cui IS NOT NULL AS stated,
               p.name_key, p.birth, coalesce(p.sex, 0) AS sex, p.father, p.mother, p.birth_department
        FROM (SELECT * FROM noted_staged
              WHERE NOT is_owner AND (alert_kind <> 0 AND alert_flags & {ALERT_PROTECTED} = 0
                                      OR clearance & {STANDARDS} <> 0)
                    AND coalesce(cui::VARCHAR, document, nit, licence, cedula) IS NOT NULL) p
        LEFT JOIN resolved r USING (place)
        UNION ALL
        SELECT place, cui, text, false, NULL, NULL, 0, NULL, NULL, NULL FROM name_link WHERE level = {LEVEL_HIT}
    """)
