"""The content of a licence's PDF417 becomes a question as an officer would type it (AAMVA DL/ID, annex D)."""

from __future__ import annotations

import pytest

from clients.car.scanned import licence_question

HEADER = "@\nANSI 636026080102DL00410288ZA03290015DL"


@pytest.mark.parametrize(
    ("elements", "asked"),
    [
        ("DAQD1\nDCSPUBLIC\nDACJOHN\nDADQUINCY\nDBB01311970\nDCGUSA", "PUBLIC, JOHN QUINCY 31/01/1970"),
        ("DAQD1\nDCSPUBLIC\nDACJOHN\nDADNONE\nDBB19700131\nDCGCAN", "PUBLIC, JOHN 31/01/1970"),
        ("DAQD1\nDABPUBLIC\nDACJOHN\nDBB19700131", "PUBLIC, JOHN 31/01/1970"),  # version 1 writes the year first
        ("DAAPUBLIC,JOHN,QUINCY\nDBB19700131", "PUBLIC, JOHN QUINCY 31/01/1970"),
        ("DCSPUBLIC\nDCTJOHN,QUINCY\nDBB01311970", "PUBLIC, JOHN QUINCY 31/01/1970"),
        ("DAQ1234567890101\nDCSPEREZ\nDACJUAN\nDBB19700131\nDCGGTM", "1234567890101"),
        ("DAQ12345678\nDCSPEREZ\nDACJUAN\nDBB19700131\nDCGSLV", "PEREZ, JUAN 31/01/1970"),
        ("DAQD1\nDCSPUBLIC\nDACJOHN\nDBB99999999", ""),
        ("DAQD1\nDBB01311970", ""),
        ("", ""),
    ],
)
def test_a_licences_code_is_its_holder(elements: str, asked: str) -> None:
    assert licence_question(HEADER + elements) == asked
