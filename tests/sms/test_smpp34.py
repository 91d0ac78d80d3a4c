"""The gateway against a second SMSC that nobody here wrote: PyPI smpp34, its own codec, windows and timers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiosmpplib
import smpp34

from tests.issuer.issuer_kit import NUMBER, PIN, RunningIssuer
from tests.kit.ports import free_port
from tests.sms.conftest import gateway_settings
from tests.sms.smsc_kit import GatewayProcess
from tests.trust.conftest import TrustedServer

OFFICER = NUMBER.removeprefix("+")
ESME_RTHROTTLED = 0x58
CUI = "1234567890101"


def part(number: int, total: int, text: str) -> bytes:
    """A part with its header."""
    return bytes([5, 0, 3, 77, total, number]) + text.encode("ascii")


async def next_of(server: Any, kind: type) -> Any:
    """The next event of a kind."""
    async with asyncio.timeout(30):
        while not isinstance(event := await server.next(), kind):
            pass
        return event


async def talk(directory: Path, settings: dict[str, Any]) -> tuple[list[str], dict[str, int]]:
    """Signs in and asks; the reply is put off once; the SMSC goes away, and another stands in its place."""
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="smsc")
    await server.start()
    gateway = await asyncio.to_thread(GatewayProcess, directory / "gateway", port, **settings)
    try:
        esme = await next_of(server, smpp34.Esme)
        said: list[str] = []
        for text, refused in ((f"PIN {PIN}", False), ("V P201BCD", True)):
            asked = asyncio.ensure_future(
                esme.deliver_sm("1110", text.encode(), source_addr=OFFICER, source_addr_ton=1, source_addr_npi=1)
            )
            event = await next_of(server, smpp34.SubmitSmEvent)
            assert (await asked).command_status == 0
            if refused:
                event.reject(ESME_RTHROTTLED)
                first = event.short_message
                event = await next_of(server, smpp34.SubmitSmEvent)
                assert event.short_message == first
            event.accept(f"id-{len(said)}")
            assert (event.destination_addr, event.source_addr, event.registered_delivery) == (OFFICER, "1110", 1)
            said.append(bytes(event.short_message).decode("ascii"))
        for given in (
            {"short_message": b"999999 V P200BCD"},  # a wrong PIN
            {"short_message": b"", "tlvs": [smpp34.Tlv(0x0424, b"N " + b"Juan Perez " * 90)]},
            {"short_message": bytes(range(0x80, 0xB0)), "data_coding": 4},  # binary
            {"short_message": "\N{GRINNING FACE}".encode("utf-16-be"), "data_coding": 8},
            {"short_message": b"VERDE Juan. Sin alertas R7"},  # our own, come back
            {"short_message": part(2, 3, CUI[:6]), "esm_class": 0x40},
            {"short_message": part(9, 3, "x"), "esm_class": 0x40},
            {"short_message": b"\x05", "esm_class": 0x40},
            {"short_message": part(3, 3, CUI[6:]), "esm_class": 0x40},
            {"short_message": part(1, 3, "P "), "esm_class": 0x40},
        ):
            response = await esme.deliver_sm("1110", source_addr=OFFICER, source_addr_ton=1, source_addr_npi=1, **given)
            said.append(str(response.command_status))
        while len(said) < 16:
            event = await next_of(server, smpp34.SubmitSmEvent)
            event.accept("id-3")
            said.append(bytes(event.short_message).decode("ascii"))
        receipt = b"id:id-0 sub:001 dlvrd:001 submit date:2611270000 done date:2611270000 stat:UNDELIV err:001 text:"
        await esme.deliver_sm("1110", receipt, source_addr=OFFICER, esm_class=4)
        return said, await asyncio.to_thread(gateway.stop)
    finally:
        if gateway.process.poll() is None:
            gateway.kill()
        await server.stop()


def test_a_bind_a_question_an_answer_put_off_and_a_receipt(
    trusted: TrustedServer, issuer: RunningIssuer, tmp_path: Path
) -> None:
    said, counts = asyncio.run(talk(tmp_path, gateway_settings(trusted, issuer, tmp_path)))
    assert said[0].startswith("PIN aceptado")
    assert said[1].startswith("AMARILLO VEHICULO")  # on no file
    unreadable = str(int(aiosmpplib.SmppCommandStatus.ESME_RX_R_APPN))
    assert said[2:12] == ["0", "0", unreadable, "0", "0", "0", "0", unreadable, "0", "0"]
    for begins in (
        "SIN RESPUESTA: no es verde, repita con su PIN correcto",
        "SIN RESPUESTA: no es verde, repita en un mensaje corto",
        "NO ENTENDIDO, no es verde",
        "AMARILLO PERSONA",
    ):
        assert sum(text.startswith(begins) for text in said[12:]) == 1, begins
    assert (counts["throttled"], counts["acknowledged"], counts["receipts_failed"]) == (1, 6, 1)
    assert (counts["malformed"], counts["looped"], counts["not_questions"]) == (2, 1, 2)
