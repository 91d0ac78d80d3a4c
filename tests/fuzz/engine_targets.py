"""The engine's one function: any bytes, by any method, under any mask and clock, are answered or refused."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from core.engine.entry import METHODS, Engine, Grant
from core.errors import Needed, QuestionError
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from ronda.v1 import level_pb2, section_pb2
from tests.core.engine.engine_kit import CLOCK_MS, SLIPPED_CUI, WANTED_CUI
from tests.core.generation.generation_kit import subject_id

CLEAR = len(METHODS) + 1  # as a method: the bytes are a batch
HEAD = struct.Struct("<BBqQ")  # method, standard, clock's distance in milliseconds, mask of OPEN
EVERYTHING = (1 << 64) - 1
RESPONSES = (checks.CheckResponse, checks.CheckPersonResponse, checks.CheckVehicleResponse)

ROOT = Path(__file__).parents[2]
BUILD = """
import pathlib, sys
from tests.core.engine.engine_kit import build_engine
build_engine(pathlib.Path(sys.argv[1]))
"""


def small_generation() -> Path:
    """Made by the core as shipped: what is fuzzed is the reading."""
    directory = Path(tempfile.mkdtemp(prefix="fuzz-engine-"))
    python = os.environ.get("RONDA_FUZZ_PYTHON", sys.executable)  # inside the driver, sys.executable is the driver
    clean = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    subprocess.run([python, "-c", BUILD, str(directory)], cwd=ROOT, env=clean, check=True)
    return directory


engine = Engine(Generation.open(small_generation()))


def answer(data: bytes) -> None:
    if len(data) < HEAD.size:
        return
    method, standard, distance, mask = HEAD.unpack_from(data)
    clock_ms = max(-(2**62), min(2**62, CLOCK_MS + distance))
    grant = Grant([mask, mask >> 1, EVERYTHING, EVERYTHING, EVERYTHING])
    request = data[HEAD.size :]
    try:
        if method % (CLEAR + 1) == CLEAR:
            opening = clearance.ClearRequest(standard=standard % 5).SerializeToString()
            engine.clearance(opening, grant, clock_ms).answer(request, clock_ms)
        else:
            method = method % CLEAR or 1
            response, level = engine.answered(method, request, grant, clock_ms)
            if method <= METHODS["CheckVehicle"]:
                assert RESPONSES[method - 1].FromString(response).answer.level == level > level_pb2.LEVEL_UNSPECIFIED
    except Needed as needed:
        assert WANTED_CUI not in str(needed)
    except QuestionError as error:
        assert error.reason and WANTED_CUI not in str(error)


def answer_seeds() -> list[bytes]:
    requests = [
        (1, checks.CheckRequest(query=WANTED_CUI)),
        (1, checks.CheckRequest(query="P-123BCD", country="GTM")),
        (1, checks.CheckRequest(query=SLIPPED_CUI)),
        (2, checks.CheckPersonRequest(cui=WANTED_CUI, nit="576937-K", name={"full": "Ana Tzul"}, father_name="Juan")),
        (2, checks.CheckPersonRequest(name={"full": "Ana Lucia Tzul"}, birth_date={"year": 1985, "month": 6})),
        (3, checks.CheckVehicleRequest(plate="P-123BCD", vin="1M8GDM9AXKP042788", make="toyota", colour="rojo")),
        (4, checks.SearchPersonsRequest(names="ana lucia", page_size=1, birth_year_from=1980)),
        (5, checks.SearchVehiclesRequest(plate_pattern="P-1?3*", make="toyota")),
        (5, checks.SearchVehiclesRequest(query="blue Toyota pickup P 12?... 2015 5TDKK3DC")),
        (6, checks.ListRecordsRequest(subject_id=subject_id("entity 0").hex(), section=section_pb2.SECTION_WARRANT)),
        (CLEAR, clearance.ClearRequest(row_ids=[1, 2], cuis=[WANTED_CUI, ""], plates=["", "P-123BCD"])),
    ]
    return [HEAD.pack(method, 1, 0, EVERYTHING) + request.SerializeToString() for method, request in requests]
