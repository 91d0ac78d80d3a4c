"""Replies that the SMSC refuses: for now, they go again for a while; for good, their officers hear of it later."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.issuer.issuer_kit import NUMBER, PIN
from tests.sms.conftest import Town
from tests.sms.smsc_kit import GatewayProcess, eventually, quiet

OFFICER = NUMBER.removeprefix("+")
SYSTEM_ERROR, SUBMIT_FAIL, PUT_OFF, OF_THIS_OPERATOR, WRONG_ADDRESS = 0x08, 0x45, 0x64, 0x433, 0x0B
NOT_DELIVERED = "NO SE ENTREGO la respuesta: repita su mensaje de las "


@pytest.fixture
def signed_in(town: Town) -> Town:
    assert town.smsc.answer_to(OFFICER, f"PIN {PIN}").startswith("PIN aceptado")
    return town


@pytest.fixture
def impatient(signed_in: Town) -> GatewayProcess:
    """A gateway that tries for a second."""
    signed_in.gateway.stop()
    signed_in.gateway.environment["RONDA_SMS_RETRY_S"] = "1"
    signed_in.gateway.start()
    signed_in.smsc.wait("bound", 2)
    return signed_in.gateway


def test_what_is_refused_for_now_goes_again_and_comes_once(signed_in: Town) -> None:
    """Ten replies of one system error each, and the other errors that pass: none is lost."""
    smsc = signed_in.smsc
    for number, status in enumerate([SYSTEM_ERROR] * 10 + [SUBMIT_FAIL, PUT_OFF, OF_THIS_OPERATOR]):
        before = len(smsc.texts())
        smsc.send(answer={"status": status, "times": 1})
        smsc.deliver(OFFICER, f"V P{200 + number}BCD")
        eventually(lambda before=before: len(smsc.texts()) == before + 2)  # type: ignore[misc]
        assert smsc.texts()[before] == smsc.texts()[before + 1]
    assert len(quiet(smsc)) == 1 + 2 * 13
    counts = signed_in.gateway.stop()
    assert (counts["refused_for_now"], counts["undelivered"], counts["acknowledged"]) == (13, 0, 14)


def test_one_reply_that_is_refused_holds_up_no_other(signed_in: Town) -> None:
    smsc = signed_in.smsc
    smsc.send(answer={"status": SYSTEM_ERROR, "times": 1})
    smsc.deliver(OFFICER, "V P230BCD")
    smsc.deliver(OFFICER, "V P231BCD")
    eventually(lambda: len(smsc.texts()) == 4)
    refused, other, again = smsc.texts()[1:]
    assert refused == again != other


@pytest.mark.parametrize(("status", "times"), [(SYSTEM_ERROR, 3), (WRONG_ADDRESS, 1)])
def test_what_is_never_taken_is_told_at_the_next_message_once(
    signed_in: Town, impatient: GatewayProcess, status: int, times: int, tmp_path: Path
) -> None:
    smsc = signed_in.smsc
    smsc.send(answer={"status": status, "times": times})
    before = len(smsc.texts())
    smsc.deliver(OFFICER, "V P240BCD")
    eventually(lambda: [line for line in impatient.lines() if line["event"].startswith("submit_")])
    assert len(quiet(smsc)) == before + times
    smsc.deliver(OFFICER, "V P241BCD")
    eventually(lambda: len(smsc.texts()) == before + times + 2)
    told, answer = smsc.texts()[-2:]
    assert told.startswith(NOT_DELIVERED) and answer.startswith("AMARILLO VEHICULO")
    assert smsc.answer_to(OFFICER, "V P242BCD").startswith("AMARILLO VEHICULO")
    counts = impatient.stop()
    assert (counts["undelivered"], counts["refused"]) == (1, int(times == 1))
    log = impatient.log_path.read_text(encoding="utf-8")
    assert OFFICER not in log and "P240BCD" not in log
