"""Compiles a manifest's records into the plan that core.standardise.encoder encodes a source's rows by."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import EnumDescriptor

from core.standardise.encoder import DERIVED, SUBJECT_KEYS
from indexer import standard
from indexer.manifest.agreement import BOOLEANS, date_values, record_columns
from indexer.manifest.fields import (
    DEFAULTS,
    ENUMS,
    OWNER_STORED_FIELDS,
    SECTIONS,
    MessageField,
    enum_numbers,
    is_vehicle_section,
    message_fields,
    section_message,
)
from indexer.manifest.model import Manifest
from indexer.manifest.records import Alert, FieldValue, Record, Subject
from indexer.manifest.sources import Source
from indexer.manifest.values import Condition, Flag, Value, folded

_FLAG_FALSE, _FLAG_TRUE = -1, -2
_TEST_IN, _TEST_NOT_IN, _TEST_PRESENT, _TEST_ABSENT = range(4)
_CLEARANCE = {
    "police": standard.CLEARANCE_POLICE,
    "criminal": standard.CLEARANCE_CRIMINAL,
    "renas": standard.CLEARANCE_RENAS,
}
_TRUE_WORDS, _FALSE_WORDS = ("1", "S", "SI", "SÍ", "Y", "T", "TRUE", "V"), ("0", "N", "NO", "F", "FALSE")
_PARTS = ("first_given", "second_given", "third_given", "first_surname", "second_surname", "married_surname")
NAME_KEYS = (*_PARTS, "full_name", "father_name", "mother_name")
_COMPUTED = {
    "record": "reference",
    "identifier_valid": "identifier_valid",
    "vin_check_digit_valid": "vin_check_digit_valid",
}

Table = dict[bytes, tuple[bytes, int]]


def source_columns(manifest: Manifest, source: Source) -> list[str]:
    """The columns of a source that its records read, in alphabetical order."""
    found: set[str] = {source.line} if source.line is not None else set()
    for record in manifest.record:
        if record.source == source.name:
            found |= record_columns(record)
    return sorted(found)


def name_columns(manifest: Manifest, source: Source) -> list[str]:
    """Returns the columns that hold names, and nothing else of a subject or an alert, in alphabetical order."""
    names: set[str] = set()
    others: set[str] = set()
    for record in manifest.record:
        if record.source == source.name:
            stated = [(key in NAME_KEYS, value) for key, value in record.subject if isinstance(value, Value)]
            stated += [(False, value) for value in (record.record_id, record.version, record.date) if value is not None]
            if record.alert is not None:
                stated += [(False, value) for _, value in record.alert if isinstance(value, Value)]
                stated += [(False, value) for value in record.alert.merge_key]
            for is_name, value in stated:
                (names if is_name else others).update(value.origin)
    return sorted(names - others)


def compile_plan(manifest: Manifest, source: Source, ordinal: int) -> dict[str, Any]:
    """The plan of one source; its columns are `source_columns`, its shape is drawn in core/standardise/encoder.pyi."""
    return _Compiler(manifest, source, ordinal).plan()


_BOOLEAN_WORDS = dict.fromkeys(_TRUE_WORDS, 1) | dict.fromkeys(_FALSE_WORDS, 0)


def packed_date(text: str) -> int:
    """A manifest's null date, dd/mm/yyyy or yyyy-mm-dd, as yyyymmdd."""
    parts = text.split("/")[::-1] if "/" in text else text.split("-")
    return int("".join(parts))


def packed_format(text: str) -> bytes:
    """A date format with one letter a token: dd/mm/yyyy -> D/M/Y."""
    return text.replace("yyyy", "Y").replace("mm", "M").replace("dd", "D").encode()


class _Compiler:
    def __init__(self, manifest: Manifest, source: Source, ordinal: int) -> None:
        self.manifest, self.source, self.ordinal = manifest, source, ordinal
        self.columns = source_columns(manifest, source)
        self.column_number = {name: i for i, name in enumerate(self.columns)}
        self.names: list[bytes] = [name.encode()[:127] for name in self.columns]
        self.sections = [""] * len(self.columns)
        self.maps: list[Table] = []
        self.slots: list[tuple[list[int], bytes, bytes | None, int]] = []
        self.conditions: list[tuple[int, int, int, int]] = []
        self.subjects: list[dict[str, Any]] = []
        self.ops: list[dict[str, Any]] = []
        self.birth_slots: set[int] = set()
        self._map_numbers: dict[tuple[tuple[bytes, tuple[bytes, int]], ...], int] = {}
        self._slot_numbers: dict[tuple[Any, ...], int] = {}
        self._condition_numbers: dict[tuple[int, int, int, int], int] = {}
        self._subject_numbers: dict[tuple[Any, ...], int] = {}

    def plan(self) -> dict[str, Any]:
        null_words = self.map({word: (word, 0) for word in self.source.null_words})
        records = [
            self.record(record, place)
            for place, record in enumerate(self.manifest.record, 1)
            if record.source == self.source.name
        ]
        contact = self.manifest.register_.contact
        return {
            "columns": len(self.columns),
            "null_words": null_words,
            "null_dates": [packed_date(text) for text in self.source.null_dates],
            "date_formats": [packed_format(text) for text in self.source.date_formats],
            "maps": self.maps,
            "slots": self.slots,
            "birth_slots": sorted(self.birth_slots),
            "name_columns": [self.column_number[name] for name in name_columns(self.manifest, self.source)],
            "conditions": self.conditions,
            "subjects": self.subjects,
            "records": records,
            "ops": self.ops,
            "names": self.names,
            "sections": self.sections,
            "ordinal": self.ordinal,
            "source": self.source.number,
            "line": self.slot(Value(column=self.source.line) if self.source.line is not None else None),
            "register_id": self.manifest.id.encode(),
            "contact": contact.encode(),
            "damaged_text": damaged_text(contact).encode(),
        }

    # numbers of things that several records share

    def map(self, table: dict[str, tuple[str, int]]) -> int:
        encoded = {key.encode(): (text.encode(), number) for key, (text, number) in table.items()}
        identity = tuple(sorted(encoded.items()))
        if identity not in self._map_numbers:
            self._map_numbers[identity] = len(self.maps)
            self.maps.append(encoded)
        return self._map_numbers[identity]

    def slot(self, value: Value | None, coded: bool = True, birth: bool = False) -> int:
        """`coded` = False: the text before its code map, for a map of numbers. `birth`: read as a birth date."""
        if value is None:
            return -1
        columns = [self.column_number[name] for name in value.origin]
        codes = -1
        if coded and value.codes is not None:
            codes = self.map({folded(key): (text, 0) for key, text in self.manifest.codes[value.codes].items()})
        constant = value.const.encode() if value.const else None
        slot = (columns, value.join.encode(), constant, codes)
        identity = (tuple(columns), *slot[1:], birth)
        if identity not in self._slot_numbers:
            self._slot_numbers[identity] = len(self.slots)
            self.birth_slots |= {len(self.slots)} if birth else set()
            self.slots.append(slot)
        return self._slot_numbers[identity]

    def condition(self, test: Condition) -> int:
        column = self.column_number[test.column]
        if test.present is not None:
            entry = (column, _TEST_PRESENT if test.present else _TEST_ABSENT, -1, -1)
        else:
            words = test.in_ if test.in_ is not None else test.not_in or ()
            listed = self.map({folded(word): ("", 0) for word in words})
            others = self.map({folded(word): ("", 0) for word in test.others}) if test.others is not None else -1
            entry = (column, _TEST_IN if test.in_ is not None else _TEST_NOT_IN, listed, others)
        if entry not in self._condition_numbers:
            self._condition_numbers[entry] = len(self.conditions)
            self.conditions.append(entry)
        return self._condition_numbers[entry]

    def flag(self, flag: Flag) -> int:
        if isinstance(flag, bool):
            return _FLAG_TRUE if flag else _FLAG_FALSE
        return self.condition(flag)

    def certificate(self, flag: Flag) -> int:
        """A flag; where a condition does not say what else may stand there, the words of the other answer may."""
        if not isinstance(flag, bool) and flag.in_ is not None and flag.others is None:
            flag = flag.model_copy(update={"others": _other_answer(flag.in_)})
        return self.flag(flag)

    def field(self, record: Record, *names: str) -> int:
        """Number of the first of several warning fields."""
        first = len(self.names)
        self.names += [name.encode()[:127] for name in names]
        self.sections += [record.section] * len(names)
        return first

    def numbers(self, value: Value, numbers: dict[str, int]) -> int:
        """Map from a cell's text, through the value's codes, to a number."""
        if value.codes is None:
            return self.map({folded(word): ("", number) for word, number in numbers.items()})
        codes = self.manifest.codes[value.codes]
        return self.map({folded(key): ("", numbers[word]) for key, word in codes.items() if word in numbers})

    def mapped(self, record: Record, name: str, value: Value | None, enum: EnumDescriptor) -> tuple[int, int, int, int]:
        """(slot, map, constant, field) of a coded value that refuses what its map lacks."""
        numbers = enum_numbers(enum)
        field = self.field(record, name)
        if value is None:
            return (-1, -1, 0, field)
        if value.const is not None:
            return (-1, -1, numbers[value.const], field)
        return (self.slot(value, coded=False), self.numbers(value, numbers), 0, field)

    # the parts of a record

    def record(self, record: Record, place: int) -> dict[str, Any]:
        vehicle = is_vehicle_section(record.section)
        dates = {v.column: self.slot(v) for v in date_values(record) if v.column is not None}
        clearance = 0
        for name in record.clearance:
            clearance |= _CLEARANCE[name]
        fields = self.field(record, "record_id", "version", "date", "certificate_visible")
        first_op, count = self.payload(record)
        return {
            "section": SECTIONS[record.section],
            "part": place,
            "vehicle": vehicle,
            "damaged_section": SECTIONS["vehicle_damaged_record" if vehicle else "damaged_record"],
            "subject": self.subject(record),
            "when": [self.condition(condition) for condition in record.when],
            "record_id": self.slot(record.record_id),
            "version": self.slot(record.version),
            "date": self.slot(record.date),
            "sensitivity": self.mapped(record, "sensitivity", record.sensitivity, ENUMS["sensitivity"]),
            "clearance": clearance,
            "certificate": self.certificate(record.certificate_visible),
            "required": [(self.column_number[name], dates.get(name, -1)) for name in record.require],
            "strict": self.strict(record),
            "op": first_op,
            "n_ops": count,
            "field": fields,
            "alert": self.alert(record, record.alert),
        }

    def strict(self, record: Record) -> list[tuple[int, int]]:
        named = [(name, value) for name, value in record.subject if isinstance(value, Value)]
        for name, value in [*record.fields.items(), *record.attributes.items()]:
            if isinstance(value, Value):
                named.append((name, value))
            elif isinstance(value, dict):
                named += [(f"{name}.{part}", text) for part, text in value.items()]
        return [(self.slot(value), self.field(record, name)) for name, value in named if value.strict]

    def subject(self, record: Record) -> int:
        subject: Subject = record.subject
        slots = [self.slot(getattr(subject, key), birth=key == "birth_date") for key in SUBJECT_KEYS]
        sex = subject.sex
        sex_map = -1
        if sex is not None:
            numbers = enum_numbers(ENUMS["sex"])
            slots[SUBJECT_KEYS.index("sex")] = self.slot(sex, coded=False)
            sex_map = (
                self.map({folded(sex.const): ("", numbers[sex.const])}) if sex.const else self.numbers(sex, numbers)
            )
        plan: dict[str, Any] = {
            "slots": slots,
            "sex_map": sex_map,
            "organisation": self.flag(subject.organisation),
            "dead": self.flag(subject.dead),
            "surname_first": subject.name_order == "surname_first",
            "comma_parts": [_PARTS.index(part) if part else -1 for part in subject.comma_parts],
            "date": self.slot(record.date) if (subject.about_age or subject.birth_date) is not None else -1,
        }
        identity = tuple(tuple(v) if isinstance(v, list) else v for v in plan.values())
        if identity not in self._subject_numbers:
            self._subject_numbers[identity] = len(self.subjects)
            plan["field"] = self.field(record, *(f"subject.{key}" for key in SUBJECT_KEYS))
            self.subjects.append(plan)
        return self._subject_numbers[identity]

    def alert(self, record: Record, alert: Alert | None) -> dict[str, Any] | None:
        if alert is None:
            return None
        fields = self.field(record, "alert.state_date", "alert.valid_from", "alert.valid_to", "alert.issued")
        cautions = enum_numbers(ENUMS["caution"])
        return {
            "protected": alert.protected,
            "kind": self.mapped(record, "alert.kind", alert.kind, ENUMS["alert_kind"]),
            "state": self.mapped(record, "alert.state", alert.state, ENUMS["alert_state"]),
            "state_date": self.slot(alert.state_date),
            "valid_from": self.slot(alert.valid_from),
            "valid_to": self.slot(alert.valid_to),
            "issued": self.slot(alert.issued),
            "authority": self.slot(alert.authority),
            "offence_code": self.slot(alert.offence.code),
            "offence_text": self.slot(alert.offence.text),
            "court": self.slot(alert.court),
            "merge": [self.slot(value) for value in alert.merge_key],
            "cautions": [(cautions[caution.flag], self.condition(caution)) for caution in alert.cautions],
            "misuse": self.flag(alert.misuse),
            "field": fields,
        }

    # the payload

    def payload(self, record: Record) -> tuple[int, int]:
        """Ops of the section's message, field numbers ascending; nested parts lie after them."""
        message = section_message(record.section)
        ops: list[dict[str, Any]] = []
        for name, field in message_fields(message).items():
            derived = _COMPUTED.get(name) or DEFAULTS.get(message.name, {}).get(name)
            if message.name == "Owner" and name not in OWNER_STORED_FIELDS:
                continue
            if name == "attributes":
                ops += [
                    {"kind": "attribute", "number": field.number, "slot": self.slot(value), "name": text.encode()}
                    for text, value in record.attributes.items()
                ]
            elif name in record.fields:
                ops.append(self.op(record, field, record.fields[name]))
            elif derived is not None and (record.alert is not None or not derived.startswith("alert.")):
                assert derived in DERIVED
                ops.append({"kind": "derived", "number": field.number, "derived": derived})
        first = len(self.ops)
        nested = first + len(ops)
        children: list[dict[str, Any]] = []
        for op in ops:
            parts = op.pop("parts", None)
            if parts is not None:
                op["child"], op["children"] = nested + len(children), len(parts)
                children += parts
        self.ops += ops + children
        return first, len(ops)

    def op(self, record: Record, field: MessageField, value: FieldValue) -> dict[str, Any]:
        op: dict[str, Any] = {
            "number": field.number,
            "optional": field.optional,
            "field": self.field(record, field.name),
        }
        if isinstance(value, dict):
            assert field.message is not None
            parts = [
                {"kind": "text", "number": part.number, "slot": self.slot(value[name])}
                for name, part in message_fields(field.message).items()
                if name in value
            ]
            return op | {"kind": "nested", "parts": parts}
        if isinstance(value, Condition):
            return op | {
                "kind": "flag",
                "flag": self.condition(value),
                "column": self.column_number[value.column],
            }
        if field.kind in ("bool", "enum"):
            numbers = enum_numbers(field.enum) if field.enum is not None else BOOLEANS
            if value.const is not None:
                table = self.map({folded(value.const): ("", numbers[value.const])})
                return op | {"kind": "mapped", "slot": self.slot(value), "map": table}
            if field.enum is None and value.codes is None:
                numbers = _BOOLEAN_WORDS
            return op | {"kind": "mapped", "slot": self.slot(value, coded=False), "map": self.numbers(value, numbers)}
        kind = "centavos" if value.unit == "centavos" else field.kind
        return op | {"kind": kind, "slot": self.slot(value)}


def damaged_text(contact: str) -> str:
    """Returns the officer's text for a refused alert row."""
    return f"registro dañado: consulte a {contact}"


def _other_answer(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that say no where all of these say yes, and the other way round; else none."""
    listed = {folded(word) for word in words}
    for these, others in ((_TRUE_WORDS, _FALSE_WORDS), (_FALSE_WORDS, _TRUE_WORDS)):
        if listed <= {folded(word) for word in these}:
            return others
    return ()
