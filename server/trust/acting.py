"""The purposes that are not to act on what an answer shows (docs/answers.md section 10, "Minors")."""

from __future__ import annotations

from ronda.v1 import context_pb2

NOT_TO_ACT = frozenset({context_pb2.PURPOSE_CLEARANCE, context_pb2.PURPOSE_AUDIT, context_pb2.PURPOSE_STATISTICS})


def is_to_act(purpose: int) -> bool:
    """As the engine says it: orders of adolescents' courts are shown to who may carry them out."""
    return purpose not in NOT_TO_ACT
