"""A caller that a worker forgets is retired: a holder of it has to ask again who it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.lane.parked_call import LaneConnection
from server.trust import callers
from server.trust.allowances import PersonBounds
from server.trust.callers import CertifiedCallers, Presented, UsualBounds
from server.trust.directory import TrustKeeper
from server.trust.officer_token import TokenRules
from tests.trust.trust_kit import Client, TrustKit


class Shown:
    """A call of this client's, by certificate and token alone."""

    def __init__(self, client: Client) -> None:
        assert client.pair is not None
        self._client = client
        self._connection = LaneConnection(1, "ipv4:192.0.2.1:5000", b"")
        self._connection.pem = client.pair.certificate

    def peer(self) -> str:
        return self._connection.name

    def auth_context(self) -> callers.Auth:
        return self._connection.auth()

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return self._client.metadata


def test_whoever_is_forgotten_is_retired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "_KEPT", 2)
    kit = TrustKit(tmp_path / "keys")
    certified = CertifiedCallers(
        TrustKeeper(kit.trust),
        TokenRules("ronda", 12 * 3600, 60),
        None,
        lambda _peer, _device: None,
        lambda _peer, _device: None,
        usual=UsualBounds(600_000, PersonBounds()),
        max_metadata_bytes=8192,
    )
    calls: list[Presented] = [Shown(kit.patrol(f"patrol-{n}", f"1000{n}")) for n in range(3)]
    first, second, third = (certified.of(call) for call in calls)
    assert (first.retired, second.retired, third.retired) == (True, False, False)
    again = certified.of(calls[0])
    assert again is not first
    assert (again.retired, second.retired) == (False, True)
    certified.forget()
    assert third.retired
    assert again.retired
