"""Values of a manifest: where one standard value comes from in a register's row."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class ManifestModel(BaseModel):
    """A table of a manifest: unknown keys are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _as_text(value: Any) -> Any:
    """TOML booleans and integers as the text that a cell would hold: true -> "true", 7 -> "7"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _shown(text: str) -> str:
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs") for letter in text):
        raise ValueError("holds characters that steer or hide")
    return text


ShownText = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_shown)]
"""A text of the manifest that officers read."""

CellText = Annotated[str, BeforeValidator(_as_text)]


class Value(ManifestModel):
    """One value: a column, several columns joined, or a constant; then, if named, a code map."""

    column: str | None = None
    columns: tuple[str, ...] = ()
    join: str = " "
    const: CellText | None = None
    codes: str | None = None
    strict: bool = False
    unit: Literal["quetzales", "centavos"] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Value:
        if (self.column is not None) + bool(self.columns) + (self.const is not None) != 1:
            raise ValueError("give exactly one of column, columns, const")
        if self.strict and self.codes is None:
            raise ValueError("strict needs codes")
        if self.const is not None and self.codes is not None:
            raise ValueError("a const needs no codes")
        return self

    @property
    def origin(self) -> tuple[str, ...]:
        """The columns that it is made from; empty for a constant."""
        return (self.column,) if self.column is not None else self.columns


class Condition(ManifestModel):
    """A test of one cell, after trimming and null words; a list is compared without case and accents (`folded`)."""

    column: str
    in_: tuple[CellText, ...] | None = Field(default=None, alias="in")
    not_in: tuple[CellText, ...] | None = None
    present: bool | None = None
    others: tuple[CellText, ...] | None = None  # beside `in`: what else may stand there

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if (self.in_ is not None) + (self.not_in is not None) + (self.present is not None) != 1:
            raise ValueError("give exactly one of in, not_in, present")
        if self.others is not None and self.in_ is None:
            raise ValueError("others goes with in")
        return self


def folded(text: str) -> str:
    """A text as conditions compare it: A to Z and the letters of Latin-1 in upper case without accents, Ñ kept."""
    return "".join(_folded_letter(letter) for letter in text)


def _folded_letter(letter: str) -> str:
    if ord(letter) > 0xFF:
        return letter
    base = letter if letter in "ñÑ" else unicodedata.normalize("NFD", letter)[0]
    upper = base.upper()
    return upper if len(upper) == 1 and ord(upper) <= 0xFF else base


def _column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _constant(value: Any) -> Any:
    return {"const": value} if isinstance(value, str) else value


def _list(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


# A bare string is a column...
ColumnOrValue = Annotated[Value, BeforeValidator(_column)]
# ...except for sensitivity, alert.kind and alert.state, where it is the constant itself.
ConstantOrValue = Annotated[Value, BeforeValidator(_constant)]
# All of them must hold.
Conditions = Annotated[tuple[Condition, ...], BeforeValidator(_list)]
# true, false, or what a cell says.
Flag = bool | Condition
