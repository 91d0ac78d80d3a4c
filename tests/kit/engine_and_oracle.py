"""A generation of small registers, asked through the engine; the oracle must say the same."""

from __future__ import annotations

from typing import Any

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.manifest import read_manifest
from core.generation.store import Generation
from indexer.generations.publishing import current_generation
from indexer.pipeline import build
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import clearance_service_pb2 as clearance
from tests.indexer.small_registers import SmallRegisters
from tests.oracle import Oracle
from tests.oracle.registers import Masks, everything


class EngineAndOracle:
    """Builds the registers and asks both; as one who may see everything, unless masks say less."""

    def __init__(self, registers: SmallRegisters) -> None:
        build(registers.options())
        generation = registers.data / "generations" / str(current_generation(registers.data))
        manifest = read_manifest(generation).model_dump(exclude_unset=True)
        self.engine = Engine(Generation.open(generation))
        key = (registers.data / "subject.key").read_bytes()
        self.oracle = Oracle.load(registers.sources, registers.manifests, {}, manifest, key)
        self.clock_ms = max(r["as_of_ms"] or 0 for r in manifest["registers"])

    def person(self, masks: Masks | None = None, **asked: Any) -> Any:
        request = checks.CheckPersonRequest(**asked)
        told = self.oracle.check_person(request, masks or everything(), self.clock_ms)
        return self._same("CheckPerson", request, told, masks)

    def vehicle(self, masks: Masks | None = None, **asked: Any) -> Any:
        request = checks.CheckVehicleRequest(**asked)
        told = self.oracle.check_vehicle(request, masks or everything(), self.clock_ms)
        return self._same("CheckVehicle", request, told, masks)

    def box(self, query: str, masks: Masks | None = None, **asked: Any) -> Any:
        request = checks.CheckRequest(query=query, **asked)
        return self._same("Check", request, self.oracle.check(request, masks or everything(), self.clock_ms), masks)

    def cleared(self, standard: int, batch: clearance.ClearRequest, masks: Masks | None = None) -> Any:
        told = self.oracle.clear(standard, batch, masks or everything(), self.clock_ms)
        batch.standard = standard  # type: ignore[assignment]
        request = batch.SerializeToString()
        grant = Grant.everything() if masks is None else Grant(masks)
        stream = self.engine.clearance(request, grant, self.clock_ms)
        answer = clearance.ClearResponse.FromString(stream.answer(request, self.clock_ms))
        for field in ("answer_id", "answered_at"):
            answer.ClearField(field)
        for error in answer.row_errors:  # the oracle knows which field is at fault, not the rule's words
            error.ClearField("rule")
        assert answer == told, "the oracle says otherwise"
        return answer

    def _same(self, method: str, request: Any, told: Any, masks: Masks | None = None) -> Any:
        grant = Grant.everything() if masks is None else Grant(masks)
        content = self.engine.answer(METHODS[method], request.SerializeToString(), grant, self.clock_ms)
        answer = getattr(checks, f"{method}Response").FromString(content)
        for head in (answer.answer, told.answer):
            head.ClearField("answer_id")
            head.ClearField("answered_at")
        assert answer == told, "the oracle says otherwise"
        return answer
