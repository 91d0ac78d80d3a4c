"""A MANIFEST.json that broke, under a server that runs and at its start: named, and the last good one serves."""

from __future__ import annotations

import grpc
import pytest

from bench.attack.broken_manifests import BROKEN, break_manifest
from ronda.v1 import check_service_pb2
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import call, until


def _serving(channel: grpc.Channel) -> str:
    answer = call(channel, "CheckService/CheckPerson", QUESTION)
    return check_service_pb2.CheckPersonResponse.FromString(answer).answer.generation_id


@pytest.mark.parametrize("how", BROKEN)
def test_at_start_it_is_named_and_the_last_good_one_serves(
    published: Published, start_server: StartServer, how: str
) -> None:
    good = published.publish()
    damaged = published.publish()
    break_manifest(published.data / "generations" / damaged / "MANIFEST.json", how)
    server = start_server(workers=1).wait_ready()
    with server.channel() as channel:
        assert _serving(channel) == good
        refused = server.events("generation_refused")
        assert [(line["generation"], line["why"].split(":")[0]) for line in refused] == [(damaged, "MANIFEST.json")]
        assert server.events("last_good_generation_serves")[0]["generation"] == good
        assert server.events("worker_died") == []
        better = published.publish()
        until(lambda: _serving(channel) == better)


def test_in_a_running_server_none_is_served(published: Published, start_server: StartServer) -> None:
    good = published.publish()
    server = start_server(workers=1).wait_ready()
    with server.channel() as channel:
        for number, how in enumerate(BROKEN, 1):
            damaged = published.publish(broken=lambda path, how=how: break_manifest(path, how))  # type: ignore[misc]
            until(lambda wanted=number: len(server.events("generation_refused")) == wanted)
            assert server.events("generation_refused")[-1]["generation"] == damaged
            assert _serving(channel) == good
        assert server.events("worker_died") == []


def test_what_was_gone_back_from_is_no_last_good_one(published: Published, start_server: StartServer) -> None:
    """The operator left the newer one on purpose: only what is older than the refused one may serve."""
    oldest = published.publish()
    middle = published.publish()
    published.publish()
    break_manifest(published.data / "generations" / middle / "MANIFEST.json", "flipped")
    published.point(middle)
    server = start_server(workers=1).wait_ready()
    with server.channel() as channel:
        assert _serving(channel) == oldest
