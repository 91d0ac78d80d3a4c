"""Values of Debezium's events as the texts that an extract would hold.

The unit of a number (days, microseconds, a decimal's bytes) comes from the event's schema, else from the file of
tables. It is never guessed: 20385 is a day of 2025, a day number of a spreadsheet in 1955, or a count.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

GUATEMALA = ZoneInfo("America/Guatemala")
UNAVAILABLE = "__debezium_unavailable_value"  # a large value (PostgreSQL, Oracle) that an update left as it was
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SCALE_MOST = 100


class ValueUnreadable(Exception):
    """Raised for a value that has no text for certain. `rule` in Spanish, without the value."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


Kind = Callable[[Any], str]
"""Makes the text of a value that is not null. Raises ValueUnreadable."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueUnreadable("no es un texto")
    if value == UNAVAILABLE:
        raise ValueUnreadable(
            "la base no la envió: en PostgreSQL, ALTER TABLE ... REPLICA IDENTITY FULL; en Oracle, un LOB que no cambió"
        )
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise ValueUnreadable("no es un número entero")
    return value


def _number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueUnreadable("no es un número")
    return str(value) if isinstance(value, int) or not value.is_integer() else str(int(value))


def _boolean(value: Any) -> str:
    if not isinstance(value, bool):
        raise ValueUnreadable("no es true ni false")
    return "true" if value else "false"


def _date(value: Any) -> str:
    try:
        return (date(1970, 1, 1) + timedelta(days=_whole(value))).isoformat()
    except OverflowError:
        raise ValueUnreadable("una fecha fuera de los años 1 a 9999") from None


def _local_time(units_of_a_second: int) -> Kind:
    """A time without a zone: the clock of the institution's own, written as if it were UTC."""

    def text(value: Any) -> str:
        try:
            found = _EPOCH + timedelta(microseconds=_whole(value) * 1_000_000 // units_of_a_second)
        except OverflowError:
            raise ValueUnreadable("una hora fuera de los años 1 a 9999") from None
        return f"{found:%Y-%m-%d %H:%M:%S}".rjust(19, "0")

    return text


def _zoned(value: Any) -> str:
    try:
        found = datetime.fromisoformat(_text(value))
    except ValueError:
        raise ValueUnreadable("no es una hora ISO 8601") from None
    if found.tzinfo is None:
        raise ValueUnreadable("una hora con zona no dice su zona")
    return f"{found.astimezone(GUATEMALA):%Y-%m-%d %H:%M:%S}".rjust(19, "0")


def _decimal(scale: int) -> Kind:
    """The unscaled number's bytes, big-endian, in base64."""

    def text(value: Any) -> str:
        try:
            number = int.from_bytes(base64.b64decode(_text(value), validate=True), "big", signed=True)
        except (binascii.Error, ValueError):
            raise ValueUnreadable("no es un decimal en base64") from None
        return _scaled(number, scale)

    return text


def _variable_decimal(value: Any) -> str:
    if not isinstance(value, dict) or type(value.get("scale")) is not int or abs(value["scale"]) > _SCALE_MOST:
        raise ValueUnreadable("no es un decimal con su escala")
    return _decimal(value["scale"])(value.get("value"))


def _scaled(number: int, scale: int) -> str:
    """Returns whole numbers without zeros behind a point: a record's id that is NUMBER is written as a person writes
    it."""
    text = format(Decimal(number).scaleb(-scale), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


_NAMED: dict[str, Kind] = {
    "text": _text,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp_ms": _local_time(1_000),
    "timestamp_us": _local_time(1_000_000),
    "timestamp_ns": _local_time(1_000_000_000),
    "timestamp_zoned": _zoned,
    "decimal": _variable_decimal,
}
_SEMANTIC: dict[str, Kind] = {
    "io.debezium.time.Date": _date,
    "org.apache.kafka.connect.data.Date": _date,
    "io.debezium.time.Timestamp": _NAMED["timestamp_ms"],
    "org.apache.kafka.connect.data.Timestamp": _NAMED["timestamp_ms"],
    "io.debezium.time.MicroTimestamp": _NAMED["timestamp_us"],
    "io.debezium.time.NanoTimestamp": _NAMED["timestamp_ns"],
    "io.debezium.time.ZonedTimestamp": _zoned,
    "io.debezium.data.VariableScaleDecimal": _variable_decimal,
    "io.debezium.data.Uuid": _text,
    "io.debezium.data.Enum": _text,
    "io.debezium.data.Json": _text,
    "io.debezium.data.Xml": _text,
}
_PLAIN: dict[str, Kind] = {
    "string": _text,
    "boolean": _boolean,
    **dict.fromkeys(("int8", "int16", "int32", "int64", "float", "double"), _number),
}


def kind_named(text: str) -> Kind | None:
    """Returns the kind that a file of tables names: a word of the table above, or "decimal:2"; None = no such."""
    if match := re.fullmatch(r"decimal:(\d{1,2})", text):
        return _decimal(int(match[1]))
    return _NAMED.get(text)


def kind_of_schema(field: Mapping[str, Any]) -> Kind:
    """Returns the kind that a field of Kafka Connect's schema states. Raises ValueUnreadable, naming the type."""
    name, plain = field.get("name"), field.get("type")
    if name == "org.apache.kafka.connect.data.Decimal":
        try:
            scale = int(field["parameters"]["scale"])
        except (KeyError, TypeError, ValueError):
            scale = _SCALE_MOST + 1
        if abs(scale) > _SCALE_MOST:
            raise ValueUnreadable("un decimal sin su escala")
        return _decimal(scale)
    found = _SEMANTIC.get(str(name)) if name is not None else _PLAIN.get(str(plain))
    if found is None:
        raise ValueUnreadable(f"tipo no admitido: {_word(name if name is not None else plain)}")
    return found


def _word(name: Any) -> str:
    return name if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_.]{1,80}", name) else "sin nombre"
