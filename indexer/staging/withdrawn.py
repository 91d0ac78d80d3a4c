"""The remains of a register that was withdrawn on purpose: its closings, and its sizes.

Withdrawing the authority must not make red the persons that it had cleared: its last closings are kept, and no other of
its records of people (docs/answers.md section 6). Its sizes are kept too: it is compared with them when it comes back.
"""

# ruff: noqa: S608  the texts put into SQL are this package's own file names and numbers
from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import duckdb

from indexer.staging.extracts import StagedExtract
from indexer.standard import ALERT_PROTECTED
from ronda.v1.alert_pb2 import ALERT_STATE_PENDING
from ronda.v1.section_pb2 import SENSITIVITY_DISCREET

_CLOSINGS = "records-0000.parquet"
_ANY_DAY = 1 << 40  # beyond every day
_SPAN_UNKNOWN = 32_767  # days; the day may be any


def keep_closings(data: Path, generation_id: str, last: StagedExtract, kinds: Collection[int]) -> StagedExtract:
    """Stages the closings of a register that is withdrawn now; one that was before stays as it is.

    kinds: ronda.v1.AlertKind, those that it decides.
    """
    if last.withdrawn:
        return last
    kept = replace(last, directory=generation_id, withdrawn=True)
    directory = kept.path(data)
    directory.mkdir(parents=True, exist_ok=True)
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in last.files(data))
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TEMP VIEW staged AS SELECT * FROM read_parquet([{listed}])")
        connection.execute(f"""
            COPY ({_closings(kinds)}) TO '{str(directory / _CLOSINGS).replace("'", "''")}' (FORMAT parquet)
        """)
    return kept


def _days(stated: str) -> str:
    """SQL: a struct of the first and last day that one of a row's dates may be; null where it is not stated."""
    return (
        f"CASE WHEN {stated}_first IS NOT NULL THEN "
        f"{{'first': {stated}_first::BIGINT, 'last': {stated}_first::BIGINT + coalesce({stated}_span, 0)}} "
        f"WHEN {stated}_span = {_SPAN_UNKNOWN} THEN {{'first': -{_ANY_DAY}, 'last': {_ANY_DAY}}} END"
    )


def _closings(kinds: Collection[int]) -> str:
    """SQL: the rows that hold, of records that are closed, unless the same register has the warrant pending too.

    A row holds unless another of its record is later for certain: docs/answers.md section 6, "One record, several
    rows".
    """
    decided = ", ".join(map(str, sorted(kinds))) or "NULL"  # of none: 0 is what is no alert, and must not stay
    never = f"{{'first': -{2 * _ANY_DAY}, 'last': -{2 * _ANY_DAY}}}"
    record = f"alert_kind, sensitivity = {SENSITIVITY_DISCREET}, record_id"
    return f"""
        WITH aged AS (
            SELECT *, coalesce({_days("state")}, {_days("issued")}, {never}) AS age
            FROM staged WHERE alert_kind IN ({decided}) AND alert_flags & {ALERT_PROTECTED} = 0),
        placed AS (SELECT *, max(version) OVER (PARTITION BY {record}) AS newest,
                          max(age.first) OVER (PARTITION BY {record}, version) AS latest FROM aged),
        held AS (SELECT *, bool_or(alert_state = {ALERT_STATE_PENDING}) OVER (PARTITION BY {record}) AS pending
                 FROM placed WHERE version = newest AND latest <= age.last)
        SELECT * EXCLUDE (age, newest, latest, pending) FROM held h WHERE NOT pending AND NOT EXISTS (
            SELECT 1 FROM held p WHERE p.pending AND p.alert_kind = h.alert_kind AND p.merge_key = h.merge_key
            AND (p.cui = h.cui OR p.name_key = h.name_key))
        ORDER BY record_id, version, "row"
    """
