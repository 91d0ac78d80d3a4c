"""The supervisor's parts of a service: a process, files that must not be lost, metrics of its status file.

The card of a service names a module with these three functions; nothing here loads gRPC.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from server.host.kept_process import KeptProcess
from server.part import Part, module_of
from server.settings import GroundSettings

if TYPE_CHECKING:
    from prometheus_client.registry import Collector


@dataclass(frozen=True)
class Program:
    """A module that runs in place of a service's own process, and the manifests that it may know."""

    module: str
    manifests: Path | None = None  # None = those that come with Ronda


@dataclass(frozen=True)
class GivenProcess:
    """The parts of one service's process."""

    settings: GroundSettings  # of the whole server
    socket: Path  # on which the workers ask it
    status: Path  # file that it writes each second, for the metrics
    has_seen: Callable[[str], bool]  # whether a part of the installation was there before, by `KeptFile.name`
    program: Program | None = None  # None = the service's own


@dataclass(frozen=True)
class KeptFile:
    """A file of an installation that begins anew when it is lost. secret: made at the first start."""

    name: str
    event: str
    place: str  # in the data directory
    secret: bool = False


class KeptForService(Protocol):
    """The module that a card names."""

    def process(self, given: GivenProcess) -> KeptProcess | None:
        """Returns the process; None where the settings want none."""

    def files(self) -> Sequence[KeptFile]:
        """Returns the files that must not be lost."""

    def collector(self, settings: GroundSettings, status: Path) -> Collector:
        """Returns the metrics of the process's status file."""


def kept_for(part: Part) -> KeptForService | None:
    """Returns the module that a card names; None = the supervisor keeps nothing for the service."""
    return cast(KeptForService, module_of(part.process)) if part.process else None
