"""A server replaced by another while institutions feed it: the ledger has one writer after the other."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

from ronda.v1 import alert_service_pb2 as alerts
from ronda.v1 import check_service_pb2 as checks
from tests.feed.feed_kit import SOURCES, Stream, feed_server, position, warrant
from tests.kit.field_world import SERVICE, STOP, Asker
from tests.server.handing_over import handed_over
from tests.server.running_server import Failure, until


def test_who_feeds_and_who_asks_go_on(tmp_path: Path) -> None:
    """With certificates, limits, the express lane and an address for those who feed."""
    with feed_server(tmp_path, SOURCES, feed_listen="127.0.0.1:0", lane_listen="127.0.0.1:0", recall_days=30) as field:
        server = field.server

        def feeder() -> Asker:
            address = str(server.events("ready")[0]["feed"]).rpartition(":")[2]
            return Asker(field.kit, f"localhost:{address}", "oj/feed", SERVICE)

        stream = Stream(feeder())
        assert stream.fates(warrant(1, "F-1")) == ["TAKEN"]
        stream.close()
        question = checks.CheckPersonRequest(cui=field.field.clean)
        patrol = field.asker("pnc/patrol", STOP)
        before = patrol.ask("CheckService", question, checks.CheckPersonResponse)
        recalls = patrol.stream("AlertService", alerts.SubscribeRequest(), alerts.SubscribeResponse, timeout=300)
        next(recalls)
        with handed_over(server):
            with pytest.raises(grpc.RpcError) as ended:
                list(recalls)
            assert Failure(ended.value).reason == "DRAINING"
            first, second = server.events("ready")
            assert all(first[each] == second[each] for each in ("address", "lane", "feed"))

            def taken() -> bool:
                try:
                    again = Stream(feeder())
                    fates = again.fates(warrant(2, "F-2"))
                    again.close()
                except grpc.RpcError:  # the writer of the ledger starts yet
                    return False
                return fates in (["TAKEN"], ["KNOWN"])

            until(taken)
            assert position(feeder()).through == 2
            assert server.process.wait(60) == 0
            again = field.asker("pnc/patrol", STOP)
            after = again.ask("CheckService", question, checks.CheckPersonResponse)
            assert after.answer.identity_status == before.answer.identity_status  # the level waits for a live view
            assert not server.events("worker_died")
            assert not [
                line for line in server.lines() if line["level"] == "error" and line["event"] != "process_ended"
            ]
