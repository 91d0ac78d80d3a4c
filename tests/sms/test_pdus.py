"""Reading and writing in one step give the same as aiosmpplib."""

from __future__ import annotations

from datetime import timedelta

import aiosmpplib
import pytest
from aiosmpplib.codec import GSM_BASIC_DECODE_MAP
from hypothesis import given
from hypothesis import strategies as st

from clients.sms.pdus import delivered, plain_message, submit_sm
from clients.sms.septets import gsm_octets

LETTERS = st.text(st.sampled_from(list(GSM_BASIC_DECODE_MAP.values())), min_size=1, max_size=160)
NUMBERS = st.text(st.sampled_from("+0123456789"), max_size=20)
TONS, NPIS = st.sampled_from(list(aiosmpplib.TON)), st.sampled_from(list(aiosmpplib.NPI))


def read(pdu: bytes) -> aiosmpplib.DeliverSm:
    return aiosmpplib.DeliverSm.from_pdu(pdu, aiosmpplib.SmppMessage.parse_header(pdu), "gsm0338")


@given(st.integers(1, 0x7FFFFFFF), NUMBERS, NUMBERS, TONS, NPIS, LETTERS, st.integers(1, 2_000_000))
def test_a_submit_sm(sequence: int, address: str, to: str, ton: int, npi: int, text: str, valid_s: int) -> None:
    twin = aiosmpplib.SubmitSm(
        sequence_num=sequence,
        short_message=text,
        source=aiosmpplib.PhoneNumber(address),
        destination=aiosmpplib.PhoneNumber(to, aiosmpplib.TON(ton), aiosmpplib.NPI(npi)),
        validity_period=timedelta(seconds=valid_s),
    )
    assert submit_sm(sequence, address, (to, ton, npi), gsm_octets(text), valid_s) == twin.pdu()


@given(
    NUMBERS, NUMBERS, TONS, NPIS, LETTERS, st.sampled_from([0, 0x04, 0x40]), st.sampled_from([None, "ucs2", "ascii"])
)
def test_a_plain_message(
    sender: str, address: str, ton: int, npi: int, text: str, esm_class: int, encoding: str | None
) -> None:
    if encoding == "ascii":  # what npm smpp sends of every text that has no other letters
        text = text.encode("ascii", "replace").decode("ascii")
    sent = aiosmpplib.DeliverSm(
        short_message=text,
        source=aiosmpplib.PhoneNumber(sender, aiosmpplib.TON(ton), aiosmpplib.NPI(npi)),
        destination=aiosmpplib.PhoneNumber(address),
        esm_class=esm_class,
        encoding=encoding,
    ).pdu()
    found = plain_message(sent)
    if esm_class or encoding == "ucs2":
        assert found is None
        return
    twin = read(sent)
    assert found == (sender, ton, npi, address, twin.short_message)
    for end in range(16, len(sent)):
        assert plain_message(sent[:end]) is None


@given(st.binary(max_size=80))
def test_whatever_comes_the_library_agrees_or_reads_alone(body: bytes) -> None:
    pdu = (16 + len(body)).to_bytes(4, "big") + bytes([0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 7]) + body
    if (found := plain_message(pdu)) is not None:
        twin = read(pdu)
        assert found == (*vars(twin.source).values(), twin.destination.number, twin.short_message)


@pytest.mark.parametrize("letter", ["\x1b", "\x80"])
def test_an_escape_is_the_librarys_to_read(letter: str) -> None:
    sent = aiosmpplib.DeliverSm(short_message="AA", source=aiosmpplib.PhoneNumber("5")).pdu()
    assert plain_message(sent.replace(b"AA", b"A" + letter.encode("latin-1"))) is None


def test_what_no_pdu_holds_and_a_response() -> None:
    with pytest.raises(ValueError, match="too long"):
        submit_sm(1, "1110", ("5" * 21, 1, 1), b"A", 10)
    with pytest.raises(ValueError, match="ascii"):
        submit_sm(1, "é", ("5", 1, 1), b"A", 10)
    assert delivered(7, 0x66) == aiosmpplib.DeliverSmResp(7, aiosmpplib.SmppCommandStatus(0x66)).pdu()
