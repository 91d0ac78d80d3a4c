"""Records whose identifier leads to nobody whom it fits: linked by name as well, never above POSSIBLE.

A clerk mistypes a CUI, or a cédula is on no other file: the record then is a subject of its own, or a stranger's, and
whoever it is about would be shown as clear. docs/answers.md section 5 says how far names lead then.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from indexer.linking_database import CRITERION_CUI, LinkingDatabase
from indexer.linking_weak import find_weak

_COMPARED = ("name_key", "name_text", "birth", "father", "mother")


def find_unborne(database: LinkingDatabase, kinds: str) -> None:
    """Makes table `unborne`(place, own_cui, stated), of the records of `kinds` (a condition on person_staged).

    own_cui: of the subject that the identifier finds, null when that has none. stated: the record itself says it.
    Needs `resolved`.
    """
    compared = ", ".join(f"p.{column}" for column in _COMPARED)
    database.run(f"""
        CREATE TABLE carried AS
        SELECT p.place, p.place AS subject, coalesce(p.cui, r.cui) AS own_cui, r.text, p.cui IS NOT NULL AS stated,
               coalesce(r.criterion, {CRITERION_CUI}) AS criterion, {compared}
        FROM (SELECT * FROM person_staged WHERE {kinds}) p LEFT JOIN resolved r USING (place)
        WHERE coalesce(p.birth::VARCHAR, p.father, p.mother) IS NOT NULL
              AND coalesce(p.cui::VARCHAR, p.document, p.nit, p.licence, p.cedula) IS NOT NULL
    """)
    claimed = ", ".join(f"i.{column}" for column in _COMPARED)
    database.run(f"""
        CREATE TABLE carried_claim AS
        SELECT c.place AS subject, {claimed} FROM identity_staged i JOIN carried c ON c.own_cui = i.cui
        UNION ALL
        SELECT c.place, {claimed}
        FROM identity_staged i JOIN resolved r USING (place) JOIN carried c ON c.own_cui = r.cui
        UNION ALL
        SELECT c.place, {claimed}
        FROM identity_staged i JOIN resolved r USING (place) JOIN carried c ON c.text = r.text
    """)
    find_weak(database, "carried", "carried_claim", "weak_carried")
    database.run("""
        CREATE TABLE unborne AS
        SELECT place, own_cui, stated FROM carried
        WHERE place IN (SELECT place FROM weak_carried) OR place NOT IN (SELECT subject FROM carried_claim);
        DROP TABLE carried; DROP TABLE carried_claim; DROP TABLE weak_carried
    """)
