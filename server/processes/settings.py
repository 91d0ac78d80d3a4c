"""All settings of the server: those of its processes, beside every room's and every service's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from pydantic import Field, create_model, field_validator, model_validator

from server.calls.settings import AnsweringSettings
from server.parts import PARTS
from server.settings import Address, parse_address
from server.trust.settings import OfficeSettings

if TYPE_CHECKING:  # the settings of a service are its own: others get them by server.settings.own_settings

    class _ComposedSettings(AnsweringSettings, OfficeSettings):
        pass

else:
    # Pydantic lists the fields of the last base first.
    _SERVICES = [part.settings for part in reversed(PARTS) if part.settings is not None]
    _ComposedSettings = create_model(
        "_ComposedSettings",
        __base__=(*_SERVICES, AnsweringSettings, OfficeSettings),
    )


class ServerSettings(_ComposedSettings):
    """The settings of a supervisor, which it gives to its workers."""

    listen: str = Field(
        "127.0.0.1:50051",
        description="Address of the gRPC server, host:port. Without `trust` only a loopback address is accepted.",
    )
    lane_listen: str = Field(
        "",
        description="Address of the express lane, host:port (docs/lane.md): the three checks and health, answered by "
        "compiled code alone. Bound as `listen` is; empty = off.",
    )
    workers: int = Field(0, ge=0, le=256, description="Worker processes; 0 = one a core.")
    metrics: str = Field(
        "127.0.0.1:9464", description='Address of the Prometheus scrape, host:port; "off" = no scrape.'
    )
    max_worker_mib: int = Field(
        1024,
        ge=0,
        description="Memory of a worker's own (generations are mapped, and not counted), in MiB: when it holds more "
        "for some seconds, or a flood that is over left 24 MiB, another takes its place and it ends once its calls "
        "have; 0 = never.",
    )
    drain_s: int = Field(20, ge=0, description="Time that calls in flight have to end after SIGTERM, in seconds.")
    verify_mib_per_s: int = Field(
        64, ge=0, description="Rate of the background re-check of a generation's files (sha256), in MiB/s; 0 = none."
    )

    backup_within_h: int = Field(
        0,
        ge=0,
        le=8_760,
        description="How old the newest copy by `ronda backup` may be, in hours, before alarm RondaBackupMissing "
        "(docs/backup.md); 0 = no copies are expected.",
    )

    @field_validator("listen")
    @classmethod
    def _listen_is_an_address(cls, text: str) -> str:
        parse_address(text)
        return text

    @field_validator("lane_listen")
    @classmethod
    def _is_an_address_or_off(cls, text: str) -> str:
        if text:
            parse_address(text)
        return text

    @field_validator("metrics")
    @classmethod
    def _metrics_is_an_address(cls, text: str) -> str:
        if text != "off":
            parse_address(text)
        return text

    @model_validator(mode="after")
    def _trust_is_proven(self) -> Self:
        if self.trust is not None and self.tls_cert is None:
            raise ValueError("trust needs tls_cert and tls_key: who asks is proven by certificates")
        if self.trust is not None and self.tls_client_ca is not None:
            raise ValueError("tls_client_ca: with trust, each institution names its own CA in institutions.toml")
        if self.trust is None and self.limits_file is not None:
            raise ValueError("limits_file needs trust: in development mode nobody is limited")
        return self

    @model_validator(mode="after")
    def _development_is_local(self) -> Self:
        addresses = {"listen": self.listen_address, "lane_listen": self.lane_address, **self._named_own_addresses()}
        for name, address in addresses.items():
            if self.trust is not None or address is None or address.is_loopback:
                continue
            raise ValueError(
                f"{name}: in development mode only a loopback address is accepted, for everybody who reaches it sees "
                "everything; set trust, tls_cert and tls_key"
            )
        return self

    @model_validator(mode="after")
    def _each_address_is_one_servers(self) -> Self:
        """Each is bound by another process: the second would not come up."""
        named = {
            "listen": self.listen_address,
            "lane_listen": self.lane_address,
            **self._named_own_addresses(),
            "metrics": self.metrics_address,
        }
        taken: dict[Address, str] = {}
        for name, address in named.items():
            if address is None or address.port == 0:  # 0: any that is free
                continue
            if address in taken:
                raise ValueError(f"{name}: {address} is that of {taken[address]}: name another port")
            taken[address] = name
        return self

    @property
    def listen_address(self) -> Address:
        """`listen`, parsed."""
        return parse_address(self.listen)

    @property
    def lane_address(self) -> Address | None:
        """`lane_listen`, parsed; None = off."""
        return parse_address(self.lane_listen) if self.lane_listen else None

    @property
    def own_addresses(self) -> dict[str, Address]:
        """Returns the address of each service that a worker answers alone, by its name."""
        named = self._named_own_addresses()
        return {part.name: named[part.own_address] for part in PARTS if part.own_address in named}

    def _named_own_addresses(self) -> dict[str, Address]:
        given = {part.own_address: str(getattr(self, part.own_address)) for part in PARTS if part.own_address}
        return {name: parse_address(text) for name, text in given.items() if text}

    @property
    def metrics_address(self) -> Address | None:
        """`metrics`, parsed; None = off."""
        return None if self.metrics == "off" else parse_address(self.metrics)

    @property
    def worker_count(self) -> int:
        """Worker processes: `workers`, or one for each core that this process may use."""
        return self.workers or len(os.sched_getaffinity(0))
