"""Expected answers to each special case of the nation: a reader's own reading of docs/answers.md."""

from __future__ import annotations

from typing import Any

from ronda.v1 import check_service_pb2 as checks

FRESH, STALE, MISSING = 1, 2, 3
FOUND = {"identity_status": "FOUND"}
CLEAR = FOUND | {"level": "CLEAR", "hits": [], "coverage": "COMPLETE", "notes": []}
WARRANT = {"kind": "WARRANT", "level": "HIT", "subject": "PERSON", "state": "PENDING", "action": "ARREST"}
WANTED = FOUND | {"level": "HIT", "coverage": "COMPLETE", "hits": [WARRANT]}


# name of the case -> (who of the cast, expected)
PERSONS: dict[str, tuple[str, dict[str, Any]]] = {
    "clean": ("clean", CLEAR | {"cautions": [], "person_cautions": [], "comparisons": {"CUI": "AGREES"}}),
    "wanted, listed by three": (
        "wanted",
        WANTED
        | {
            "hits": [
                WARRANT | {"sources": ["oj", "mp", "sapo"], "cautions": ["ARMED"], "source_state": FRESH, "notes": []}
            ],
            "cautions": ["ARMED"],
        },
    ),
    "wanted by a warrant without CUI": (
        "wanted_by_name",
        WANTED | {"hits": [WARRANT | {"agrees": ["NAMES", "BIRTH_DATE", "SEX"]}]},
    ),
    "a warrant that fits two": (
        "wanted_by_several_1",
        FOUND | {"level": "POSSIBLE", "hits": [WARRANT | {"level": "POSSIBLE"}], "notes": []},
    ),
    "and the other of the two": (
        "wanted_by_several_2",
        FOUND | {"level": "POSSIBLE", "hits": [WARRANT | {"level": "POSSIBLE"}]},
    ),
    "twin, wanted": ("twin_wanted", WANTED | {"homonyms": 0}),
    "twin, not wanted": ("twin_clean", CLEAR | {"homonyms": 0, "person_cautions": []}),
    "homonym with the same birth date, wanted": ("homonym_wanted", WANTED | {"homonyms": 1}),
    "homonym with the same birth date, not wanted": (
        "homonym_clean",
        CLEAR | {"homonyms": 1, "person_cautions": ["HOMONYMS"]},
    ),
    "deceased": (
        "deceased",
        {"level": "POSSIBLE", "identity_status": "DECEASED", "hits": [], "notes": ["DECEASED"], "age": None},
    ),
    "deceased with a warrant": (
        "deceased_wanted",
        {"level": "HIT", "identity_status": "DECEASED", "hits": [WARRANT], "notes": ["DECEASED"]},
    ),
    "minor": ("minor", CLEAR | {"person_cautions": ["MINOR"], "cautions": ["MINOR"], "totals": {"DETENTION": 1}}),
    "missing child": (
        "missing_child",
        FOUND
        | {
            "level": "HIT",
            "hits": [
                {"kind": "MISSING_CHILD", "level": "HIT", "subject": "PERSON", "action": "PROTECT", "sources": ["mp"]}
            ],
            "person_cautions": ["MINOR"],
        },
    ),
    "aggressor": (
        "aggressor",
        FOUND
        | {
            "level": "HIT",
            "hits": [
                {
                    "kind": "PROTECTION_ORDER",
                    "level": "HIT",
                    "subject": "PERSON",
                    "action": "ENFORCE_ORDER",
                    "sources": ["oj"],
                }
            ],
        },
    ),
    "victim": ("victim", CLEAR | {"totals": {"PROTECTION_ORDER": 2}}),
    "expired order": (
        "aggressor_expired",
        CLEAR
        | {
            "closed": [
                {"kind": "PROTECTION_ORDER", "level": "UNSPECIFIED", "state": "PENDING", "notes": ["CLOSED_EXPIRED"]}
            ]
        },
    ),
    "discreet alert": (
        "discreet",
        FOUND
        | {"level": "HIT", "hits": [{"kind": "DISCREET", "level": "HIT", "subject": "PERSON", "action": "OBSERVE"}]},
    ),
    "misused identity": (
        "misused",
        {
            "level": "POSSIBLE",
            "identity_status": "MISUSED",
            "hits": [{"kind": "DOCUMENT", "level": "POSSIBLE", "action": "RETAIN_DOCUMENT", "sources": ["mp"]}],
            "notes": ["MISUSED"],
            "person_cautions": ["MISUSED_IDENTITY"],
        },
    ),
    "one CUI with two names": (
        "two_names",
        {"level": "POSSIBLE", "identity_status": "CONFLICT", "hits": [], "notes": ["CONFLICT"]},
    ),
    "warrant cancelled in one register and pending in another": (
        "cancelled_in_oj",
        CLEAR
        | {
            "closed": [{"kind": "WARRANT", "level": "UNSPECIFIED", "state": "CANCELLED", "notes": ["CLOSED_CANCELLED"]}]
        },
    ),
    "warrant that the authority does not list": (
        "not_in_oj",
        FOUND
        | {
            "level": "POSSIBLE",
            "hits": [WARRANT | {"level": "POSSIBLE", "sources": ["sapo"], "texts": ["no consta en OJ: confirme"]}],
        },
    ),
    "refused warrant row": (
        "damaged_record",
        FOUND
        | {
            "level": "POSSIBLE",
            "hits": [
                {
                    "kind": "DAMAGED_RECORD",
                    "level": "POSSIBLE",
                    "subject": "PERSON",
                    "action": "CONSULT",
                    "sources": ["oj"],
                }
            ],
        },
    ),
}

# name of the case -> (request, expected)
QUESTIONS: dict[str, tuple[Any, dict[str, Any]]] = {
    "foreigner with records": (
        checks.CheckPersonRequest(document={"country": "HND", "number": "F9900002"}),
        WANTED | {"comparisons": {"DOCUMENT": "AGREES"}},
    ),
    "foreigner without alerts": (checks.CheckPersonRequest(document={"country": "SLV", "number": "A99000001"}), CLEAR),
    "foreigner without records": (
        checks.CheckPersonRequest(document={"country": "MEX", "number": "G99000003"}),
        {"level": "INSUFFICIENT", "identity_status": "UNVERIFIED", "hits": [], "notes": ["NO_RECORD_FOREIGN"]},
    ),
    "unknown plate": (
        checks.CheckVehicleRequest(plate="P-915ZZS"),
        {"level": "POSSIBLE", "identity_status": "NOT_FOUND", "hits": [], "notes": ["PLATE_NOT_ON_FILE"]},
    ),
}

VEHICLE_CLEAR = CLEAR | {"vehicle_level": "CLEAR", "owner_level": "CLEAR", "bears_asked_plate": True}
# name of the case -> (which of the cast, what is seen besides, expected)
VEHICLES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "clean vehicle": ("clean_vehicle", {}, VEHICLE_CLEAR | {"cautions": []}),
    "cloned plate, by make": (
        "cloned_plate",
        {"make": "Chevrolet"},
        FOUND
        | {
            "level": "POSSIBLE",
            "hits": [],
            "notes": ["IDENTIFIERS_DISAGREE"],
            "cautions": ["IDENTIFIERS_DISAGREE"],
            "vehicle_level": "POSSIBLE",
            "comparisons": {"PLATE": "AGREES", "MAKE": "DISAGREES"},
        },
    ),
    "re-issued plate": (
        "reissued_plate_now",
        {},
        VEHICLE_CLEAR | {"cautions": ["REISSUED_PLATE"], "candidates_total": 1},
    ),
    "company owner": (
        "company_vehicle",
        {},
        VEHICLE_CLEAR | {"owners": [{"kind": "ORGANISATION", "level": "CLEAR"}]},
    ),
    "several owners, one wanted": (
        "several_owners",
        {},
        FOUND
        | {
            "level": "HIT",
            "vehicle_level": "CLEAR",
            "owner_level": "HIT",
            "owner_levels": ["CLEAR", "HIT"],
            "hits": [WARRANT | {"subject": "OWNER"}],
        },
    ),
    "recovered vehicle": (
        "recovered_vehicle",
        {},
        VEHICLE_CLEAR
        | {
            "vehicle_closed": [
                {"kind": "STOLEN_VEHICLE", "state": "CANCELLED", "subject": "VEHICLE", "notes": ["CLOSED_CANCELLED"]}
            ]
        },
    ),
    "stolen vehicle": (
        "stolen_vehicle",
        {},
        FOUND
        | {
            "level": "HIT",
            "vehicle_level": "HIT",
            "owner_level": "CLEAR",
            "hits": [
                {
                    "kind": "STOLEN_VEHICLE",
                    "level": "HIT",
                    "subject": "VEHICLE",
                    "action": "SEIZE_VEHICLE",
                    "sources": ["rvr"],
                }
            ],
        },
    ),
    "stolen plate": (
        "stolen_plate",
        {},
        FOUND
        | {
            "level": "HIT",
            "vehicle_level": "HIT",
            "hits": [{"kind": "STOLEN_PLATE", "level": "HIT", "subject": "PLATE"}],
        },
    ),
    "plate borne by two": (
        "duplicated_plate_1",
        {},
        {"level": "POSSIBLE", "hits": [], "candidates_total": 2},
    ),
    "dead owner with a warrant": (
        "dead_owner",
        {},
        FOUND
        | {
            "level": "POSSIBLE",
            "owner_level": "POSSIBLE",
            "hits": [WARRANT | {"subject": "OWNER", "level": "POSSIBLE"}],
        },
    ),
    "protected owner": ("protected_owner", {}, VEHICLE_CLEAR | {"owner_without_address": True}),
}
