"""Decides which of the possible persons a record by name is linked to: the rules S, H, P, F, A and N, and the only
bearer.

    name_fit    pairs with all that agrees and what does not --> name_decided --> name_link, name_count, doubted

The rules are docs/answers.md section 5, "Links and counts".
"""

# ruff: noqa: S608  the texts put into SQL are this package's own numbers
from __future__ import annotations

from indexer.linking.database import LINK_LIMIT, LinkingDatabase
from indexer.standard import NAME_ONLY_CROWDED, NAME_ONLY_ONE_BEARER
from ronda.v1.level_pb2 import AGREEMENT_AGREES as AGREES
from ronda.v1.level_pb2 import AGREEMENT_DISAGREES as DISAGREES
from ronda.v1.level_pb2 import (
    CRITERION_BIRTH_DATE,
    CRITERION_CUI,
    CRITERION_DEPARTMENT,
    CRITERION_NAMES,
    CRITERION_PARENTS,
    CRITERION_SEX,
    LEVEL_HIT,
    LEVEL_POSSIBLE,
)


def decide(database: LinkingDatabase) -> None:
    """Makes `name_decided` of `name_fit`, and of it `name_link` and `doubted`.

    Needs `name_causa`, `name_only`, `named_person` and `unborne_record`.
    """
    _collect_decided(database)
    _link_decided(database)


def _collect_decided(database: LinkingDatabase) -> None:
    """The rules S, F, A and N, parents, and the only bearer: `name_decided`."""
    agreed = f"names = {AGREES} AND birth <> {DISAGREES} AND sex <> {DISAGREES}"
    database.run(f"""
        CREATE TABLE name_decided AS
        WITH near AS (SELECT * REPLACE (scored AND NOT (birth = {DISAGREES} AND parents = {DISAGREES}) AS scored)
                      FROM name_fit),
        told AS (SELECT *, {agreed} OR scored OR named OR held OR weighed OR by_parents AS fits FROM near),
        best AS (SELECT * FROM told WHERE fits OR names = {AGREES} AND birth <> {DISAGREES}
                 QUALIFY fits OR NOT bool_or(fits) OVER (PARTITION BY place)),  -- of another sex, where nobody fits
        alive AS (SELECT b.*, bool_or(NOT dead) OVER (PARTITION BY place) AS living, k.place IS NOT NULL AS of_causa
                  FROM best b LEFT JOIN name_causa k USING (place, entity)),
        rules AS (SELECT a.*, {agreed} AS agreed, {agreed} OR NOT fits AS bears,
                         agreed AND parents <> {DISAGREES} AND (birth = {AGREES} OR parents = {AGREES}) AS strong,
                         strong AND (parents = {AGREES} OR NOT r.new_year) AS sure,
                         agreed AND (band OR department) AS supported
                 FROM alive a JOIN (SELECT place, new_year FROM name_only) r USING (place) WHERE NOT (living AND dead)),
        related AS (SELECT * REPLACE (  -- who has the parents and another birth date, beside who has both
                        by_parents AND NOT (birth = {DISAGREES} AND bool_or(sure AND by_parents AND birth = {AGREES})
                                                                    OVER (PARTITION BY place)) AS by_parents)
                    FROM rules),
        numbered AS (SELECT *, count(*) OVER w AS people, count(*) FILTER (strong) OVER w AS n_strong,
                            count(*) FILTER (sure) OVER w AS n_sure, count(*) FILTER (by_parents) OVER w AS n_parents,
                            count(*) FILTER (by_parents AND NOT strong) OVER w AS n_kin,
                            count(*) FILTER (agreed AND parents = {DISAGREES} AND one_parent = 1) OVER w AS n_father,
                            count(*) FILTER (agreed AND parents = {DISAGREES} AND one_parent = 2) OVER w AS n_mother,
                            count(*) FILTER (supported) OVER w AS n_supported,
                            count(*) FILTER (scored) OVER w AS n_scored, count(*) FILTER (named) OVER w AS n_named,
                            count(*) FILTER (weighed) OVER w AS n_weighed, count(*) FILTER (held) OVER w AS n_held,
                            count(*) FILTER (agreed) OVER w AS n_agreed,
                            count(*) FILTER (bears) OVER w AS n_bears,
                            count(*) FILTER (bears AND very_name) OVER w AS n_very,
                            count(*) FILTER (agreed AND of_causa) OVER w AS n_causa
                     FROM related WINDOW w AS (PARTITION BY place)),
        decided AS (SELECT n.*, u.place IS NOT NULL AS numbered, coalesce(u.stated, false) AS stated,
                        coalesce(u.borne, false) AS borne, coalesce(u.own_date, false) AS own_date,
                        bears AND (n_bears = 1 OR very_name AND n_very = 1) AND living AND r.long_name AS sole,
                        u.place IS NOT NULL OR r.sole_suffices AS suffices, coalesce(r.about_year, 0) AS about_year,
                        agreed AND of_causa AND (n_causa = 1 OR NOT r.closed) AS one_causa,
                        r.certified AND u.place IS NULL AND agreed AND living AND parents <> {DISAGREES}
                            AND n_sure = 0 AND n_agreed <= {LINK_LIMIT} AS reviewed
                 FROM numbered n JOIN name_only r USING (place) LEFT JOIN unborne_record u USING (place))
        SELECT *, strong AND n_strong <= {LINK_LIMIT} OR weighed AND n_weighed <= {LINK_LIMIT}
                  OR held AND n_strong + n_held <= {LINK_LIMIT} OR sole AND own_date
                  OR NOT borne AND (n_sure = 0 AND supported AND n_supported <= {LINK_LIMIT}
                                    OR by_parents AND n_parents <= {LINK_LIMIT}
                                    OR agreed AND parents = {DISAGREES} AND one_parent > 0 AND n_strong + n_parents = 0
                                       AND n_father > 0 AND n_mother > 0 AND n_father + n_mother <= {LINK_LIMIT}
                                    OR sole AND suffices OR reviewed OR one_causa OR scored AND n_scored <= {LINK_LIMIT}
                                    OR n_strong = 0 AND n_supported = 0 AND named AND n_named <= {LINK_LIMIT}
                                       AND about_year = 0) AS linked
        FROM decided;
        DROP TABLE name_fit
    """)


def _link_decided(database: LinkingDatabase) -> None:
    """`name_link` and `doubted`, of `name_decided`."""
    compared = (
        ("names", CRITERION_NAMES),
        ("parents", CRITERION_PARENTS),
        ("birth", CRITERION_BIRTH_DATE),
        ("sex", CRITERION_SEX),
    )

    def criteria(outcome: int) -> str:
        return " || ".join(f"CASE WHEN {name} = {outcome} THEN '{code:02x}' ELSE '' END" for name, code in compared)

    other = f"CASE WHEN stated THEN '{CRITERION_CUI:02x}' ELSE '' END"
    department = f"CASE WHEN department THEN '{CRITERION_DEPARTMENT:02x}' ELSE '' END"
    database.run(f"""
        CREATE TABLE name_link AS
        SELECT d.place, p.cui, p.text,
               (CASE WHEN sure AND n_strong = 1 AND n_held + n_kin = 0 AND living AND NOT numbered THEN {LEVEL_HIT}
                     ELSE {LEVEL_POSSIBLE} END)::UTINYINT AS level,
               unhex({criteria(AGREES)} || {department}) AS agrees,
               unhex({other} || {criteria(DISAGREES)}) AS disagrees, d.score, d.people::INTEGER AS people, d.band
        FROM name_decided d JOIN named_person p USING (entity) WHERE d.linked;
        CREATE TABLE doubted AS SELECT DISTINCT place FROM name_decided WHERE linked AND borne
    """)


def count(database: LinkingDatabase, *, by_record: bool) -> None:
    """`name_count`; by_record: `name_counted` too."""
    counts = """
        FROM name_decided d JOIN named_person p USING (entity) JOIN name_only r USING (place)
        WHERE d.living AND NOT d.linked AND NOT d.borne AND r.pending_alert"""
    database.run(f"""
        CREATE TABLE name_count AS
        SELECT p.cui, p.text, count(*)::INTEGER AS records,
               (bool_or(d.scored)::UTINYINT * {NAME_ONLY_CROWDED}
                + bool_or(d.sole)::UTINYINT * {NAME_ONLY_ONE_BEARER})::UTINYINT AS name_only_flags
        {counts} GROUP BY p.cui, p.text
    """)
    if by_record:
        database.run(f"""
            CREATE TABLE name_counted AS
            SELECT d.place, p.cui, p.text, (d.scored::UTINYINT * {NAME_ONLY_CROWDED}
                                            + d.sole::UTINYINT * {NAME_ONLY_ONE_BEARER})::UTINYINT AS name_only_flags
            {counts}
        """)
