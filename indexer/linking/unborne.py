"""Records with an identifier in doubt, wholly or in part: linked by name as well, never above POSSIBLE.

A clerk mistypes a CUI, or writes a brother's, or a cédula is on no other file. The record then is a subject of its own,
or another's, and its real person would be shown as clear. docs/answers.md section 5 tells how far names lead then.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from indexer.linking.database import FIRST_OF_JANUARY, LinkingDatabase
from indexer.linking.on_file import claims_on_file
from indexer.linking.weak import NO_DATE, WHOLE_DATE, YEAR_ALONE, judge_links
from indexer.standard import ALERT_BIRTH_DOUBTED, ALERT_BIRTH_TURNED
from ronda.v1.level_pb2 import CRITERION_CUI

_COMPARED = "name_key, name_text, birth, father, mother"


def find_unborne(database: LinkingDatabase, kinds: str) -> None:
    """Makes table `unborne`(place, own_cui, own_text, stated, borne, own_date), of the records of `kinds`.

    kinds: a condition on noted_staged. own_cui, own_text: of the subject that the identifier finds. stated: the record
    itself has the CUI. borne: the identifier makes a HIT, although names or birth date do not agree. own_date: the
    birth date is that of the number's bearer, and the name is not. The date then came with the number, and tells no
    other person apart. Needs `resolved` and `crossed_claim`.
    """
    compared = ", ".join(f"p.{column}" for column in _COMPARED.split(", "))
    database.run(f"""
        CREATE TABLE carried AS
        SELECT p.place, p.place AS subject, coalesce(p.cui, r.cui) AS own_cui, r.text AS own_text,
               p.cui IS NOT NULL AS stated, coalesce(r.criterion, {CRITERION_CUI}) AS criterion, {compared},
               CASE WHEN coalesce(p.alert_flags, 0) & {ALERT_BIRTH_DOUBTED | ALERT_BIRTH_TURNED} = 0 THEN {WHOLE_DATE}
                    WHEN p.alert_flags & {ALERT_BIRTH_TURNED} <> 0 OR p.birth % 10000 = {FIRST_OF_JANUARY}
                    THEN {YEAR_ALONE} ELSE {NO_DATE} END AS dated
        FROM (SELECT * FROM noted_staged WHERE {kinds}) p LEFT JOIN resolved r USING (place)
        WHERE coalesce(p.cui::VARCHAR, p.document, p.nit, p.licence, p.cedula) IS NOT NULL
    """)
    claimed = ", ".join(f"i.{column}" for column in _COMPARED.split(", "))
    database.run(f"""
        CREATE TABLE carried_claim AS
        SELECT c.place AS subject, {claimed}
        FROM ({claims_on_file(_COMPARED)}) i JOIN carried c ON c.own_cui = i.cui
        UNION ALL
        SELECT c.place, {claimed} FROM crossed_claim i JOIN carried c ON c.own_text = i.text
    """)
    judge_links(database, "carried", "carried_claim", "judged_carried")
    database.run("""
        CREATE TABLE unborne AS
        SELECT c.place, c.own_cui, c.own_text, c.stated, j.claimed AND NOT j.weak AS borne, j.own_date
        FROM carried c JOIN judged_carried j USING (place)
        WHERE c.name_key IS NOT NULL OR j.weak OR NOT j.claimed;  -- without a name a number in doubt alone
        DROP TABLE carried; DROP TABLE carried_claim
    """)
    database.forget("judged_carried")
