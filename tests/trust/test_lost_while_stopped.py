"""Parts of the trust, lost or put back old while the server is stopped: nobody gains by it, and somebody is warned."""

from __future__ import annotations

from pathlib import Path

import grpc

from tests.kit.nation_kit import BuiltNation
from tests.server.running_server import Failure, RunningServer, call, until
from tests.trust.conftest import TrustedServer, start_trusted
from tests.trust.test_reload import CHECK_PERSON
from tests.trust.trust_kit import Client, question


def _outcome(server: TrustedServer, client: Client) -> str:
    with server.kit.channel(server.address, client) as channel:
        try:
            call(channel, CHECK_PERSON, question(), metadata=client.metadata)
        except grpc.RpcError as error:
            return Failure(error).reason
    return ""


def test_a_lost_list_revokes_and_lost_limits_are_spent(small_nation: BuiltNation, tmp_path: Path) -> None:
    first = start_trusted(small_nation, tmp_path)
    kit, data, revoked = first.kit, first.data, first.kit.trust / "revoked.toml"
    dismissed, patrol = kit.patrol(nip="20201"), kit.patrol(nip="20202")
    older = revoked.read_bytes() if revoked.exists() else b""
    revoked.write_text('officers = ["pnc/20201"]\n')
    until(lambda: _outcome(first, dismissed) == "REVOKED")
    assert _outcome(first, patrol) == ""
    first.server.stop()

    revoked.unlink()
    (data / "limits").unlink()
    second = _again(first, tmp_path / "second.log")
    assert _outcome(second, dismissed) == "REVOKED"
    assert _outcome(second, patrol) == "LIMIT_EXCEEDED"
    assert second.server.events("limits_made_anew")
    assert {line["part"] for line in second.server.events("trust_refused")} == {"revocations"}
    second.server.stop()

    revoked.write_bytes(older)
    third = _again(first, tmp_path / "third.log")
    told = until(lambda: third.server.events("revocations_withdrawn"))
    assert told[0]["entries"] == {"officers": 1}
    third.server.stop()


def _again(before: TrustedServer, log: Path) -> TrustedServer:
    server = RunningServer(before.data, log, workers=1, **before.kit.settings)
    return TrustedServer(server.wait_ready(), before.kit, before.data)
