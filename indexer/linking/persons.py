"""Persons by identifier: the crosswalk, and the subject each record makes or finds (docs/answers.md section 4)."""

# ruff: noqa: S608  the texts put into SQL are this package's own column lists and file names
from __future__ import annotations

from indexer.linking.database import LINK_LIMIT, LinkingDatabase
from indexer.linking.on_file import claims_on_file
from ronda.v1.level_pb2 import CRITERION_CEDULA, CRITERION_DOCUMENT, CRITERION_LICENCE, CRITERION_NIT
from ronda.v1.section_pb2 import SECTION_IDENTITY, SECTION_OWNED_VEHICLE

KINDS = {
    "document": CRITERION_DOCUMENT,
    "nit": CRITERION_NIT,
    "licence": CRITERION_LICENCE,
    "cedula": CRITERION_CEDULA,
}


def resolve_persons(database: LinkingDatabase) -> None:
    """Makes table `resolved`: every record or owner without a CUI, with the CUI it maps to or its own subject's text.

    resolved(place, register, section, is_owner, record_id, version, row, organisation, birth, cui, text, criterion):
    text is null when cui is not; criterion 0 = a subject of its own by register and record id; an owner with neither is
    unknown.
    """
    database.run("""
        CREATE TABLE uncrossed AS
        SELECT u.place, u.register, u.section, u.is_owner, u.record_id, u.version, u."row", u.document, u.nit,
               u.licence, u.cedula, u.organisation, u.birth, u.name IS NOT NULL OR u.name_key IS NOT NULL AS named
        FROM person_staged u WHERE u.cui IS NULL
    """)
    _create_crosswalk(database)
    mapped = " ".join(
        f"LEFT JOIN crosswalk {kind} ON {kind}.kind = {criterion} AND {kind}.identifier = u.{kind}"
        for kind, criterion in KINDS.items()
    )
    database.run(f"""
        CREATE TABLE resolved AS
        SELECT u.place, u.register, u.section, u.is_owner, u.record_id, u.version, u."row", u.organisation, u.birth,
            coalesce({", ".join(f"{kind}.cui" for kind in KINDS)}) AS cui,
            CASE {" ".join(f"WHEN {kind}.cui IS NOT NULL THEN NULL" for kind in KINDS)}
                 {" ".join(f"WHEN u.{kind} IS NOT NULL THEN '{kind}:' || u.{kind}" for kind in KINDS)}
                 WHEN u.is_owner AND NOT u.named THEN NULL
                 ELSE 'record:' || n.id || ':' || u.record_id END AS text,
            (CASE {" ".join(f"WHEN {kind}.cui IS NOT NULL THEN {criterion}" for kind, criterion in KINDS.items())}
                  {" ".join(f"WHEN u.{kind} IS NOT NULL THEN {criterion}" for kind, criterion in KINDS.items())}
                  ELSE 0 END)::UTINYINT AS criterion
        FROM uncrossed u JOIN register_name n USING (register) {mapped}
    """)
    database.drop("uncrossed")


def _create_crosswalk(database: LinkingDatabase) -> None:
    """Makes crosswalk and shared_number.

    crosswalk(kind, identifier, cui): unequivocal numbers that a record without a CUI needs, or one linked by name.
    shared_number(kind, identifier, cui, sure): numbers of several persons, LINK_LIMIT at most. Or, not sure: no
    register that identifies by it knows it, and a person's record states it beside a CUI.

    If a register that identifies persons by CUI has one of several CUIs, those that none has are slips. Of the rest,
    one that a record of the person states beside the identifier counts before one that owners alone state.
    """
    borne = " OR ".join(f"{kind} IS NOT NULL" for kind in KINDS)
    two = f"NOT is_owner AND cui IS NOT NULL AND ({borne})"
    if not database.holds("uncrossed") and not database.holds("noted_staged", two):
        database.run("""
            CREATE TABLE crosswalk (kind INTEGER, identifier VARCHAR, cui BIGINT);
            CREATE TABLE shared_number (kind INTEGER, identifier VARCHAR, cui BIGINT, sure BOOLEAN)
        """)
        return
    needed = " UNION ALL ".join(
        f"SELECT {criterion} AS kind, {kind} AS identifier FROM {table} WHERE {kind} IS NOT NULL"
        for kind, criterion in KINDS.items()
        for table in ("uncrossed", f"(SELECT * FROM noted_staged WHERE {two})")
    )
    database.run(f"CREATE TABLE needed AS SELECT DISTINCT kind, identifier FROM ({needed})")
    national, foreign = database.ordinals(identifies="document"), database.ordinals(identifies="foreign_document")
    stated = {
        "document": f"(CASE WHEN document LIKE 'GTM:%' THEN register IN {national} ELSE register IN {foreign} END)",
        **{kind: f"register IN {database.ordinals(identifies=kind)}" for kind in ("nit", "licence", "cedula")},
    }
    database.keep(
        "carrying",
        f"SELECT register, is_owner OR section = {SECTION_OWNED_VEHICLE} AS as_owner, cui, {', '.join(KINDS)} "
        f"FROM person_staged WHERE cui IS NOT NULL AND ({borne})",
    )
    carried = " UNION ALL ".join(
        f"SELECT {criterion} AS kind, {kind} AS identifier, cui, as_owner, {stated[kind]} AS sure FROM carrying "
        f"WHERE {kind} IS NOT NULL AND ({stated[kind]} OR NOT as_owner)"
        for kind, criterion in KINDS.items()
    )
    database.run(f"""
        CREATE TABLE crossing AS
        WITH stating AS (SELECT * FROM ({carried}) c SEMI JOIN needed USING (kind, identifier)
                         QUALIFY sure = bool_or(sure) OVER (PARTITION BY kind, identifier))
        SELECT kind, identifier, cui, bool_and(as_owner) AS as_owner, any_value(sure) AS sure
        FROM stating GROUP BY kind, identifier, cui
    """)
    database.run(f"""
        CREATE TABLE crossed AS
        WITH counted AS (SELECT *, sure AND count(*) OVER (PARTITION BY kind, identifier) = 1 AS plain FROM crossing),
        on_file AS (SELECT DISTINCT cui FROM person_staged
                    SEMI JOIN (SELECT cui FROM counted WHERE NOT plain) USING (cui)
                    WHERE NOT is_owner AND register IN {database.ordinals(identifies="cui")}),
        meant AS (SELECT * FROM counted WHERE plain OR cui IN (SELECT cui FROM on_file))
        SELECT kind, identifier, cui, sure FROM meant
        QUALIFY as_owner = min(as_owner) OVER (PARTITION BY kind, identifier);
        CREATE TABLE crosswalk AS
        SELECT kind, identifier, min(cui) AS cui FROM crossed WHERE sure
        GROUP BY kind, identifier HAVING min(cui) = max(cui);
        CREATE TABLE shared_number AS
        SELECT * FROM crossed
        QUALIFY count(*) OVER (PARTITION BY kind, identifier) BETWEEN if(sure, 2, 1) AND {LINK_LIMIT}
    """)
    database.drop("needed", "crossing", "crossed")


# Names are compared by 63 bits of their keys' hash: two different keys of 22 M share one in 40,000 nations.
_NAME = "CASE WHEN name_key IS NULL THEN 0 ELSE (hash(name_key) >> 1)::BIGINT END"  # nothing has a hash, too
_BY_PLACE = 'PARTITION BY cui ORDER BY register, record_id, version, "row", place'
_HOMONYMS = "coalesce(s.living - CASE WHEN c.dead THEN 0 ELSE 1 END, 0)::INTEGER AS homonyms"


def collect_persons(database: LinkingDatabase) -> None:
    """Makes `cui_person`, every CUI, and `text_person`, the persons on file by another identifier.

    cui_person(cui, birth, earliest, claimed, dead, homonyms): birth is yyyymmdd with 00 for unknown parts, null without
    a year; earliest is the first birth of the claims on file, null if none states one; claimed: there are claims.
    text_person(text, earliest, dead, homonyms). Needs `resolved` and `crossed_claim`.
    """
    _claims_by_cui(database)
    _births_by_cui(database)
    _claims_by_text(database)
    database.run("""
        CREATE TABLE shared_name AS
        SELECT name, count(*) FILTER (NOT dead) AS living
        FROM (SELECT name, dead FROM claimed UNION ALL SELECT name, dead FROM text_claimed) WHERE name IS NOT NULL
        GROUP BY name HAVING count(*) > 1
    """)
    database.run(f"""
        CREATE TABLE cui_person AS
        SELECT e.cui, coalesce(c.birth, o.birth) AS birth, c.earliest, c.cui IS NOT NULL AS claimed,
               coalesce(c.dead, false) AS dead, {_HOMONYMS}
        FROM every_cui e LEFT JOIN claimed c USING (cui) LEFT JOIN other_birth o USING (cui)
        LEFT JOIN shared_name s ON s.name = c.name;
        CREATE TABLE text_person AS
        SELECT c.text, c.earliest, c.dead, {_HOMONYMS} FROM text_claimed c LEFT JOIN shared_name s ON s.name = c.name
    """)
    database.drop("repeated", "claimed", "every_cui", "other_birth", "text_claimed", "shared_name")


def _claims_by_cui(database: LinkingDatabase) -> None:
    """Makes `claimed`: of each CUI with claims, what the first of them states."""
    # The first claim by place is the first of the lowest register; within one register the order is by record id.
    # arg_min, and any state with a text in it, would not spill: a nation of ten million would be out of memory.
    # A birth has 27 bits: 99,991,231 is the greatest.
    first_birth = f"min((place << 27) | birth) FILTER (section = {SECTION_IDENTITY}) & ((1 << 27) - 1)"
    first_name = f"(min(place::HUGEINT * {1 << 63} + {_NAME}) % {1 << 63})::BIGINT"
    on_file = claims_on_file('register, section, record_id, version, "row", place, name_key, birth, death_day')
    database.run(f"""
        CREATE TABLE repeated AS SELECT DISTINCT cui FROM (
            SELECT cui, register FROM ({claims_on_file("register")}) WHERE cui IS NOT NULL
            GROUP BY cui, register HAVING count(*) > 1)
    """)
    database.run(f"""
        CREATE TABLE claimed AS
        SELECT cui, {first_birth} AS birth, min(birth) AS earliest,
               nullif({first_name}, 0) AS name, bool_or(death_day IS NOT NULL) AS dead
        FROM ({claims_on_file("section, place, name_key, birth, death_day")}) WHERE cui IS NOT NULL GROUP BY cui
    """)
    if not database.holds("repeated"):
        return
    # a register that has several claims of one CUI: the few for which the order within it is worked out
    database.run(f"""
        CREATE TABLE first_claim AS
        WITH claims AS (SELECT i.* FROM ({on_file}) i SEMI JOIN repeated USING (cui)),
        named AS (SELECT cui, nullif({_NAME}, 0) AS name FROM claims
                  QUALIFY row_number() OVER ({_BY_PLACE}) = 1),
        born AS (SELECT cui, birth FROM claims WHERE birth IS NOT NULL AND section = {SECTION_IDENTITY}
                 QUALIFY row_number() OVER ({_BY_PLACE}) = 1)
        SELECT named.cui, born.birth, named.name FROM named LEFT JOIN born USING (cui)
    """)
    database.run("""
        UPDATE claimed SET birth = f.birth, name = f.name FROM first_claim f WHERE claimed.cui = f.cui
    """)
    database.drop("first_claim")


def _births_by_cui(database: LinkingDatabase) -> None:
    """Makes `every_cui`, and `other_birth` of those without a birth year in an identity claim: the first record's."""
    database.run("""
        CREATE TABLE every_cui AS SELECT DISTINCT cui FROM (
            SELECT cui FROM person_staged WHERE cui IS NOT NULL
            UNION ALL SELECT cui FROM resolved WHERE cui IS NOT NULL)
    """)
    database.run(f"""
        CREATE TABLE other_birth AS
        WITH wanted AS (SELECT cui FROM every_cui
                        ANTI JOIN (SELECT cui FROM claimed WHERE birth IS NOT NULL) USING (cui)),
        stated AS (
            SELECT cui, register, record_id, version, "row", place, birth FROM person_staged
            WHERE cui IS NOT NULL AND birth IS NOT NULL AND NOT is_owner
            UNION ALL SELECT cui, register, record_id, version, "row", place, birth FROM resolved
            WHERE cui IS NOT NULL AND birth IS NOT NULL AND NOT is_owner)
        SELECT cui, birth FROM stated SEMI JOIN wanted USING (cui) QUALIFY row_number() OVER ({_BY_PLACE}) = 1
    """)


def _claims_by_text(database: LinkingDatabase) -> None:
    """Makes `text_claimed`: who is on file by another identifier, organisations aside."""
    if not database.holds("crossed_claim", "text IS NOT NULL"):
        database.run("CREATE TABLE text_claimed (text VARCHAR, earliest INTEGER, dead BOOLEAN, name BIGINT)")
        return
    database.run(f"""
        CREATE TABLE text_claimed AS
        WITH claims AS (
            SELECT * FROM crossed_claim WHERE text IS NOT NULL
            AND text NOT IN (SELECT text FROM resolved WHERE organisation AND starts_with(text, 'nit:'))),
        named AS (SELECT text, nullif({_NAME}, 0) AS name FROM claims
                  QUALIFY row_number() OVER ({_BY_PLACE.replace("BY cui", "BY text")}) = 1)
        SELECT c.text, min(c.birth) AS earliest, bool_or(c.death_day IS NOT NULL) AS dead, n.name
        FROM claims c JOIN named n USING (text) GROUP BY c.text, n.name
    """)
