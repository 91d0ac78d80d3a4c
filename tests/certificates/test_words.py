"""Every refusal of the office's code, every fault and every reason has its Spanish."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clients.certificate.asking import Standard
from clients.certificate.refused import Fault
from clients.certificate.wording import REVIEW_REASONS, SHORT, TITLES, limits, review_reason, statement, what_to_bring
from ronda.commands.institution.certificate_words import fault_text, not_done_text
from ronda.commands.office_words import refusal_text
from ronda.v1.clearance_service_pb2 import ClearanceReason
from server.certificates.numbers import as_stored, new_certificate_number, new_review_number
from server.trust.policy_model import CERTIFICATE_ACTIONS
from tests.command.test_help import ENGLISH

ROOM = Path(__file__).parents[2] / "server" / "certificates"


def test_all_that_is_refused() -> None:
    said = {text for path in ROOM.glob("*.py") for text in re.findall(r'NotDone\("([^"]+)"\)', path.read_text("utf-8"))}
    assert len(said) > 6
    told = [not_done_text(why) for why in said] + [fault_text(fault) for fault in Fault]
    told += [refusal_text(f"policy does not allow {action} to this officer") for action in CERTIFICATE_ACTIONS]
    assert [text for text in told if ENGLISH.findall(text)] == []


def test_all_that_a_page_and_a_slip_say() -> None:
    for standard in Standard:
        assert all((TITLES[standard], SHORT[standard], statement(standard), *limits(standard)))
    clear = {"UNSPECIFIED", "NOTHING_ON_FILE", "NAME_ONLY", "RECORD"}
    reasons = {name.removeprefix("CLEARANCE_REASON_") for name in ClearanceReason.DESCRIPTOR.values_by_name} - clear
    assert reasons <= set(REVIEW_REASONS)
    assert all(review_reason(reason) and what_to_bring(reason) for reason in (*REVIEW_REASONS, "OF_A_LATER_SERVER"))


@pytest.mark.parametrize("make", [new_certificate_number, new_review_number])
def test_a_number_is_read_as_people_write_it(make: object) -> None:
    assert callable(make)
    number = str(make())
    assert len({str(make()) for _ in range(1000)}) == 1000
    for written in (number, number.lower(), number.replace("-", ""), number.replace("-", " "), f" {number}\n"):
        assert as_stored(written) == number
    assert as_stored(number.replace("0", "O").replace("1", "l")) == number
    for no_number in ("", "x", number[:-1], number + "7", "U" * 20, "Ñ" * 20, "A" * 100):
        assert as_stored(no_number) == ""
