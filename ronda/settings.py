"""The one table of settings: name, default, help. docs/settings.md shows the same table, and a test compares the two.

Each part has its own (server/*/settings.py, indexer/settings.py); here they are put together and loaded. Order of
precedence: command line (keyword arguments of `load_settings`), environment (`RONDA_` + name in capitals), the TOML
file named by `RONDA_CONFIG`, the default.
"""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path
from typing import Any, NamedTuple, Self, get_args

from pydantic import BaseModel, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as SourceError

from clients.sms.settings import SmsSettings
from core.files.regular_file import read_file
from indexer.settings import IndexerSettings
from ronda.setting_rules import NO_SUCH_SETTING, setting_rule
from server.processes.settings import ServerSettings
from server.settings import SettingsError

CONFIG_VARIABLE = "RONDA_CONFIG"
PREFIX = "RONDA_"
# Variables that are no settings: those of the `ronda` command, and how those begin that switch builds and tests.
_NO_SETTINGS = (
    CONFIG_VARIABLE,
    "RONDA_SERVER",
    "RONDA_IDENTITY",
    "RONDA_ISSUER",
    "RONDA_TOKEN",
    "RONDA_AUDITOR_KEY",
    "RONDA_CERTIFICATE_OFFICE",
    "RONDA_CERTIFICATE_TRUST",
    "RONDA_AGENCY_KEY",
)
_SWITCHES = (
    "RONDA_CLANG",
    "RONDA_FUZZ_",
    "RONDA_HOUR_",
    "RONDA_GREENER_QUESTIONS",
    "RONDA_KILLS",
    "RONDA_LINETRACE",
    "RONDA_NAME_",
    "RONDA_ORACLE_",
    "RONDA_SANITIZE",
    "RONDA_SKIP_CORE",
    "RONDA_VERIFY",
)
_NEAR = 0.65  # of difflib's ratio: RONDA_SERVRE is RONDA_SERVER, RONDA_DATA_DIR is RONDA_DATA


class Settings(ServerSettings, IndexerSettings, SmsSettings, BaseSettings):
    """Settings of the server, of the indexer and of the SMS gateway."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    @model_validator(mode="after")
    def _no_setting_stands_in_a_table(self) -> Self:
        """A line that is appended to the file belongs to its last table: it would be swallowed there."""
        for name in type(self).model_fields:
            table = getattr(self, name)
            for key in table if isinstance(table, dict) else ():
                if key in type(self).model_fields:
                    raise ValueError(f"{key}: stands in the table [{name}]; settings come before the first table")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources = [init_settings, env_settings]
        if config := os.environ.get(CONFIG_VARIABLE):
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=config))
        return tuple(sources)


def load_settings(**overrides: Any) -> Settings:
    """Settings from the command line's `overrides` (None = not given), the environment and the TOML file.

    Raises SettingsError: a setting breaks a rule, is unknown, or the TOML file cannot be read.
    """
    if unknown := unknown_variables():
        raise SettingsError("\n".join(f"{name}: no such setting{_near_one(near)}" for name, near in unknown.items()))
    config = os.environ.get(CONFIG_VARIABLE)
    try:
        if config:
            # Read here first: the reader of the settings takes a pipe, or a file that is not there, for an empty one.
            read_file(Path(config), 0)
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        issues = error.errors(include_input=False, include_url=False)
        raise SettingsError(
            "\n".join(_fault(issue["loc"], setting_rule(issue), config, overrides) for issue in issues)
        ) from None
    except SourceError as error:  # a table that the environment holds as JSON
        named = re.search(r'field "(\w+)"', str(error))
        raise SettingsError(f"{PREFIX}{named[1].upper()}: must be JSON" if named else str(error)) from None
    except FileNotFoundError:
        raise SettingsError(f"{CONFIG_VARIABLE}: no such file: {config}") from None
    except OSError as error:
        raise SettingsError(f"{CONFIG_VARIABLE}: cannot read {config}: {error.strerror}") from None
    except RecursionError:
        raise SettingsError(f"{CONFIG_VARIABLE}: {config}: nested too deeply") from None
    except ValueError as error:  # no TOML (tomllib.TOMLDecodeError), no UTF-8
        raise SettingsError(f"{CONFIG_VARIABLE}: {config}: {error}") from None


def unknown_variables() -> dict[str, str]:
    """RONDA_* of the environment that nothing reads, each with the known one that it is like ("" = none): mistyped.

    Empty ones count as not set.
    """
    known = [*_NO_SETTINGS, *(setting.variable for setting in SETTINGS)]
    found = {}
    for name, value in sorted(os.environ.items()):
        upper = name.upper()
        if value and upper.startswith(PREFIX) and upper not in known and not upper.startswith(_SWITCHES):
            names = [each.removeprefix(PREFIX) for each in known]
            like = difflib.get_close_matches(upper.removeprefix(PREFIX), names, 1, _NEAR)
            found[name] = PREFIX + like[0] if like else ""
    return found


def _known_beside(location: tuple[int | str, ...]) -> list[str]:
    """The names that may stand where an unknown one stands: settings, or keys of the table that it is in."""
    if len(location) == 1:
        return list(Settings.model_fields)
    pending: list[Any] = [Settings.model_fields[str(location[0])].annotation]
    while pending:  # the table's model, wherever the setting's type has it: dict[str, FeedSource]
        kind = pending.pop()
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return list(kind.model_fields)
        pending += get_args(kind)
    return []


def _fault(location: tuple[int | str, ...], rule: str, config: str | None, overrides: dict[str, Any]) -> str:
    """Returns the origin of a setting (the file, a variable, or its name alone), its name and the rule that it
    breaks."""
    if not location:  # a rule between settings, which names them
        return rule
    name = str(location[0])
    if rule == NO_SUCH_SETTING:
        rule += _near_one("".join(difflib.get_close_matches(str(location[-1]), _known_beside(location), 1, _NEAR)))
    named = ".".join(str(part) for part in location)
    variable = f"{PREFIX}{name.upper()}"
    if overrides.get(name) is not None:
        return f"{named}: {rule}"
    if any(each.upper() == variable and value for each, value in os.environ.items()):
        return f"{variable}: {rule}"
    return f"{config}: {named}: {rule}" if config else f"{named}: {rule}"


def _near_one(near: str) -> str:
    return f"; did you mean {near}?" if near else ""


class Setting(NamedTuple):
    """A row of the table."""

    name: str
    default: str
    help: str

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"{PREFIX}{self.name.upper()}"


def _shown(default: object) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default == {} else str(default)


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(name, _shown(field.default), field.description or "") for name, field in Settings.model_fields.items()
)


def settings_table() -> str:
    """The table of settings in Markdown, as docs/settings.md holds it."""
    rows = [f"| `{s.name}` | `{s.variable}` | {f'`{s.default}`' if s.default else ''} | {s.help} |" for s in SETTINGS]
    return "\n".join(["| setting | environment | default | meaning |", "|---|---|---|---|", *rows]) + "\n"
