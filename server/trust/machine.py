"""A machine account: a program that feeds an institution's registers, by its certificate alone (docs/trust.md)."""

from __future__ import annotations

from core.access.caller import Caller
from core.access.grant import Grant
from ronda.v1 import context_pb2, error_pb2
from server.errors import Refusal
from server.metrics import counts
from server.trust.peer import Peer
from server.trust.policy import Policy, Principal
from server.trust.policy_model import MACHINE_METHODS, METHOD_BITS
from server.trust.revocations import Revocations

ROLE = "feed"
_LABELS_MOST = 64  # machines of a worker that a metric names


class MachineAlone:
    """A machine by its certificate: of the methods that policy gives its institution's role `feed`, a machine's alone.

    Whatever else a policy permits that role, or everybody of the institution, no record is shown to a machine.
    """

    def __init__(self, caller: Caller, institution: str) -> None:
        self.caller = caller
        self._principal = Principal(institution, (ROLE,), "", off_unit=False, delegated=False)

    def decide(self, policy: Policy, purpose: int, _usual: object) -> None:
        """Asks policy about a purpose, once. Break-glass is an officer's."""
        if self.caller.decided(purpose):
            return
        methods = 0
        if purpose != context_pb2.PURPOSE_BREAK_GLASS:
            permitted = (name for name in MACHINE_METHODS if policy.allows(self._principal, name, purpose))
            methods = sum(1 << METHOD_BITS[name] for name in permitted)
        if methods:
            needs_case = not policy.allows(self._principal, "OmitCaseNumber", purpose)
            self.caller.give(purpose, Grant({}), methods=methods, needs_case=needs_case)
        else:
            self.caller.deny(purpose)


_named: set[tuple[str, str]] = set()


def machine_alone(peer: Peer, token: str, revocations: Revocations, identity: bytes) -> MachineAlone:
    """The caller that a machine is. Raises Refusal: it is revoked, or shows a token, which it never has."""
    revocations.check_peer(peer)
    if token:
        rule = "a machine asks by its certificate alone"
        raise Refusal(error_pb2.ERROR_REASON_TOKEN_INVALID, rule=rule, metadata={"rule": "machine"})
    _tell_end(peer)
    caller = Caller(identity, device=peer.device.encode(), expires_ms=peer.not_after_ms)
    return MachineAlone(caller, peer.institution.id)


def _tell_end(peer: Peer) -> None:
    name = (peer.institution.id, peer.device.rpartition("/")[2])
    if name in _named or len(_named) < _LABELS_MOST:
        _named.add(name)
        counts.MACHINE_ENDS.labels(*name).set(peer.not_after_ms / 1000)
