"""Looks at subjects with a discreet alert, kept in this process until their owners are notified."""

from typing import NamedTuple

class DiscreetLook(NamedTuple):
    """One answer that showed a subject with a discreet alert in force, whether or not the alert was seen."""

    clock_ms: int  # UTC
    subject_id: bytes  # 16 raw bytes
    answer_id: bytes  # 16 raw bytes
    method: int  # core.engine.entry.Method; 32 = a batch of Clear
    purpose: int  # Purpose
    how: int  # 1 asked for, 2 owner, 3 candidate or search result, 4 clearance row, 5 list
    level: int  # Level shown; of a clearance row the ClearanceResult
    register_id: str  # the alert's register
    generation_id: str
    case_number: str  # "" = none was given
    identity: bytes  # UTF-8 JSON: who asked, as the audit record holds it; b"" = a bare grant

def take_discreet_looks() -> tuple[list[DiscreetLook], int]:
    """Takes those kept since the last time, in the order of their answers; and how many found no room.

    A look joins them after its audit record is written.
    """
