"""Claims on file: the data that linking compares a record with (docs/answers.md section 4).

identity claims with a CUI ----------------------------> identity_staged, where they are: millions
identity claims by another identifier, and, for persons
without any identity claim, the records of registers
that identify the identifier (a foreigner's crossings) --> crossed_claim: few
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from indexer.linking.database import STANDARDS, LinkingDatabase
from ronda.v1.level_pb2 import CRITERION_CEDULA, CRITERION_DOCUMENT, CRITERION_LICENCE, CRITERION_NIT
from ronda.v1.section_pb2 import SECTION_IDENTITY

_CLAIMED = (
    'register, section, record_id, version, "row", place, name_key, name_text, birth, sex, birth_department, '
    "residence_department, father, mother, death_day"
)


def claims_on_file(columns: str) -> str:
    """A query of every claim on file: cui, text (where there is no CUI), and these columns of person_staged."""
    return f"""
        SELECT cui, NULL::VARCHAR AS text, {columns} FROM identity_staged WHERE cui IS NOT NULL
        UNION ALL SELECT cui, text, {columns} FROM crossed_claim
    """


def collect_crossed_claims(database: LinkingDatabase) -> None:
    """Makes table `crossed_claim`(cui, text, and _CLAIMED). Needs `resolved`."""
    claimed = ", ".join(f"p.{column}" for column in _CLAIMED.split(", "))
    national, foreign = database.ordinals(identifies="document"), database.ordinals(identifies="foreign_document")
    kinds = ((CRITERION_NIT, "nit"), (CRITERION_LICENCE, "licence"), (CRITERION_CEDULA, "cedula"))
    identified = " OR ".join(
        [
            f"r.criterion = {criterion} AND p.register IN {database.ordinals(identifies=kind)}"
            for criterion, kind in kinds
        ]
        + [
            f"r.criterion = {CRITERION_DOCUMENT} AND CASE WHEN p.document LIKE 'GTM:%' THEN p.register IN {national} "
            f"ELSE p.register IN {foreign} END"
        ]
    )
    stated = f"p.name_key IS NOT NULL AND NOT p.is_owner AND p.alert_kind = 0 AND p.clearance & {STANDARDS} = 0"
    database.run(f"""
        CREATE TABLE crossed_claim AS
        SELECT r.cui, r.text, {claimed} FROM identity_staged p JOIN resolved r USING (place);
        CREATE TABLE other_claim AS
        SELECT p.cui, NULL::VARCHAR AS text, {claimed} FROM person_staged p
        WHERE {stated} AND p.section <> {SECTION_IDENTITY} AND p.cui IS NOT NULL
              AND p.register IN {database.ordinals(identifies="cui")}
        UNION ALL
        SELECT r.cui, r.text, {claimed} FROM person_staged p JOIN resolved r USING (place)
        WHERE {stated} AND ({identified});
        INSERT INTO crossed_claim
        SELECT o.* FROM other_claim o
        ANTI JOIN (SELECT i.cui FROM identity_staged i SEMI JOIN other_claim USING (cui)
                   UNION ALL SELECT cui FROM crossed_claim WHERE cui IS NOT NULL) c ON c.cui = o.cui
        ANTI JOIN (SELECT text FROM crossed_claim WHERE text IS NOT NULL) t ON t.text = o.text;
        DROP TABLE other_claim
    """)
