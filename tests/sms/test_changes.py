"""A change of PIN with a lost answer: the officer reads one true thing, once, and no wrong PIN is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from server.audit.issuer_acts import IssuerAct
from tests.issuer.issuer_kit import RunningIssuer
from tests.sms.conftest import gateway_settings
from tests.sms.smsc_kit import GatewayProcess, NpmSmsc, eventually, quiet
from tests.sms.test_bad_servers import Road
from tests.trust.conftest import TrustedServer

OLD, NEW = "739154", "284617"
CHANGED, UNKNOWN = "PIN cambiado.", "NO SE SABE si su PIN cambio."


@dataclass
class Place:
    """Officers, their issuer behind a road, and the gateway."""

    smsc: NpmSmsc
    gateway: GatewayProcess
    issuer: RunningIssuer
    road: Road
    officers: int = 0

    def officer(self, *, known: bool = True) -> str:
        """Enrols another officer with OLD as PIN. known: by the gateway too."""
        self.officers += 1
        number = f"5025557{self.officers:04}"
        self.issuer.enrol(f"3{self.officers:04}", f"+{number}", OLD)
        if known:
            assert self.smsc.answer_to(number, f"PIN {OLD}").startswith("PIN aceptado")
        return number

    def restart(self, sms_pin_s: int) -> None:
        """The gateway, with another time for PINs."""
        bound = len(self.smsc.named("bound"))
        self.gateway.stop()
        self.gateway.environment["RONDA_SMS_PIN_S"] = str(sms_pin_s)
        self.gateway.start()
        self.smsc.wait("bound", bound + 1)
        self.officer()  # it is connected to the issuer

    def changes(self) -> int:
        """Changes in the issuer's record."""
        return sum(each.method == IssuerAct.CHANGE_PIN and not each.status for each in self.issuer.records(500))

    def lose_the_answer(self, number: str) -> None:
        """A change that the issuer carried out, and the gateway did not hear of."""
        before = self.changes()
        self.road.hold()
        self.smsc.deliver(number, f"CAMBIO {OLD} {NEW}")
        eventually(lambda: self.changes() > before)


@pytest.fixture(scope="module")
def place(trusted: TrustedServer, issuer: RunningIssuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    directory = Path(tmp_path_factory.mktemp("changes"))
    settings = gateway_settings(trusted, issuer, directory)
    smsc = NpmSmsc()
    with Road(issuer.address, frozenset(range(1000))) as road:
        settings |= {"sms_issuer": road.address, "sms_duplicate_s": 1, "sms_pin_s": 30}
        gateway = GatewayProcess(directory / "gateway", smsc.port, **settings)
        try:
            smsc.wait("bound")
            made = Place(smsc, gateway, issuer, road)
            made.officer()  # the connection to the issuer stands before any answer is held
            yield made
        finally:
            road.let_go()
            gateway.kill()
            smsc.stop()


@pytest.mark.parametrize("known", [True, False])
def test_a_lost_answer_is_asked_for_again_and_told_once(place: Place, known: bool) -> None:
    number = place.officer(known=known)
    before = len(place.smsc.texts(number))
    place.lose_the_answer(number)
    place.road.cut()
    place.road.let_go()
    eventually(lambda: len(place.smsc.texts(number)) > before)
    quiet(place.smsc)
    assert [text[: len(CHANGED)] for text in place.smsc.texts(number)[before:]] == [CHANGED]
    assert place.smsc.answer_to(number, f"PIN {NEW}").startswith("PIN aceptado")


def test_the_gateway_is_killed_before_the_answer(place: Place) -> None:
    number = place.officer()
    before = len(place.smsc.texts(number))
    place.lose_the_answer(number)
    place.gateway.kill()
    place.road.cut()
    place.road.let_go()
    place.gateway.start()
    eventually(lambda: len(place.smsc.texts(number)) > before)
    quiet(place.smsc)
    assert [text[: len(CHANGED)] for text in place.smsc.texts(number)[before:]] == [CHANGED]


def test_the_officer_sends_the_change_again_and_again(place: Place) -> None:
    """Six times the former PIN: none of it counts as a wrong one."""
    number = place.officer()
    assert place.smsc.answer_to(number, f"CAMBIO {OLD} {NEW}").startswith(CHANGED)
    words = (
        "CAMBIO PIN",
        "CAMBIAR",
        "CAMBIAR PIN",
        "CAMBIO CLAVE",
        "CAMBIO DE PIN",
        "CAMBIO DE CLAVE",
    )  # no duplicates
    for word in words:
        assert place.smsc.answer_to(number, f"{word} {OLD} {NEW}").startswith(CHANGED)
    assert place.smsc.answer_to(number, f"PIN {NEW}").startswith("PIN aceptado")


def test_what_nobody_knows_is_told_as_that_once(place: Place) -> None:
    place.restart(sms_pin_s=2)
    number = place.officer()
    before = len(place.smsc.texts(number))
    place.lose_the_answer(number)
    eventually(lambda: len(place.smsc.texts(number)) > before)
    place.road.cut()
    place.road.let_go()
    quiet(place.smsc)
    assert [text[: len(UNKNOWN)] for text in place.smsc.texts(number)[before:]] == [UNKNOWN]
    assert place.smsc.answer_to(number, f"PIN {NEW}").startswith("PIN aceptado")
    place.restart(sms_pin_s=30)


def test_a_change_that_is_refused_says_that_the_old_pin_stays(place: Place) -> None:
    number = place.officer()
    wrong = place.smsc.answer_to(number, f"CAMBIO 918273 {NEW}")
    assert wrong.startswith("PIN NO CAMBIADO: el PIN actual no es correcto")
    for new in (OLD, "555"):
        assert place.smsc.answer_to(number, f"CAMBIO {OLD} {new}").startswith("PIN NO CAMBIADO. El nuevo debe")
    assert place.smsc.answer_to(number, f"PIN {OLD}").startswith("PIN aceptado")
