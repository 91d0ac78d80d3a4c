"""The settings that every room shares: their error, files, addresses, and the data directory.

Each room and each service has its own in its `settings` module, side by side: no class inherits another room's. Each
program composes those that it needs (server/processes/settings.py, server/issuer/settings.py); ronda/settings.py loads
them all.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

MIB = 1024 * 1024
_C_INT_MAX = 2**31 - 1


class SettingsError(Exception):
    """A setting breaks a rule. At fault: the person who configures. The text names the setting and the rule."""


def file_fault(path: Path, error: OSError | ValueError) -> SettingsError:
    """Returns the error for a settings file that is unreadable or has invalid content."""
    return SettingsError(f"{path}: {error.strerror if isinstance(error, OSError) else error}")


class Address(NamedTuple):
    """A host and a TCP port; port 0 = any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Returns whether only this machine can reach it. A host name other than localhost counts as reachable."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_address(text: str) -> Address:
    """Reads "host:port" or "[ipv6]:port". Raises ValueError with the rule."""
    host, separator, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    host = host[1:-1] if bracketed else host
    if bracketed != (":" in host) or any(sign in host for sign in "[]") or not port.isascii():
        separator = ""
    if not separator or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be host:port, for example 127.0.0.1:50051 or [::1]:50051")
    return Address(host, int(port))


def _texts_in(value: object) -> Iterator[str]:
    """The texts of a setting as it is given: a text, a path, or a table or list of such."""
    if isinstance(value, str | Path):
        yield str(value)
    elif isinstance(value, Mapping):
        for each in (*value, *value.values()):
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)


class SettingsPart(BaseModel):
    """Settings of one room or service, without those of any other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @field_validator("*", mode="before")
    @classmethod
    def _is_text(cls, value: object) -> object:
        """The system has no path with a NUL, and nothing writes half of a character."""
        for text in _texts_in(value):
            if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
                raise ValueError("must be text in UTF-8 without a NUL")
        return value

    @model_validator(mode="after")
    def _fits_an_integer_of_c(self) -> Self:
        """gRPC counts in integers of 32 bits, seconds as milliseconds: a worker could not start with more."""
        for name in type(self).model_fields:
            most = _C_INT_MAX // 1000 if name.endswith("_s") else _C_INT_MAX
            value = getattr(self, name)
            if isinstance(value, int) and value > most:
                raise ValueError(f"{name}: must be {most} at most")
        return self

    @property
    def fed_registers(self) -> frozenset[str]:
        """The registers with changes while the server runs: those of the service that takes them."""
        return frozenset()


_Own = TypeVar("_Own", bound=SettingsPart)


def own_settings(settings: SettingsPart, own: type[_Own]) -> _Own:
    """Returns the settings of a program as those of one room or service, which it is composed of."""
    assert isinstance(settings, own), f"{type(settings).__name__} is not composed of {own.__name__}"
    return settings


class GroundSettings(SettingsPart):
    """The settings that every room needs."""

    data: Path = Field(
        Path("data"), description="Data directory: CURRENT, generations/ and what the indexer keeps beside them."
    )
    trust: Path | None = Field(
        None,
        description="Directory of institutions, policy, limits and revocations (docs/trust.md); needs `tls_cert` and "
        "`tls_key`. Empty = development mode: loopback only, one built-in caller who may do everything.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level of the JSON log lines on standard error: debug, info, warning or error."
    )

    @property
    def development(self) -> bool:
        """True in development mode: no identity is required, on loopback only, with clear warnings."""
        return self.trust is None
