"""Persons with an address that an order hides without a link to them (docs/answers.md section 5, "Only hidden").

A link requires a birth date beside the name, so that no namesake is arrested. Leaving an address out of an answer by
plate costs a namesake nothing; showing it may cost the life of a woman with a badly written order.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists
from __future__ import annotations

from collections.abc import Iterator

from core.identifiers.near_cuis import near_cuis, near_miscounted
from indexer.linking.database import LAST_FILLER_YEAR, LinkingDatabase
from indexer.linking.on_file import claims_on_file
from indexer.linking.weighed import MISCOUNTED
from indexer.standard import ALERT_HIDES_YET, ALERT_PROTECTED
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING
from ronda.v1.level_pb2 import AGREEMENT_AGREES

BEARERS_LIMIT = 1_000  # persons on file who bear a name; a commoner one hides nobody
HIDING = (
    f"(alert_flags & {ALERT_PROTECTED} <> 0 "
    f"AND (alert_state = {ALERT_STATE_PENDING} OR alert_flags & {ALERT_HIDES_YET} <> 0))"
)
# of `name_bearer`: all who bear a record's name or a longer one that holds it, or, where they are many, those alone
# with names that agree; of many such, nobody
FEW_BEARERS = f"""
    (count(*) OVER (PARTITION BY place) <= {BEARERS_LIMIT} OR names = {AGREEMENT_AGREES}
     AND count(*) FILTER (names = {AGREEMENT_AGREES}) OVER (PARTITION BY place) <= {BEARERS_LIMIT})"""

_CUI_DIGITS = 13
_ONE_DAY = f"c.birth = h.birth AND c.birth // 10000 > {LAST_FILLER_YEAR} AND c.birth % 100 > 0"  # of two claims


def collect_hidden(database: LinkingDatabase) -> None:
    """Makes `name_hides`(place, cui, text): orders, and the persons that they hide without a link.

    Needs `name_bearer`(place, entity, names): all persons with a name that agrees with that of a hiding record, or
    holds all of it, without regard to birth date and sex; and `name_decided`, `name_only`, `named_person`,
    `unborne_record`, `cui_person`, `text_person`, `crossed_claim` and `resolved`.
    """
    _collect_slips(database)
    _collect_others(database)
    database.run(f"""
        CREATE TABLE name_hides AS
        WITH hiding AS (SELECT place FROM name_only WHERE hides),
        few AS (SELECT place, entity FROM name_bearer QUALIFY {FEW_BEARERS}),
        borne AS (SELECT * FROM few SEMI JOIN hiding USING (place)
                  UNION SELECT place, entity FROM name_decided SEMI JOIN hiding USING (place) WHERE scored),
        named AS (SELECT place, p.cui, p.text FROM borne
                  ANTI JOIN (SELECT place, entity FROM name_decided WHERE linked) d USING (place, entity)
                  JOIN named_person p USING (entity))
        SELECT * FROM named
        UNION SELECT s.place, s.cui, NULL FROM cui_slip s JOIN cui_person c USING (cui) WHERE c.claimed
        UNION SELECT place, cui, text FROM other_number
        UNION SELECT place, cui, text FROM near_other
        WHERE hides AND (cui IN (SELECT cui FROM cui_person WHERE claimed) OR text IN (SELECT text FROM text_person));
        DROP TABLE cui_slip; DROP TABLE other_number
    """)


def _collect_others(database: LinkingDatabase) -> None:
    """Makes other_number(place, cui, text): persons with the whole name of a hiding record's person, but another kind
    of number.

    Only two CUIs tell two persons apart. A NIT or passport that no register states beside a CUI does not, nor do two
    CUIs of one birth date: the person may be on file twice.
    """
    database.run(f"""
        CREATE TABLE other_number AS
        WITH stated AS (
            SELECT p.place, coalesce(p.cui, r.cui) AS cui, r.text
            FROM noted_staged p LEFT JOIN resolved r USING (place)
            WHERE {HIDING} AND NOT p.is_owner
                  AND coalesce(p.cui::VARCHAR, p.document, p.nit, p.licence, p.cedula) IS NOT NULL),
        claim AS ({claims_on_file("name_key, birth")}),
        hers AS (SELECT s.*, c.name_key, c.birth FROM stated s JOIN claim c ON c.cui = s.cui
                 UNION SELECT s.*, c.name_key, c.birth FROM stated s JOIN claim c ON c.text = s.text AND c.cui IS NULL)
        SELECT DISTINCT h.place, c.cui, c.text
        FROM hers h JOIN claim c ON c.name_key = h.name_key AND (c.cui IS NULL OR h.cui IS NULL OR {_ONE_DAY})
                                    AND (c.cui IS DISTINCT FROM h.cui OR c.text IS DISTINCT FROM h.text)
        WHERE c.cui IN (SELECT cui FROM cui_person WHERE claimed) OR c.text IN (SELECT text FROM text_person)
        QUALIFY count(*) OVER (PARTITION BY h.place) <= {BEARERS_LIMIT}
    """)


def _collect_slips(database: LinkingDatabase) -> None:
    """Makes cui_slip(place, cui): numbers one slip from that of a hiding record, if nothing supports its number.

    Also those in its CUI's cell with a digit lost or too many.
    """
    stated = database.stream(f"""
        SELECT place, cui FROM noted_staged p
        WHERE {HIDING} AND NOT is_owner AND cui IS NOT NULL
              AND (place IN (SELECT place FROM unborne_record WHERE NOT borne)
                   OR name_key IS NULL AND cui NOT IN (SELECT cui FROM cui_person WHERE claimed))
    """)
    database.run("CREATE TABLE cui_slip (place BIGINT, cui BIGINT)")
    for batch in stated:
        slips = [(row["place"], slip) for row in batch.to_pylist() for slip in slips_of(row["cui"])]
        database.insert_cuis("cui_slip", slips)
    counted = database.stream(f"SELECT place, loose_number FROM noted_staged WHERE {HIDING} AND {MISCOUNTED}")
    for batch in counted:
        told = [(row["place"], near_miscounted([row["loose_number"]])[1]) for row in batch.to_pylist()]
        database.insert_cuis("cui_slip", [(place, cui) for place, near in told for cui in near])


def slips_of(cui: int) -> Iterator[int]:
    """Yields each number of 13 digits with another digit in one place, or two neighbours exchanged.

    Also every valid one with another place part, or a digit lost behind a zero (core/identifiers/near_cuis).
    """
    yield from near_cuis([cui], True)[1]
    digits = f"{cui:0{_CUI_DIGITS}d}"
    for place, digit in enumerate(digits):
        unit = 10 ** (_CUI_DIGITS - 1 - place)
        yield from (cui + (other - int(digit)) * unit for other in range(10) if other != int(digit))
        if place + 1 < _CUI_DIGITS and digit != digits[place + 1]:
            yield cui + (int(digits[place + 1]) - int(digit)) * (unit - unit // 10)
