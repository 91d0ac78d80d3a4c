"""The purposes that are not to act on what an answer shows (docs/answers.md section 10, "Minors")."""

from __future__ import annotations

from ronda.v1 import context_pb2

NOT_TO_ACT = frozenset({context_pb2.PURPOSE_CLEARANCE, context_pb2.PURPOSE_AUDIT, context_pb2.PURPOSE_STATISTICS})


def is_to_act(purpose: int) -> bool:
    """Returns, as the engine does, whether orders of adolescents' courts are shown for a purpose: to act on them."""
    return purpose not in NOT_TO_ACT
