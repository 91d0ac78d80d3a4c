"""Page tokens and older generations in production mode: a token's owner, and a discreet alert that was withdrawn.

Through gRPC; each single rule of what may be shown is tests/core/engine/test_older_pages.py.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.access.grant import Grant
from core.engine.entry import METHODS
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import error_pb2, level_pb2
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader
from tests.kit.nation_kit import BuiltNation
from tests.server.paging import forged, refusal, with_token
from tests.server.published import Published
from tests.server.running_server import RunningServer, until
from tests.trust.trust_kit import TrustKit
from tests.trust.viewers import INVESTIGATION, STOP, Viewer, add_test_roles

SEARCH = checks.SearchPersonsRequest(names="LOPEZ", page_size=1)


@dataclass
class House:
    """One server, and two nations that differ by one line: a discreet alert on a person of SEARCH's second page."""

    plain: BuiltNation
    watched: BuiltNation
    kit: TrustKit
    server: RunningServer
    published: Published

    def viewer(self, role: str, purpose: int) -> Viewer:
        return Viewer(self.kit, "localhost:" + self.server.address.rpartition(":")[2], role, purpose)

    @property
    def patrol(self) -> Viewer:
        """Open sections."""
        return self.viewer("pnc/patrol", STOP)

    @property
    def investigator(self) -> Viewer:
        """Open and discreet."""
        return self.viewer("pnc/investigator", INVESTIGATION)

    def switch(self, to: BuiltNation) -> str:
        """Publishes a copy of that nation's generation, and waits until it serves."""
        self.published.template = to.generation_directory
        newer = self.published.publish()
        until(lambda: newer in {line.get("generation") for line in self.server.lines()})
        return newer


@pytest.fixture(scope="module")
def watched(small_nation: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> BuiltNation:
    """The nation, and one alert more."""
    request = checks.SearchPersonsRequest(names=SEARCH.names, page_size=2)
    data = small_nation.engine.answer(METHODS["SearchPersons"], request.SerializeToString(), Grant.everything(), 0)
    second = checks.SearchPersonsResponse.FromString(data).candidates[1]
    assert (bool(second.cui), second.alerts) == (True, 0)
    directory = Path(tmp_path_factory.mktemp("watched"))
    shutil.copytree(small_nation.registers, directory / "registers")
    (directory / "data").mkdir()
    shutil.copy(small_nation.data / "subject.key", directory / "data")
    path = directory / "registers" / "mp" / "alertas_discretas.jsonl"
    text = path.read_text(encoding="utf-8")
    (line,) = [each for each in text.splitlines() if small_nation.cast["persons"]["discreet"] in each]
    alert = json.loads(line)

    alert["alerta"] += "9"
    alert["persona"] = {"cui": second.cui}
    path.write_text(text + json.dumps(alert) + "\n", encoding="utf-8")
    other = BuiltNation(directory, small_nation.dsn)
    other.build()
    return other


@pytest.fixture(scope="module")
def house(small_nation: BuiltNation, watched: BuiltNation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    directory = Path(tmp_path_factory.mktemp("house"))
    data = directory / "data"
    (data / "generations").mkdir(parents=True)
    published = Published(data, small_nation.generation_directory)
    published.publish()
    kit = TrustKit(directory / "keys")
    add_test_roles(kit)
    server = RunningServer(data, directory / "server.log", workers=1, **kit.settings).wait_ready()
    yield House(small_nation, watched, kit, server, published)
    server.stop()
    shutil.rmtree(data)


def test_a_forged_token_reads_no_withdrawn_discreet_alert(house: House) -> None:
    first = house.switch(house.watched)
    house.switch(house.plain)
    assert (
        refusal(house.investigator, with_token(SEARCH, forged(house.published.data / "generations" / first, SEARCH)))
        == "PAGE_TOKEN_INVALID"
    )


def test_a_page_with_a_discreet_alert_withdrawn_since_is_gone(house: House) -> None:
    """For who saw it. Who may not see it reads the page on: a refusal would say that somebody was watched."""
    house.switch(house.watched)
    investigator, patrol = house.investigator, house.patrol
    seen, hidden = (with_token(SEARCH, each(SEARCH).next_page_token) for each in (investigator, patrol))
    before = patrol(hidden).candidates[0]
    assert (investigator(seen).candidates[0].alerts, before.alerts) == (1, 0)
    house.switch(house.plain)
    assert refusal(investigator, seen) == "GENERATION_GONE"
    page = patrol(hidden)
    assert page.answer.level == level_pb2.LEVEL_UNSPECIFIED
    assert page.candidates[0].cui_tail == before.cui_tail != ""


def test_a_page_of_somebody_watched_since_goes_on(house: House) -> None:
    house.switch(house.plain)
    patrol = house.patrol
    request = with_token(SEARCH, patrol(SEARCH).next_page_token)
    before = patrol(request).candidates[0]
    house.switch(house.watched)
    assert patrol(request).candidates[0].cui_tail == before.cui_tail != ""


def test_a_page_that_is_gone_is_on_record(house: House) -> None:
    house.switch(house.watched)
    investigator = house.investigator
    request = with_token(SEARCH, investigator(SEARCH).next_page_token)
    house.switch(house.plain)
    assert refusal(investigator, request) == "GENERATION_GONE"
    key = load_auditor_private(house.kit.directory / "audit-keys" / "auditor.key")
    records = AuditReader(house.published.data / "audit", key).newest(10)
    refused = [record for record in records if record.status == error_pb2.ERROR_REASON_GENERATION_GONE]
    assert [record.identity["nip"] for record in refused].count(investigator.nip) == 1


def test_a_token_is_of_who_asked(house: House) -> None:
    house.switch(house.plain)
    one = house.patrol
    request = with_token(SEARCH, one(SEARCH).next_page_token)
    assert not refusal(one, request)
    assert refusal(house.patrol, request) == "PAGE_TOKEN_INVALID"


def test_a_page_token_outlives_the_officers_token(house: House) -> None:
    """The officer signs in again at the same device."""
    patrol = house.patrol
    request = with_token(SEARCH, patrol(SEARCH).next_page_token)
    pair = patrol.client.pair
    assert pair is not None
    patrol.client = house.kit.client(pair, house.kit.police.token(patrol.nip, "zona-1", ["patrol"], pair.thumbprint))
    assert not refusal(patrol, request)


def test_a_token_altered_in_any_byte_is_refused(house: House) -> None:
    length = 1
    for first in range(0, 1000, 20):
        if first >= length:
            break
        patrol = house.patrol  # each may ask some thirty questions a minute
        token = patrol(SEARCH).next_page_token
        assert not refusal(patrol, with_token(SEARCH, token))
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        length = len(raw)
        for place in range(first, min(first + 20, length)):
            altered = bytearray(raw)
            altered[place] ^= 0x55
            request = with_token(SEARCH, base64.urlsafe_b64encode(altered).decode().rstrip("="))
            assert refusal(patrol, request) == "PAGE_TOKEN_INVALID", place
    assert length > 40
