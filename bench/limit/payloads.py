"""Questions, and the peers' data: real CheckPerson answers of the bench nation, as a patrol sees them.

One file of questions for each method (drawn at bench/limit/generator/questions.c), and one of answers for the peers:
"RONDAA1\\0" | u32 count | u32 0 | count x (u32 size of key | u32 size of answer | key | answer). A key is the request
without its context.
"""

from __future__ import annotations

import json
import random
import shutil
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import xxhash

from bench.names.nations import digest
from bench.sampling import draw
from core.engine.entry import Engine, Grant, Method
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as contract
from ronda.v1.context_pb2 import PURPOSE_TRAFFIC_STOP, RequestContext
from server.trust.allowances import read_allowances
from server.trust.policy import Policy, Principal

QUESTIONS = 100_000
_ID_DIGITS = 16
_HEAD = struct.Struct("<8sIIII")
_ROW = struct.Struct("<QIIQ")
_DRAWN_MORE = 1.05  # some answers do not show what was asked (minors): they are left out
_SEED = 14
_KEPT = 3  # of other nations


@dataclass(frozen=True)
class Payloads:
    """Files. answer_bytes: mean of an answer about a person."""

    persons: Path
    vehicles: Path
    answers: Path
    answer_bytes: float

    def held(self) -> list[tuple[str, bytes]]:
        """(CUI, answer) of each question about a person, for the stores."""
        data = self.answers.read_bytes()
        found, at = [], 16
        while at < len(data):
            key, answer = struct.unpack_from("<II", data, at)
            at += 8
            found.append((data[at + 2 : at + key].decode("ascii"), data[at + key : at + key + answer]))
            at += key + answer
        return found

    def one_request(self) -> bytes:
        """A whole CheckPerson request, for generators that send the same again and again; it has no request id."""
        cui = self.held()[0][0]
        context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP)
        return contract.CheckPersonRequest(context=context, cui=cui).SerializeToString()


def patrols_grant(trust: Path) -> Grant:
    """Returns the rights of a patrol at a traffic stop."""
    policy = Policy(trust / "policy.cedar", read_allowances(trust / "limits.toml"))
    decision = policy.decide(Principal("pnc", ("patrol",), "zona-1", False, False), PURPOSE_TRAFFIC_STOP)
    if decision is None:
        raise AssertionError("the example's policy lets no patrol stop a car")
    return Grant(decision.masks)


def prepare(generation: Path, trust: Path, work: Path, count: int = QUESTIONS) -> Payloads:
    """Makes the files in `work`, or finds them there."""
    made_by = digest("bench/limit/payloads.py", "bench/sampling.py", "server/trust/example/*")
    directory = work / f"{generation.name}-{count}-{made_by}"
    paths = Payloads(directory / "persons", directory / "vehicles", directory / "answers", 0.0)
    stamp = directory / "stamp.json"
    if not stamp.exists():
        for older in sorted(work.glob("*-*"), key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(older)
        directory.mkdir(parents=True, exist_ok=True)
        grant = patrols_grant(trust)
        engine = Engine(Generation.open(generation))
        cuis, plates = draw(generation, int(count * _DRAWN_MORE), seed=_SEED)
        fields = {
            Method.CHECK_PERSON: [contract.CheckPersonRequest(cui=cui).SerializeToString() for cui in cuis],
            Method.CHECK_VEHICLE: [contract.CheckVehicleRequest(plate=plate).SerializeToString() for plate in plates],
        }
        persons = _answered(engine, grant, Method.CHECK_PERSON, fields[Method.CHECK_PERSON])[:count]
        vehicles = _answered(engine, grant, Method.CHECK_VEHICLE, fields[Method.CHECK_VEHICLE])[:count]
        _write_questions(paths.persons, persons)
        _write_questions(paths.vehicles, vehicles)
        _write_answers(paths.answers, persons)
        mean = sum(len(answer) for _, answer in persons) / len(persons)
        stamp.write_text(json.dumps({"answer_bytes": mean}), encoding="utf-8")
    mean = json.loads(stamp.read_text(encoding="utf-8"))["answer_bytes"]
    return Payloads(paths.persons, paths.vehicles, paths.answers, mean)


def requests(path: Path, count: int) -> list[tuple[bytes, bytes]]:
    """(Request, what its answer must hold), drawn at random; request ids are of this process alone."""
    data = path.read_bytes()
    _, rows, size, hole, _ = _HEAD.unpack_from(data)
    context, table = data[_HEAD.size : _HEAD.size + size], _HEAD.size + size + (-size % 8)
    chosen, first = random.Random(time.time_ns()), time.time_ns() & 0xFFFF_FFFF
    found = []
    for number in range(count):
        at, length, _, _ = _ROW.unpack_from(data, table + _ROW.size * chosen.randrange(rows))
        field = data[at : at + length]
        digits = f"p{first:08x}{number:07x}".encode("ascii")
        found.append((context[:hole] + digits + context[hole + len(digits) :] + field, field[2:]))
    return found


def _framed(field: bytes) -> tuple[bytes, int]:
    """Field 1 of a request with a context, and where the digits of its request id begin."""
    context = RequestContext(purpose=PURPOSE_TRAFFIC_STOP, request_id="0" * _ID_DIGITS)
    framed = contract.CheckPersonRequest(context=context).SerializeToString()
    if framed[0] != 0x0A or framed[1] >= 128 or field[1] != len(field) - 2:
        raise AssertionError("the contract's first two fields are not what the generator takes them for")
    return framed, framed.index(b"0" * _ID_DIGITS)


def _answered(engine: Engine, grant: Grant, method: Method, fields: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
    """Returns (request without its context, answer) of each answer that shows the asked text, once each."""
    clock_ms = int(time.time() * 1000)
    framed, _ = _framed(fields[0])
    found = []
    for field in dict.fromkeys(fields):
        answer = engine.answer(method, framed + field, grant, clock_ms)
        if field[2:] in answer:
            found.append((field, answer))
    return found


def _write_questions(path: Path, pairs: Sequence[tuple[bytes, bytes]]) -> None:
    context, hole = _framed(pairs[0][0])
    head = _HEAD.pack(b"RONDAQ1\0", len(pairs), len(context), hole, 0)
    padded = context + bytes(-len(context) % 8)
    at = len(head) + len(padded) + _ROW.size * len(pairs)
    table = bytearray()
    for field, answer in pairs:
        table += _ROW.pack(at, len(field), len(answer), xxhash.xxh3_64_intdigest(answer))
        at += len(field)
    path.write_bytes(head + padded + bytes(table) + b"".join(field for field, _ in pairs))


def _write_answers(path: Path, pairs: Sequence[tuple[bytes, bytes]]) -> None:
    with path.open("wb") as file:
        file.write(b"RONDAA1\0" + struct.pack("<II", len(pairs), 0))
        for field, answer in pairs:
            file.write(struct.pack("<II", len(field), len(answer)) + field + answer)
