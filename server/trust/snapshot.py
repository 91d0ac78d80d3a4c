"""One reading of the trust directory, as it is in force."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.trust.faults import Fault
from server.trust.institutions import Institutions
from server.trust.policy import Policy
from server.trust.revocations import Revocations


@dataclass(frozen=True)
class Trust:
    """limits: the text of limits.toml that `policy` was made with. files: that were read, whether they hold or not.

    faults: of the parts that are not in force as their files have them.
    """

    institutions: Institutions
    policy: Policy
    limits: str
    revocations: Revocations
    files: tuple[Path, ...]
    faults: tuple[Fault, ...]

    def equals(self, other: Trust) -> bool:
        """Returns whether the same is in force."""
        mine, others = (
            ([(each.id, each.stated) for each in trust.institutions.all], trust.policy.text, trust.limits)
            for trust in (self, other)
        )
        return mine == others and self.revocations == other.revocations
