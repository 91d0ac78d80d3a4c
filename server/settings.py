"""The one table of settings: name, default, help. docs/settings.md shows the same table, and a test compares the two.

Order of precedence: command line (keyword arguments of `load_settings`), environment (`RONDA_` + name in capitals),
the TOML file named by `RONDA_CONFIG`, the default.
"""

from __future__ import annotations

import difflib
import errno
import ipaddress
import os
import re
import stat
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings.exceptions import SettingsError as SourceError

from server.setting_rules import NO_SUCH_SETTING, setting_rule

MIB = 1024 * 1024
_C_INT_MAX = 2**31 - 1
CONFIG_VARIABLE = "RONDA_CONFIG"
PREFIX = "RONDA_"
# Variables that are no settings: those of the `ronda` command, and how those begin that switch builds and tests.
_NO_SETTINGS = (CONFIG_VARIABLE, "RONDA_SERVER", "RONDA_IDENTITY", "RONDA_TOKEN", "RONDA_AUDITOR_KEY")
_SWITCHES = (
    "RONDA_CLANG",
    "RONDA_FUZZ_",
    "RONDA_HOUR_",
    "RONDA_LINETRACE",
    "RONDA_NAME_",
    "RONDA_ORACLE_",
    "RONDA_SANITIZE",
    "RONDA_SKIP_CORE",
)
_NEAR = 0.65  # of difflib's ratio: RONDA_SERVRE is RONDA_SERVER, RONDA_DATA_DIR is RONDA_DATA

Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsError(Exception):
    """A setting breaks a rule (at fault: whoever configures). The text names the setting and the rule."""


def file_fault(path: Path, error: OSError | ValueError) -> SettingsError:
    """That a file of the settings cannot be read, or does not hold what it should."""
    return SettingsError(f"{path}: {error.strerror if isinstance(error, OSError) else error}")


def read_file(path: Path, size: int = -1) -> bytes:
    """A file's first `size` bytes, -1 = all. Raises OSError, also for a pipe or device, which would be waited for."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        return file.read(size)


class Address(NamedTuple):
    """A host and a TCP port; port 0 = any free port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it. A host name other than localhost counts as reachable."""
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


class Settings(BaseSettings):
    """Settings of the server and, where they say so, of the indexer."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True)

    listen: str = Field(
        "127.0.0.1:50051",
        description="Address of the gRPC server, host:port. Without `trust` only a loopback address is accepted.",
    )
    data: Path = Field(
        Path("data"), description="Data directory: CURRENT, generations/ and what the indexer keeps beside them."
    )
    workers: int = Field(0, ge=0, le=256, description="Worker processes; 0 = one a core.")
    metrics: str = Field(
        "127.0.0.1:9464", description='Address of the Prometheus scrape, host:port; "off" = no scrape.'
    )
    reflection: bool = Field(False, description="Whether gRPC reflection (v1alpha) is served.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least level of the JSON log lines on standard error: debug, info, warning or error."
    )
    max_message_bytes: int = Field(
        16 * 1024,
        ge=1024,
        description="Largest request of a unary call, in bytes; larger is MESSAGE_TOO_LARGE. What is answered is kept "
        "whole in the audit log; the longest question has some 10,000.",
    )
    max_clear_message_bytes: int = Field(
        4 * MIB, ge=1024, description="Largest message of a Clear stream, in bytes; larger is MESSAGE_TOO_LARGE."
    )
    max_transport_message_bytes: int = Field(
        12 * MIB,
        ge=1024,
        description="Largest message that gRPC itself takes in, in bytes; larger is gRPC's own RESOURCE_EXHAUSTED, "
        "without ErrorInfo. Bounds the memory of a message that is then refused.",
    )
    max_concurrent_calls: int = Field(
        256, ge=1, description="Searches and Clear streams that one worker holds at once; more are shed (OVERLOADED)."
    )
    max_calls_per_device: int = Field(
        64, ge=1, description="The same of one device, on one worker; more are shed. Clear streams that wait count too."
    )
    max_calls_per_officer: int = Field(32, ge=1, description="The same of one officer.")
    half_open_s: int = Field(
        5, ge=1, description="Time that the first message of a call may take to come, in seconds; then it is ended."
    )
    max_concurrent_streams: int = Field(
        32,
        ge=1,
        description="Calls at once on one connection; a client keeps more until one has ended. Of a stranger's "
        "connection that is ended, so many are still taken in.",
    )
    max_loop_lag_ms: int = Field(
        250, ge=10, description="How late a worker's event loop may run, in milliseconds, before calls are shed."
    )
    search_threads: int = Field(
        2, ge=1, le=64, description="Threads of a worker for searches that take over a millisecond, and Clear batches."
    )
    max_worker_mib: int = Field(
        1024,
        ge=0,
        description="Memory of a worker's own (generations are mapped, and not counted), in MiB: when it holds more "
        "for some seconds, another takes its place and it ends once its calls have; 0 = never.",
    )
    max_connections: int = Field(
        8192,
        ge=16,
        description="Connections that one worker holds at most; fewer where the limit of open files leaves fewer. "
        "Those on which no caller was admitted yet may have half of what is left by the others.",
    )
    max_connections_per_device: int = Field(
        64, ge=1, description="Connections of one device that one worker holds; of more, the oldest are closed."
    )
    handshake_s: int = Field(20, ge=1, description="Time that a TLS handshake may take, in seconds.")
    max_connection_idle_s: int = Field(
        240, ge=1, description="Time after which a connection without calls is asked to go (GOAWAY), in seconds."
    )
    max_connection_age_s: int = Field(
        300, ge=1, description="Age at which a connection is asked to go (GOAWAY), in seconds, so that clients spread."
    )
    max_connection_age_grace_s: int = Field(
        600, ge=1, description="Time that calls on such a connection have to end, in seconds."
    )
    clear_idle_s: int = Field(
        120, ge=1, description="Time that a Clear stream may stay silent, in seconds; it pins its generation."
    )
    default_deadline_ms: int = Field(
        5000, ge=1, description="Deadline of a unary call that brings none, in milliseconds."
    )
    drain_s: int = Field(20, ge=0, description="Time that calls in flight have to end after SIGTERM, in seconds.")
    generations_poll_ms: int = Field(
        250, ge=10, description="How often a worker looks for a newly published generation, in milliseconds."
    )
    page_generation_s: int = Field(
        300,
        ge=0,
        description="How long a generation may be named (by a page token, by Clear) once another has replaced it, in "
        "seconds; then it is GENERATION_GONE.",
    )
    verify_mib_per_s: int = Field(
        64, ge=0, description="Rate of the background re-check of a generation's files (sha256), in MiB/s; 0 = none."
    )
    tls_cert: Path | None = Field(None, description="Server certificate chain, PEM file; with `tls_key` turns on TLS.")
    tls_key: Path | None = Field(None, description="Private key of that certificate, PEM file.")
    tls_client_ca: Path | None = Field(
        None, description="CA of client certificates, PEM file; when set, every client must show one."
    )
    trust: Path | None = Field(
        None,
        description="Directory of institutions, policy, limits and revocations (docs/trust.md); needs `tls_cert` and "
        "`tls_key`. Empty = development mode: loopback only, one built-in caller who may do everything.",
    )
    limits_file: Path | None = Field(
        None, description="File in which all workers count; empty = `limits` in the data directory."
    )
    token_audience: str = Field("ronda", min_length=1, description="`aud` that officers' tokens must name.")
    token_max_age_s: int = Field(
        900, ge=1, description="Longest life of an officer's token (exp - iat), in seconds; longer ones are refused."
    )
    clock_skew_s: int = Field(
        30, ge=0, le=300, description="How far the clocks of token issuers may differ from ours, in seconds."
    )
    break_glass_s: int = Field(
        600, ge=1, description="How long after the token's issue break-glass may be used, in seconds."
    )
    max_metadata_bytes: int = Field(
        8192,
        ge=1024,
        le=32768,
        description="Largest metadata of a call, in bytes, with 32 more for each field; larger is METADATA_TOO_LARGE.",
    )
    audit: Path | None = Field(None, description="Directory of the audit log; empty = `audit` in the data directory.")
    audit_auditor_key: Path | None = Field(
        None,
        description="Public keys (X25519, PEM, one or several) of the auditors to whom the log is sealed. Empty: "
        "development mode makes a pair beside the log; elsewhere it is required.",
    )
    audit_signing_key: Path | None = Field(
        None, description="Private key (Ed25519, PEM) that signs the log's checkpoints; empty as above."
    )
    audit_durability: Literal["answer-after-write", "answer-after-fsync"] = Field(
        "answer-after-write",
        description="When an answer may leave: after its record is written (survives a crash of the process; on disk "
        "at most 50 ms later), or after it is on disk (group commit).",
    )
    audit_keeper: str = Field(
        "",
        description="Second keeper of the checkpoints: a directory on another machine (from / on, and not this "
        "server's own), or a witness (`ronda audit witness`): grpcs://host:port, or grpc://host:port without TLS; "
        "empty = none.",
    )
    audit_keeper_ca: Path | None = Field(
        None,
        description="CA of a grpcs:// keeper's certificate, PEM file; empty = a CA that this machine trusts.",
    )
    audit_keeper_cert: Path | None = Field(
        None, description="Client certificate shown to a grpcs:// keeper, PEM file; with `audit_keeper_key`."
    )
    audit_keeper_key: Path | None = Field(None, description="Private key of that certificate, PEM file.")
    audit_segment_mib: int = Field(
        256, ge=16, le=1024, description="Size at which a segment of the audit log is full, in MiB; a new one a day."
    )
    audit_reserve_mib: int = Field(
        256,
        ge=0,
        description="Free space of the audit disk that records leave alone, in MiB: when only that is left, answers "
        "stop (AUDIT_UNAVAILABLE). At 80 % used the log raises an alarm.",
    )
    audit_retention_years: int = Field(
        5, ge=1, le=100, description="Years after which a segment's records are removed; its root stays."
    )
    sources: Path = Field(
        Path("data/sources"), description="Indexer: directory that the manifests' paths are relative to."
    )
    manifests: Path | None = Field(
        None,
        description="Indexer: directory of manifests; empty = the twelve that come with Ronda (indexer/registers).",
    )
    keep_generations: int = Field(
        3, ge=0, description="Indexer: generations kept for roll-back besides the current one."
    )
    keep_gib: int = Field(
        0, ge=0, description="Indexer: older generations beyond so many GiB are collected; 0 = no limit."
    )
    indexer_memory_mib: int = Field(
        1024, ge=64, description="Indexer: memory limit of the database that links, in MiB."
    )
    postgres: dict[str, SecretStr] = Field(
        {},
        description="Indexer: PostgreSQL DSN of each register that is read from a database, register id -> DSN; "
        "in the environment as JSON.",
    )

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

    @field_validator("postgres")
    @classmethod
    def _no_password_in_sight(cls, dsns: dict[str, SecretStr]) -> dict[str, SecretStr]:
        """Secrets come from files: an environment is inherited, and shown to whoever may look at the process."""
        for register, dsn in dsns.items():
            if re.search(r"password\s*=|//[^/@]*:[^/@]*@", dsn.get_secret_value(), re.IGNORECASE):
                raise ValueError(f"{register}: no password in the DSN; name a file: passfile=/path (libpq)")
        return dsns

    @field_validator("audit_keeper")
    @classmethod
    def _keeper_is_a_place(cls, text: str) -> str:
        scheme, separator, address = text.partition("://")
        if separator:
            if scheme not in ("grpc", "grpcs"):
                raise ValueError("must be a directory from / on, grpcs://host:port or grpc://host:port")
            parse_address(address)
        elif text and not Path(text).is_absolute():  # "witness.example:50443" would be a directory here, and no keeper
            raise ValueError("must be a directory from / on, grpcs://host:port or grpc://host:port")
        return text

    @field_validator("listen")
    @classmethod
    def _listen_is_an_address(cls, text: str) -> str:
        parse_address(text)
        return text

    @field_validator("metrics")
    @classmethod
    def _metrics_is_an_address(cls, text: str) -> str:
        if text != "off":
            parse_address(text)
        return text

    @model_validator(mode="after")
    def _fits_an_integer_of_c(self) -> Settings:
        """gRPC counts in integers of 32 bits, seconds as milliseconds: a worker could not start with more."""
        for name in type(self).model_fields:
            most = _C_INT_MAX // 1000 if name.endswith("_s") else _C_INT_MAX
            value = getattr(self, name)
            if isinstance(value, int) and value > most:
                raise ValueError(f"{name}: must be {most} at most")
        return self

    @model_validator(mode="after")
    def _secure(self) -> Settings:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together: set both or none")
        if self.tls_client_ca is not None and self.tls_cert is None:
            raise ValueError("tls_client_ca needs tls_cert and tls_key")
        if self.trust is not None and self.tls_cert is None:
            raise ValueError("trust needs tls_cert and tls_key: who asks is proven by certificates")
        if self.trust is not None and self.tls_client_ca is not None:
            raise ValueError("tls_client_ca: with trust, each institution names its own CA in institutions.toml")
        if self.trust is None and self.limits_file is not None:
            raise ValueError("limits_file needs trust: in development mode nobody is limited")
        if (self.audit_keeper_cert is None) != (self.audit_keeper_key is None):
            raise ValueError("audit_keeper_cert and audit_keeper_key belong together: set both or none")
        if self.audit_keeper.startswith("/"):
            kept = Path(self.audit_keeper).resolve()
            own = [self.data, *([self.audit] if self.audit is not None else [])]
            if any(kept.is_relative_to(place.resolve()) for place in own):
                raise ValueError("audit_keeper: keeps nothing within this server's own data or audit log")
        for name in ("audit_keeper_ca", "audit_keeper_cert"):
            if getattr(self, name) is not None and not self.audit_keeper.startswith("grpcs://"):
                raise ValueError(f"{name} needs an audit_keeper of grpcs://host:port")
        if self.trust is None and not self.listen_address.is_loopback:
            raise ValueError(
                "listen: in development mode only a loopback address is accepted, for everybody who reaches it sees "
                "everything; set trust, tls_cert and tls_key"
            )
        return self

    @property
    def listen_address(self) -> Address:
        """`listen`, parsed."""
        return parse_address(self.listen)

    @property
    def metrics_address(self) -> Address | None:
        """`metrics`, parsed; None = off."""
        return None if self.metrics == "off" else parse_address(self.metrics)

    @property
    def development(self) -> bool:
        """Whether nobody's identity is asked for: loopback only, loudly marked."""
        return self.trust is None

    @property
    def limits_path(self) -> Path:
        """`limits_file`, or its place in the data directory."""
        return self.limits_file if self.limits_file is not None else self.data / "limits"

    @property
    def worker_count(self) -> int:
        """Worker processes: `workers`, or one for each core that this process may use."""
        return self.workers or len(os.sched_getaffinity(0))


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


def _fault(location: tuple[int | str, ...], rule: str, config: str | None, overrides: dict[str, Any]) -> str:
    """Where a setting is said (the file, a variable, or by its name alone), its name and the rule that it breaks."""
    if not location:  # a rule between settings, which names them
        return rule
    name = str(location[0])
    if rule == NO_SUCH_SETTING:
        rule += _near_one("".join(difflib.get_close_matches(name, Settings.model_fields, 1, _NEAR)))
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
