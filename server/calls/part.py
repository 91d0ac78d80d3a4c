"""The cards of the services that the engine answers: their methods have the engine's numbers."""

from __future__ import annotations

from server.part import Method, Part

_LOOK_UP, _SEARCH, _REGISTERS = "LookUp", "Search", "Registers"
CHECK = Part(
    name="check",
    service="ronda.v1.CheckService",
    contract="ronda.v1.check_service_pb2",
    methods=(
        Method("CHECK", "consultar", 0, _LOOK_UP, "CheckRequest", is_look_up=True),
        Method("CHECK_PERSON", "consultar persona", 0, _LOOK_UP, "CheckPersonRequest", is_look_up=True),
        Method("CHECK_VEHICLE", "consultar vehículo", 0, _LOOK_UP, "CheckVehicleRequest", is_look_up=True),
        Method("SEARCH_PERSONS", "buscar personas", 0, _SEARCH, "SearchPersonsRequest", is_look_up=True),
        Method("SEARCH_VEHICLES", "buscar vehículos", 0, _SEARCH, "SearchVehiclesRequest", is_look_up=True),
        Method("LIST_RECORDS", "listar registros", 0, _LOOK_UP, "ListRecordsRequest"),
    ),
)
CLEARANCE = Part(
    name="clearance",
    service="ronda.v1.ClearanceService",
    contract="ronda.v1.clearance_service_pb2",
    methods=(Method("CLEAR", "constancias", 0, "Bulk", "ClearRequest"),),
)
REGISTERS = Part(
    name="registers",
    service="ronda.v1.RegisterService",
    contract="ronda.v1.register_service_pb2",
    methods=(
        Method("LIST_REGISTERS", "listar fuentes", 0, _REGISTERS),
        Method("GET_GENERATION", "ver generación", 0, _REGISTERS),
    ),
)
