"""The start-up settings of a console."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

_EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 # recognised, not listened on


class ConsoleRefused(Exception):
    """A console that may not be: says why, in Spanish."""


@dataclass(frozen=True)
class ConsoleSettings:
    """listen, server, issuer: "host:port"; identity: prefix of the console's certificate, as `ronda car` has it.

    hosts: names under which browsers reach it, besides the address that it listens on. idle_s: without a request of
    somebody's own; shift_s: longest life of a session, also on a wall.
    metrics: host and port of the figures and of the readiness; None = none.
    """

    listen: str
    server: str
    identity: Path | None = None
    issuer: str = ""
    tls_cert: Path | None = None
    tls_key: Path | None = None
    hosts: tuple[str, ...] = ()
    idle_s: float = 900.0
    shift_s: float = 28_800.0
    metrics: tuple[str, int] | None = None

    def check(self) -> None:
        """Raises ConsoleRefused for settings that would show figures to anyone, or a password to the network."""
        if (self.identity is None) != (not self.issuer):
            raise ConsoleRefused("--identity y --issuer van juntos: con ellos cada oficial entra con NIP y contraseña.")
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ConsoleRefused("--tls-cert y --tls-key van juntos.")
        if not self.loopback and (self.identity is None or self.tls_cert is None):
            raise ConsoleRefused(
                f"{self.listen} no es de este equipo solo: pide --identity, --issuer, --tls-cert y --tls-key."
            )

        if self.host in _EVERYWHERE and not self.hosts:
            raise ConsoleRefused(f"{self.host} son todas las direcciones: indique con --host cómo la llaman.")

    @property
    def host(self) -> str:
        """The address alone."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """0 = any free one."""
        return int(self.listen.rpartition(":")[2])

    @property
    def loopback(self) -> bool:
        """True if only this machine reaches it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def development(self) -> bool:
        """True for a server in development mode, which knows no officers."""
        return self.identity is None
