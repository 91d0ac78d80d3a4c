"""A generation that was built with other tables of names is served, and the server says that some are not found."""

from __future__ import annotations

import json
from pathlib import Path

from core.generation.manifest import sealed
from core.names.tables_digest import tables_digest
from ronda.v1 import check_service_pb2
from tests.server.conftest import StartServer
from tests.server.published import Published
from tests.server.requests import QUESTION
from tests.server.running_server import call, until

_SAID = "generation_of_other_name_tables"
_GAUGE = "ronda_generation_other_name_tables"


def _of_other_tables(path: Path, *, stated: bool) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["name_tables"] == tables_digest()
    if stated:
        document["name_tables"] = "0" * 64
    else:  # as generations were built before they stated it
        del document["name_tables"]
    path.write_text(json.dumps(sealed({k: v for k, v in document.items() if k != "checksum"})), encoding="utf-8")


def test_it_is_served_and_said(published: Published, start_server: StartServer) -> None:
    first = published.publish(broken=lambda path: _of_other_tables(path, stated=True))
    server = start_server(workers=1).wait_ready()
    assert [line["generation"] for line in server.events(_SAID)] == [first]
    assert f"{_GAUGE} 1.0" in server.metrics()
    second = published.publish(broken=lambda path: _of_other_tables(path, stated=False))
    until(lambda: [line["generation"] for line in server.events(_SAID)] == [first, second])
    with server.channel() as channel:
        answer = check_service_pb2.CheckPersonResponse.FromString(call(channel, "CheckService/CheckPerson", QUESTION))
        assert answer.answer.generation_id == second
    third = published.publish()
    until(lambda: f'ronda_generation_workers{{generation="{third}"}} 1.0' in server.metrics())
    until(lambda: f"{_GAUGE} 0.0" in server.metrics())
    assert len(server.events(_SAID)) == 2
