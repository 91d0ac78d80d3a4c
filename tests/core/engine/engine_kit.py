"""A small generation and an engine over it: a wanted person, a dead one, namesakes, cars."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from google.protobuf.message import Message

from core.access.grant import Grant
from core.engine.entry import METHODS, Engine
from core.generation.store import Generation
from ronda.v1 import check_service_pb2 as checks
from ronda.v1 import person_alerts_pb2
from tests.core.generation.generation_kit import PAYLOADS, REGISTERS, build, entity, record

PAYLOADS[11] = person_alerts_pb2.DiscreetAlert
M = TypeVar("M", bound=Message)

CLOCK_MS = 1_700_000_050_000  # fresh: the registers' as-of is 50 seconds before
TODAY = (CLOCK_MS // 1000 - 21600) // 86400
WANTED_CUI = "1587564440904"
CLEAN_CUI = "1580352240101"
DEAD_CUI = "2000000040101"
SLIPPED_CUI = "1680352240101"  # fails its check digit
TWIN_CUI = "9876543220101"
DISCREET_CUI = "5555555500101"
UNKNOWN_CUI = "1000000020101"
ALL = Grant.everything()
OPEN, DISCREET = 1, 2
EVERY_SECTION = (1 << 64) - 1


def person(number: int, cui: str, name: str, **fields: Any) -> dict[str, Any]:
    """The civil registry's record of a person."""
    return record(
        number,
        f"r{number}",
        cui=cui,
        name=name,
        link_criterion=1,
        message={"cui": cui},
        sex=fields.pop("sex", 2),
        **fields,
    )


def warrant(number: int, cui: str, record_id: str, **fields: Any) -> dict[str, Any]:
    """A pending warrant of the judiciary."""
    alert: dict[str, Any] = {
        "alert_kind": 1,
        "alert_state": 1,
        "register": 2,
        "section": 5,
        "hit_payload": b"",
        **fields,
    }
    return record(number, record_id, cui=cui, link_criterion=1, merge_key=record_id, **alert)


def car(number: int, vin: str, plate: str, **fields: Any) -> list[dict[str, Any]]:
    shared: dict[str, Any] = {"register": 1, "subject": 2, "vin": vin, "link_criterion": 13}
    dates: dict[str, Any] = {name: fields.pop(name) for name in ("valid_from", "valid_to") if name in fields}
    registration = record(
        number,
        f"v{number}",
        section=32,
        make="TOYOTA",
        colour="ROJO",
        message={"make": "TOYOTA", "colour": "ROJO"},
        **shared,
    )
    bearing: dict[str, Any] = {"plate_type": "P", "plate": plate, "plate_country": "GTM", **dates}
    return [registration, record(number, f"v{number}", section=33, **bearing, **shared)]


def build_engine(directory: Path) -> Engine:
    """Entities: 0 wanted, 1 clean, 2 dead and wanted, 3 and 4 namesakes, 5 under a discreet alert, 6 to 8 cars."""
    records = [
        person(0, WANTED_CUI, "JUAN CARLOS PEREZ LOPEZ", birth_year=1980, birth_month=5, birth_mday=17),
        warrant(0, WANTED_CUI, "w0"),
        person(1, CLEAN_CUI, "MARIA ELENA CHOC CAAL", birth_year=1990, birth_month=1, birth_mday=2, sex=1),
        person(2, DEAD_CUI, "PEDRO XICAY IXCOY", birth_year=1950, birth_month=3, birth_mday=4, death_day=TODAY - 900),
        warrant(2, DEAD_CUI, "w2", alert_to=TODAY + 1),
        person(3, "3000000060101", "ANA LUCIA TZUL QUEJ", birth_year=1985, birth_month=6, birth_mday=6, sex=1),
        person(4, TWIN_CUI, "ANA LUCIA TZUL QUEJ", birth_year=1986, birth_month=7, birth_mday=7, sex=1),
        person(5, DISCREET_CUI, "LUIS MEJIA RAX", birth_year=1970, birth_month=8, birth_mday=8),
        warrant(5, DISCREET_CUI, "d5", alert_kind=11, section=11, sensitivity=DISCREET),
        *car(6, "1M8GDM9AXKP042788", "123BCD"),
        *car(7, "11111111111111111", "123BCD", valid_to=TODAY - 1),
        *car(8, "5GZCZ43D13S812715", "777XYZ"),
        record(
            6,
            "o6",
            register=1,
            section=34,
            subject=2,
            vin="1M8GDM9AXKP042788",
            cui=WANTED_CUI,
            link_criterion=13,
            owner_entity=0,
            owner_level=5,
        ),
    ]
    entities = [entity(number) for number in range(6)] + [entity(number, 4) for number in range(6, 9)]
    build(directory, entities, [r for r in records if r is not None], registers=REGISTERS)
    return Engine(Generation.open(directory))


def ask(
    engine: Engine, method: str, request: Message, kind: type[M], grant: Grant = ALL, clock_ms: int = CLOCK_MS
) -> M:
    """Returns the parsed answer; its level is the one that the engine hands out."""
    content, level = engine.answered(METHODS[method], request.SerializeToString(), grant, clock_ms)
    response: Any = kind.FromString(content)
    assert level == (response.answer.level if "answer" in kind.DESCRIPTOR.fields_by_name else 0)
    return response  # type: ignore[no-any-return]


def check_person(engine: Engine, grant: Grant = ALL, clock_ms: int = CLOCK_MS, **fields: Any) -> Any:
    request = checks.CheckPersonRequest(**fields)
    return ask(engine, "CheckPerson", request, checks.CheckPersonResponse, grant, clock_ms)


def check_vehicle(engine: Engine, grant: Grant = ALL, clock_ms: int = CLOCK_MS, **fields: Any) -> Any:
    request = checks.CheckVehicleRequest(**fields)
    return ask(engine, "CheckVehicle", request, checks.CheckVehicleResponse, grant, clock_ms)


def hiding(section: int, sensitivity: int = OPEN) -> Grant:
    """Everything but one section of one sensitivity."""
    masks = dict.fromkeys(range(1, 6), EVERY_SECTION)
    masks[sensitivity] &= ~(1 << section)
    return Grant(masks)
