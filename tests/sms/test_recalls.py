"""A question by SMS brings an SMS about a later warrant, and about its cancellation; once, and to nobody else.

Everything is real: the court feeds, the issuer knows the officers, an SMSC that nobody here wrote has the messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ronda.v1 import alert_service_pb2 as contract
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import context_pb2
from server.trust.issuing import Pair
from tests.indexer.small_registers import cui_of
from tests.issuer.issuer_kit import at_work, claims
from tests.kit.field_world import STOP
from tests.live.test_recall import NEW, WHO, stolen, warrant
from tests.server.running_server import Failure, until
from tests.sms.recall_kit import PIN, RecallTown
from tests.sms.smsc_kit import quiet

pytestmark = pytest.mark.slow
TOLD_S = 60.0


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecallTown]:
    running = RecallTown(tmp_path_factory.mktemp("recalls-by-sms"))
    yield running
    running.stop()


def recalls(town: RecallTown, number: str) -> list[str]:
    """Returns what came to a telephone that nobody asked for."""
    return [text for text in town.smsc.texts(number) if re.match("(NUEVA|POSIBLE) ALERTA|CANCELADA|CORREGIDA", text)]


def told(town: RecallTown, number: str, count: int) -> str:
    """The newest, once so many came."""
    until(lambda: len(recalls(town, number)) >= count, TOLD_S)
    return recalls(town, number)[count - 1]


def reference(answer: str) -> str:
    found = re.search(r"R\d+", answer)
    assert found is not None
    return found[0]


def test_issued_and_cancelled(town: RecallTown) -> None:
    """The asker gets both, once; others of the unit do not, nor does the asker's own car get what was read."""
    ana, other = town.officer("81001", "+50255581001"), town.officer("81002", "+50255581002")
    assert town.ask(other, cui_of(4)).startswith("ROJO")
    answer = town.ask(ana, cui_of(1))
    assert answer.startswith("VERDE ANA LUCIA")
    town.live.push(id="W1", row=warrant(1))
    text = told(town, ana, 1)
    assert re.fullmatch(
        rf"NUEVA ALERTA\. Su consulta {reference(answer)} del \d\d/\d\d \d\d:\d\d: orden de captura \(OJ\)\. "
        r"Consulte de nuevo antes de actuar\.",
        text,
    )
    assert not any(each in text for each in (*WHO[1][0].split(), cui_of(1))), "of nobody: the answer says of whom"
    until(lambda: town.unread() == 0, TOLD_S)
    town.live.push(id="W1", kind="CANCEL")
    assert told(town, ana, 2).startswith(f"CANCELADA: NO ACTUE. Su consulta {reference(answer)} del ")
    until(lambda: town.unread() == 0, TOLD_S)
    quiet(town.smsc, 3.0)
    assert (len(recalls(town, ana)), recalls(town, other)) == (2, [])
    assert all(len(each) <= 160 for each in recalls(town, ana))
    car = town.live.officer("81001").subscribe()
    town.live.push(id="M9", register="mp", row=stolen("M9", "P-909BBB"))
    car.vehicle("P-909BBB")
    town.live.push(id="M9", register="mp", kind="CANCEL")
    until(lambda: car.kinds("M9") != [], TOLD_S)
    assert car.kinds("W1") == [], "the SMSC's word was the receipt"
    quiet(town.smsc, 2.0)
    assert len(recalls(town, ana)) == 2, "what she asked in her car is told in her car"


def test_what_may_mean_another_says_so(town: RecallTown) -> None:
    ana = town.officer("81501", "+50255581501")
    town.ask(ana, cui_of(3))
    town.live.push(id="W31", row={**warrant(2), "ORDEN": "W31", "CUI": cui_of(3)})
    assert told(town, ana, 1).startswith("POSIBLE ALERTA NUEVA, puede ser de otro. Su consulta R")
    town.live.push(id="W31", kind="CANCEL")
    told(town, ana, 2)


def test_of_who_was_found_by_name_it_is_told_as_possible(town: RecallTown) -> None:
    """The look-up was NEGRO or AMARILLO; the same by the number is certain, and so is the notice."""
    by_name, by_number = town.officer("81701", "+50255581701"), town.officer("81702", "+50255581702")
    assert town.ask(by_name, f"N {WHO[3][0]}").startswith(("NEGRO", "AMARILLO"))
    town.ask(by_number, cui_of(3))
    town.live.push(id="W35", row={**warrant(3), "ORDEN": "W35"})
    assert told(town, by_name, 1).startswith("POSIBLE ALERTA NUEVA, puede ser de otro. Su consulta R")
    assert told(town, by_number, 1).startswith("NUEVA ALERTA. Su consulta R")
    town.live.push(id="W35", kind="CANCEL")
    told(town, by_name, 2)


def test_who_may_not_see_it_now_is_told_nothing(town: RecallTown) -> None:
    """Roles are those of the moment: the officer is a patrol no more, or another has the number by now."""
    blind, left, moved = (town.officer(f"8200{n}", f"+5025558200{n}") for n in (1, 2, 3))
    seeing = town.officer("82004", "+50255582004")
    for each in (blind, left, moved, seeing):
        town.ask(each, cui_of(2))
    before = town.unread()
    town.now_has("82001", "patrol", "unseeing")
    with at_work(town.issuer.directory) as clerk:
        clerk.revoke("82002")
    town.new_number("82003", "+50255582999")
    town.live.push(id="W2", row=warrant(2))
    told(town, seeing, 1)
    until(lambda: town.unread() == before + 3, TOLD_S)
    quiet(town.smsc, 4.0)
    assert [recalls(town, each) for each in (blind, left, moved, "+50255582999")] == [[], [], [], []]
    town.now_has("82001", "patrol")
    town.live.push(id="W2", kind="CANCEL")
    assert told(town, seeing, 2).startswith("CANCELADA")
    assert told(town, blind, 1).startswith("CANCELADA"), "she may see it by now: the newest word, and no other"
    assert [recalls(town, each) for each in (left, moved)] == [[], []]


def test_kills_lose_nothing_and_tell_nothing_twice(town: RecallTown) -> None:
    """A gateway that was away sends the notices of meanwhile; a later process repeats none of them."""
    ana = town.officer("83001", "+50255583001")
    town.ask(ana, cui_of(1))
    before = town.unread()
    town.gateway.kill()
    town.live.push(id="W1", row=warrant(1))
    until(lambda: town.unread() > before, TOLD_S)
    town.start_gateway()
    assert told(town, ana, 1).startswith("NUEVA ALERTA")
    until(lambda: town.unread() == before, TOLD_S)
    town.gateway.kill()
    town.live.kill_recall()
    town.live.push(id="W1", kind="CANCEL")
    town.start_gateway()
    assert told(town, ana, 2).startswith("CANCELADA")
    until(lambda: town.unread() == before, TOLD_S)
    assert town.gateway.stop()["recalls"] >= 1
    town.live.restart()  # whatever it says once more
    bound = len(town.smsc.named("bound"))
    town.start_gateway()
    town.smsc.wait("bound", bound + 1)
    quiet(town.smsc, 4.0)
    assert len(recalls(town, ana)) == 2


def test_an_smsc_that_takes_none_for_a_while_gets_it_later(town: RecallTown) -> None:
    ana = town.officer("83501", "+50255583501")
    town.ask(ana, cui_of(3))
    before = town.unread()
    town.smsc.send(answer={"status": 88, "times": 3})  # whoever's come first
    town.live.push(id="W3", row=warrant(3))
    until(lambda: recalls(town, ana) and town.unread() == before, TOLD_S)
    assert recalls(town, ana)[-1].startswith("NUEVA ALERTA")
    town.smsc.send(drop=True)
    town.live.push(id="W3", kind="CANCEL")
    until(lambda: recalls(town, ana)[-1].startswith("CANCELADA") and town.unread() == before, TOLD_S)


def test_what_was_answered_before_a_recall_is_no_answer_after_it(town: RecallTown) -> None:
    """Its parts are not sent, and the same text again is no duplicate: the recall says "consulte de nuevo"."""
    ana = town.officer("83701", "+50255583701")
    town.gateway.stop()
    bound = len(town.smsc.named("bound"))
    town.start_gateway(duplicate_s=600)
    town.smsc.wait("bound", bound + 1)
    town.live.push(id="W37", row={**warrant(3), "ORDEN": "W37", "DELITO": "ROBO AGRAVADO EN CUADRILLA CON ARMAS " * 4})
    question = f"{PIN} {cui_of(3)}"
    car = town.live.officer("83702")
    until(lambda: car.person(cui_of(3)).answer.hits, TOLD_S)
    answer = town.smsc.answer_to(ana, question)
    assert answer.startswith("ROJO") and answer.endswith(" MAS")
    assert town.smsc.answer_to(ana, "MAS").startswith("ROJO 2/"), "nothing changed yet"
    town.live.push(id="W37", kind="CANCEL")
    assert told(town, ana, 1).startswith("CANCELADA: NO ACTUE")
    text = town.smsc.answer_to(ana, "MAS")
    assert text == f"SIN RESPUESTA: no es verde, repita: algo cambio desde la respuesta {reference(answer)}"
    assert town.smsc.answer_to(ana, question).startswith("VERDE")
    town.gateway.stop()
    town.start_gateway()
    town.smsc.wait("bound", bound + 2)


class AtTheDoor:
    """A caller with a certificate and, perhaps, a token."""

    def __init__(self, town: RecallTown, pair: Pair, token: str = "") -> None:
        self.client = town.live.kit.client(pair, token)
        self.channel = town.live.kit.channel(town.live.address, self.client)

    def call(self, service: str, request: Any, response: Any) -> Any:
        """A unary call, or the first message of a stream."""
        request.context.CopyFrom(context_pb2.RequestContext(purpose=STOP))
        name = type(request).__name__.removesuffix("Request")
        path, out = f"/ronda.v1.{service}/{name}", type(request).SerializeToString
        shown: Any = {"timeout": 30, "metadata": self.client.metadata}
        if name in ("Subscribe", "ListAwaited"):
            rpc: Any = self.channel.unary_stream(path, out, response.FromString)
            return next(rpc(request, **shown))
        rpc = self.channel.unary_unary(path, out, response.FromString)
        return rpc(request, **shown)

    def refused(self, service: str, request: Any, response: Any) -> str:
        """Why."""
        with pytest.raises(grpc.RpcError) as caught:
            self.call(service, request, response)
        return Failure(caught.value).reason


LISTED = "AlertService", contract.ListAwaitedRequest, contract.ListAwaitedResponse
CHECKED = "CheckService", checks.CheckPersonRequest, checks.CheckPersonResponse


def test_a_gateway_without_an_officer_hears_and_does_nothing_else(town: RecallTown) -> None:
    sms = AtTheDoor(town, town.issuer.gateway)
    service, request, response = LISTED
    assert list(sms.call(service, request(), response).officers) == []
    assert sms.refused(CHECKED[0], CHECKED[1](cui=cui_of(1)), CHECKED[2]) == "FORBIDDEN"
    assert sms.refused("AlertService", contract.SubscribeRequest(), contract.SubscribeResponse) == "FORBIDDEN"
    police = town.live.kit.police
    for stranger in (police.gateway("other"), police.device("zona-1", "patrol-9")):
        assert AtTheDoor(town, stranger).refused(service, request(), response) == "TOKEN_MISSING"
    officer = AtTheDoor(
        town, (pair := police.device("zona-1", "p-9")), police.token("9", "zona-1", ["patrol"], pair.thumbprint)
    )
    assert officer.refused(service, request(), response) == "FORBIDDEN"


def test_a_token_for_recalls_opens_nothing_else(town: RecallTown) -> None:
    number = town.officer("84001", "+50255584001")
    given = town.issuer.exchange(telephone=number, pin=PIN)
    assert given.recall and given.recall_expires_at.seconds > given.session_expires_at.seconds + 36 * 86_400
    assert town.issuer.exchange(telephone=number, pin="", session=given.session).recall == ""
    token = town.issuer.exchange(telephone=number, pin="", recall=given.recall).officer_token
    assert claims(token)["aud"] == "ronda-recall"
    late = AtTheDoor(town, town.issuer.gateway, token)
    late.call("AlertService", contract.SubscribeRequest(), contract.SubscribeResponse)
    assert late.refused(CHECKED[0], CHECKED[1](cui=cui_of(1)), CHECKED[2]) == "FORBIDDEN"
    assert AtTheDoor(town, town.issuer.device, token).refused(CHECKED[0], CHECKED[1](cui=cui_of(1)), CHECKED[2]) == (
        "TOKEN_NOT_BOUND"
    )
    other = town.officer("84002", "+50255584002")
    assert town.issuer.refused(telephone=other, pin="", recall=given.recall).reason == "SESSION_OVER"
    assert town.issuer.refused(telephone=number, pin="", recall="x").reason == "SESSION_OVER"
    assert town.issuer.refused(telephone=number, pin=PIN, recall=given.recall).reason == "FIELD_INVALID"
    with at_work(town.issuer.directory) as clerk:
        clerk.revoke("84001")
    assert town.issuer.refused(telephone=number, pin="", recall=given.recall).reason == "SESSION_OVER"


def test_a_gateway_hears_of_its_own_look_ups_alone(town: RecallTown) -> None:
    """The same officer, the car and the gateway; also with the token of the officer's session, which opens more."""
    number = town.officer("85001", "+50255585001")
    car = town.live.officer("85001")
    car.vehicle("P-858BBB")
    town.live.push(id="M85", register="mp", row=stolen("M85", "P-858BBB"))
    car.subscribe()
    until(lambda: car.kinds("M85") == [NEW], TOLD_S)
    given = town.issuer.exchange(telephone=number, pin=PIN)
    late = town.issuer.exchange(telephone=number, pin="", recall=given.recall)
    for token in (given.officer_token, late.officer_token):
        gateway = AtTheDoor(town, town.issuer.gateway, token)
        receipt = contract.AcknowledgeRequest(recall_ids=[car.told[0].recall_id])
        assert gateway.call("AlertService", receipt, contract.AcknowledgeResponse).acknowledged == 0
    quiet(town.smsc, 2.0)
    assert recalls(town, number) == []
    assert car.acknowledge(car.told[0].recall_id) == 1


def test_nothing_of_a_telephone_stands_in_logs(town: RecallTown) -> None:
    """Nor of an officer: numbers and NIPs are sealed, or in the audit log as before."""
    logged = [
        town.gateway.log_path,
        *town.live.directory.glob("*log*"),
        town.gateway.directory / "queue/ronda_sms.prom",
    ]
    for path in (each for each in logged if each.is_file()):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"50255\d{6}", text), path.name
    kept = list((town.gateway.directory / "queue").glob("recalls.db*"))
    assert kept and not any(re.search(rb"50255\d{6}", each.read_bytes()) for each in kept), "sealed"
