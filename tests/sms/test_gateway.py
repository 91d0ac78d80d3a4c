"""The gateway between npm smpp, the police's issuer and Ronda with mTLS, policy and audit."""

from __future__ import annotations

import os
import re
import signal

import pytest

from tests.issuer.issuer_kit import NUMBER, PIN
from tests.sms.conftest import Town
from tests.sms.smsc_kit import GatewayProcess, eventually, quiet

OFFICER = NUMBER.removeprefix("+")
STRANGER = "50244440000"


@pytest.fixture
def signed_in(town: Town) -> Town:
    assert town.smsc.answer_to(OFFICER, f"PIN {PIN}").startswith("PIN aceptado")
    return town


def test_an_officer_asks_and_is_answered_as_that_officer(signed_in: Town) -> None:
    smsc, cases = signed_in.smsc, signed_in.cases
    wanted = smsc.answer_to(OFFICER, f"p {cases['wanted']['cui']}")
    assert wanted.startswith("ROJO ") and "Orden de captura: DETENER" in wanted
    assert wanted.endswith(" MAS")
    reference = wanted.split(" R")[-1].removesuffix(" MAS")
    more = smsc.answer_to(OFFICER, f"MAS {reference}")
    assert more.startswith("ROJO 2/") and f"R{reference}" in more
    while more.endswith(" MAS"):
        more = smsc.answer_to(OFFICER, "MAS")
    assert smsc.answer_to(OFFICER, "MAS") == f"NO HAY MAS PARTES de la respuesta R{reference}"
    assert smsc.answer_to(OFFICER, f"MAS {int(reference) + 1}").startswith("NO HAY MAS PARTES de otra respuesta")
    assert smsc.answer_to(OFFICER, cases["clean"]["cui"]).startswith("VERDE ")
    assert smsc.answer_to(OFFICER, f"V {cases['stolen_vehicle']['plate']}").startswith("ROJO VEHICULO ")
    unknown = smsc.answer_to(OFFICER, f"P {cases['unknown_cui']['cui']}")
    assert unknown.startswith("AMARILLO PERSONA") and "verifique DPI" in unknown
    assert "mes imposible" in smsc.answer_to(OFFICER, "N Ana Xicay 11/31/1985")
    record = signed_in.trusted.newest(1)[0]
    assert "10001" in repr(record) and "gateway/sms" in repr(record)
    assert all(event["coding"] == 0 and event["from"] == "1110" for event in smsc.named("submit"))
    assert smsc.answer_to(OFFICER, "fin").startswith("Sesion cerrada")
    assert smsc.answer_to(OFFICER, "P 2357111360101").startswith("SIN RESPUESTA: no es verde, repita con su PIN")
    assert smsc.answer_to(OFFICER, f"{PIN} {cases['clean']['cui']}").startswith("VERDE ")
    counts = signed_in.gateway.stop()
    assert (counts["pins"], counts["failures"], counts["received"]) == (2, 1, counts["acknowledged"])
    assert smsc.named("unbound")


def test_nobody_is_chosen_from_a_list_by_a_number(signed_in: Town) -> None:
    """A reply about persons that a name may mean has neither names nor numbers, and "2" is no question."""
    smsc, cases = signed_in.smsc, signed_in.cases
    several = smsc.answer_to(OFFICER, f"N {cases['homonyms_asked_by_name_and_birth_date']['name']['full']}")
    assert several.startswith(("AMARILLO PERSONA", "NEGRO PERSONA"))
    for choice in ("2", "opcion 2", "el 2"):
        assert smsc.answer_to(OFFICER, choice).startswith("NO ENTENDIDO")
    assert not re.search(r"\d{13}", " ".join(smsc.texts(OFFICER)))


def test_names_of_minors_and_owners_over_real_answers(signed_in: Town) -> None:
    smsc, cases = signed_in.smsc, signed_in.cases
    assert smsc.answer_to(OFFICER, cases["minor"]["cui"]).startswith("VERDE PERSONA. Sin alertas. MENOR DE EDAD R")
    assert smsc.answer_to(OFFICER, cases["missing_child"]["cui"]).startswith("ROJO PERSONA. Niñez desaparecida")
    owners = []
    for plate in dict.fromkeys(request["plate"] for request in cases.values() if "plate" in request):
        said = smsc.answer_to(OFFICER, f"V {plate}")
        while said.endswith(" MAS"):
            said += smsc.answer_to(OFFICER, "MAS")
        owners += re.findall(r"Propietario: (?![A-ZÑ][a-zñ]+ de )([^:.]+?)(?:\.| R\d)", said)
    persons = [each for each in owners if "SOCIEDAD" not in each]
    assert persons
    for each in persons:
        assert all(re.fullmatch(r"[\w?]+(?: \w)?|menor de edad", name) for name in each.split(", ")), each


def test_strangers_and_loops_hear_nothing_and_are_counted(signed_in: Town) -> None:
    smsc = signed_in.smsc
    for text in ("V P123BCD", "hola", "123456 V P123BCD", "PIN 123456"):
        smsc.deliver(STRANGER, text)
    smsc.deliver("RONDA", "V P123BCD", source_addr_ton=5)
    smsc.deliver(OFFICER, "ROJO Juan. Orden de captura R12 MAS")
    smsc.deliver(OFFICER, "SIN RESPUESTA: no es verde, repita R12")
    for text in ("gracias", "de nada", "ok", "bueno", "123456", "la placa no se lee"):  # she is in a session
        assert smsc.answer_to(OFFICER, text).startswith("NO ENTENDIDO, no es verde")
    smsc.deliver(OFFICER, "enterado")  # two gateways never talk for ever
    assert smsc.answer_to(OFFICER, "999999 V P123BCD").startswith(
        "SIN RESPUESTA: no es verde, repita con su PIN correcto"
    )
    eventually(lambda: len(signed_in.gateway.lines()) and len(smsc.named("delivered")) == 16)
    assert quiet(smsc) == smsc.texts(OFFICER)
    counts = signed_in.gateway.stop()
    assert (counts["strangers"], counts["looped"], counts["not_questions"]) == (4, 3, 7)
    log = signed_in.gateway.log_path.read_text(encoding="utf-8")
    for secret in (OFFICER, STRANGER, PIN, "999999", "P123BCD", "10001"):
        assert secret not in log


def test_the_same_message_is_answered_once(signed_in: Town) -> None:
    text = f"P {signed_in.cases['clean']['cui']}"
    first = signed_in.smsc.answer_to(OFFICER, text)
    signed_in.smsc.deliver(OFFICER, text)  # its deliver_sm_resp was lost: the SMSC sends it again
    signed_in.smsc.deliver(OFFICER, f"  {text.lower()}")
    eventually(lambda: len(signed_in.smsc.named("delivered")) == 4)
    assert quiet(signed_in.smsc)[1:] == [first]
    assert signed_in.gateway.stop()["duplicates"] == 2


def test_nothing_is_lost_by_kill_9_and_the_reference_stays(signed_in: Town) -> None:
    smsc, cases = signed_in.smsc, signed_in.cases
    smsc.send(silent=3)  # taken, and never acknowledged
    asked = [f"P {cases['clean']['cui']}", f"P {cases['wanted']['cui']}", f"V {cases['stolen_vehicle']['plate']}"]
    before = len(smsc.texts())
    for text in asked:
        smsc.deliver(OFFICER, text)
    eventually(lambda: len(smsc.texts()) == before + 3)
    signed_in.gateway.kill()
    held = b"".join(path.read_bytes() for path in (signed_in.gateway.directory / "queue").glob("queue.db*"))
    for secret in (OFFICER, cases["clean"]["cui"], "VERDE", PIN):
        assert secret.encode() not in held
    unanswered = smsc.texts()[before:]
    signed_in.gateway.start()
    eventually(lambda: len(smsc.texts()) >= before + 6)
    assert sorted(quiet(smsc)[before + 3 :]) == sorted(unanswered)
    assert smsc.answer_to(OFFICER, "V P170BCD").startswith("AMARILLO VEHICULO")  # within the session of before
    counts = signed_in.gateway.stop()
    assert (counts["left_over"], counts["acknowledged"], counts["pins"], counts["renewals"]) == (3, 4, 0, 1)


def test_what_was_asked_before_the_kill_is_answered_after_it(signed_in: Town) -> None:
    smsc = signed_in.smsc
    signed_in.trusted.server.process.send_signal(signal.SIGSTOP)  # no answer comes
    for pid in signed_in.trusted.server.worker_pids():
        os.kill(pid, signal.SIGSTOP)
    try:
        smsc.deliver(OFFICER, f"P {signed_in.cases['clean']['cui']}")
        smsc.wait("delivered", 2)
        signed_in.gateway.kill()
    finally:
        for pid in signed_in.trusted.server.worker_pids():
            os.kill(pid, signal.SIGCONT)
        signed_in.trusted.server.process.send_signal(signal.SIGCONT)
    signed_in.gateway.start()
    eventually(lambda: len(smsc.texts()) == 2)
    assert smsc.texts()[1].startswith("VERDE ")  # within the session that the process before had


def test_a_bind_that_breaks_again_and_again_loses_nothing(signed_in: Town) -> None:
    smsc = signed_in.smsc
    plates = [f"P{number}BCD" for number in range(100, 160)]
    for at, plate in enumerate(plates):
        smsc.deliver(OFFICER, f"V {plate}")
        if at in (20, 40):
            smsc.send(drop=True)
            smsc.wait("bound", 1 + at // 20)
    smsc.send(unbind=True)
    smsc.wait("bound", 4)
    answered = len(smsc.named("delivered"))  # what the SMSC knows to be delivered must be answered
    eventually(lambda: len({text.rsplit(" R", 1)[1] for text in smsc.texts()[1:]}) >= answered - 1)
    counts = signed_in.gateway.stop()
    assert counts["binds"] == 4


def test_what_the_smsc_puts_off_is_sent_again(signed_in: Town) -> None:
    smsc = signed_in.smsc
    smsc.send(answer={"status": 0x58, "times": 2})  # ESME_RTHROTTLED
    smsc.send(answer={"status": 0x14, "times": 1})  # ESME_RMSGQFUL
    smsc.deliver(OFFICER, f"P {signed_in.cases['clean']['cui']}")
    eventually(lambda: len(smsc.texts()) == 5)
    assert len(set(smsc.texts()[1:])) == 1
    smsc.send(receipts=True)
    smsc.deliver(OFFICER, "V P102BCD")
    eventually(lambda: len(smsc.texts()) == 6)
    assert quiet(smsc)[-1] == smsc.texts()[5]
    counts = signed_in.gateway.stop()
    assert (counts["throttled"], counts["refused"], counts["binds"], counts["receipts_delivered"]) == (3, 0, 1, 1)


def part(number: int, total: int, text: str, *, wide: bool = False) -> dict[str, str]:
    """A part with its header: one byte of reference, or two."""
    header = bytes([6, 8, 4, 7, 9, total, number]) if wide else bytes([5, 0, 3, 77, total, number])
    return {"hex": (header + text.encode("ascii")).hex()}


@pytest.mark.parametrize("wide", [False, True])
def test_parts_in_any_order_are_one_message_of_one_sender(signed_in: Town, wide: bool) -> None:
    smsc, cui = signed_in.smsc, signed_in.cases["clean"]["cui"]
    pieces = ["P ", cui[:6], cui[6:]]
    for number in (3, 1):
        smsc.deliver(OFFICER, part(number, 3, pieces[number - 1], wide=wide), esm_class=0x40)
    smsc.deliver(STRANGER, part(2, 3, "999999", wide=wide), esm_class=0x40)
    smsc.deliver(OFFICER, part(2, 3, pieces[1], wide=wide), esm_class=0x40)
    eventually(lambda: len(smsc.texts()) == 2)
    assert smsc.texts()[1].startswith("VERDE ")


def test_whatever_an_smsc_sends_the_gateway_goes_on(signed_in: Town) -> None:
    smsc = signed_in.smsc
    smsc.deliver(OFFICER, "", message_payload="N " + "Juan Perez " * 90)  # 992 characters
    smsc.deliver(OFFICER, {"hex": "00ff10" * 30}, data_coding=4)
    smsc.deliver(OFFICER, "😀😀", data_coding=8)
    for number in (0, 9):
        smsc.deliver(OFFICER, part(number, 3, "P 1"), esm_class=0x40)
    smsc.deliver(OFFICER, {"hex": "05"}, esm_class=0x40)
    for raw in (
        "00000010000000990000000000000007",  # a command that is none
        "0000001400000005000000000000000900000000",  # a deliver_sm that ends too soon
        "00000010000001030000000000000008",  # data_sm
        "0000001080000004000000000000ffff",  # a response that nobody asked for
    ):
        smsc.send(raw=raw)
    assert smsc.answer_to(OFFICER, f"P {signed_in.cases['clean']['cui']}").startswith(("VERDE ", "NO ", "SIN "))
    smsc.send(raw="ffffffff000000050000000000000009")  # four gigabytes
    smsc.wait("bound", 2)
    smsc.deliver(OFFICER, "V P104BCD")  # once: said again it is a duplicate
    eventually(lambda: [text for text in smsc.texts(OFFICER) if text.startswith("AMARILLO ")])
    counts = signed_in.gateway.stop()
    assert counts["malformed"] >= 4 and counts["binds"] == 2


def test_a_quiet_line_is_asked_whether_it_is_there(town: Town) -> None:
    town.gateway.stop()
    town.gateway.environment["RONDA_SMS_ENQUIRE_S"] = "1"
    town.gateway.start()
    town.smsc.wait("enquire_link", 2)


def test_a_server_that_is_gone_is_said_within_the_time(signed_in: Town) -> None:
    signed_in.gateway.stop()
    signed_in.gateway.environment |= {"RONDA_SMS_SERVER": "localhost:1", "RONDA_SMS_ANSWER_S": "1"}
    signed_in.gateway.start()
    signed_in.smsc.wait("bound", 2)
    said = signed_in.smsc.answer_to(OFFICER, f"{PIN} V P123BCD")
    assert said.startswith("SIN RESPUESTA: no es verde, repita R")
    again = signed_in.smsc.answer_to(OFFICER, f"{PIN} V P123BCD")  # told to repeat: no duplicate
    assert again.startswith("SIN RESPUESTA: no es verde, repita R") and again != said


def test_first_pins_of_many_numbers_delay_no_officer(signed_in: Town) -> None:
    smsc = signed_in.smsc
    assert smsc.answer_to(OFFICER, "fin").startswith("Sesion cerrada")
    for number in range(1_400):
        smsc.deliver(f"502333{number:05}", "PIN 918273")
    assert smsc.answer_to(OFFICER, f"{PIN} V P150BCD").startswith("AMARILLO VEHICULO")
    counts = signed_in.gateway.stop()
    assert counts["pins_put_off"] >= 1 and counts["pins_put_off"] + counts["pins"] <= 1_402
    assert quiet(smsc) == smsc.texts(OFFICER)


def test_automatic_answers_are_answered_six_times_in_a_session(signed_in: Town) -> None:
    """The officer's telephone answers every message; it may repeat what came, or say how often it did."""
    smsc, before = signed_in.smsc, len(signed_in.smsc.texts())
    smsc.deliver(OFFICER, "Estoy conduciendo, le llamo luego")
    eventually(lambda: len(smsc.texts()) == before + 1)
    numbered = [f"Estoy conduciendo, le llamo luego ({number})" for number in range(8)]
    for text in (*numbered, f"Recibido: {smsc.texts()[-1]}", smsc.texts()[-1]):
        smsc.deliver(OFFICER, text)
    eventually(lambda: len(smsc.named("delivered")) == 12)
    assert len(quiet(smsc)) == before + 6


def test_forged_messages_without_the_pin_silence_no_officer(signed_in: Town) -> None:
    """A sender's number can be forged; what stands with the PIN has a budget of its own."""
    smsc = signed_in.smsc
    signed_in.gateway.stop()
    few = {**signed_in.settings, "sms_sender_minute": 5}
    gateway = GatewayProcess(signed_in.gateway.directory, smsc.port, **few)
    try:
        eventually(lambda: len(smsc.named("bound")) == 2)
        for number in range(20):
            smsc.deliver(OFFICER, f"hola {number}")
            smsc.deliver(OFFICER, f"V P{number:03}BCD")
        eventually(lambda: len(smsc.named("delivered")) >= 41)
        assert smsc.answer_to(OFFICER, f"{PIN} V P150BCD").startswith("AMARILLO VEHICULO")
        assert gateway.stop()["limited"] >= 28
    finally:
        if gateway.process.poll() is None:
            gateway.kill()
