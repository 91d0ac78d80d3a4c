"""The card of a service: its name, its settings, and the modules that answer its calls and run its process.

A card is data and imports no more than the settings of its service, for commands and children read it too. What it
names to be run is a module by its whole name, imported in the process that needs it (`module_of`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from server.settings import SettingsPart


@dataclass(frozen=True)
class Method:
    """One method of a service, or an act that the service records besides its calls.

    Callers: officers with a policy permit for one of `group`, unless a flag says otherwise.
    """

    name: str  # in audit records: "GET_DEVICE_KEY"; in the contract "GetDeviceKey"
    spanish: str  # as `ronda audit` shows it
    number: int = 0  # in audit records and in grants: it never changes; 0 = the engine's (core.engine.entry)
    group: str = ""  # of actions in policies; "" = no officer calls it
    request: str = ""  # message that the question of its record is; "" = the question is shown as bytes
    called: bool = True  # False: a record alone, which no call of this name leaves
    is_look_up: bool = False  # it looks for persons or vehicles: counted as a check, and a reason to recall
    by_machine: bool = False  # a machine account that policy permits it calls it too
    by_recall_token: bool = False  # a token that opens recalls alone opens it
    by_gateway: bool = False  # a gateway calls it for itself

    @property
    def rpc_name(self) -> str:
        """Its name in the contract."""
        return "".join(word.capitalize() for word in self.name.split("_"))


@dataclass(frozen=True)
class Secret:
    """A key of a service, the same in every worker: made by the supervisor, kept in the data directory."""

    file: str
    bytes: int
    what: str  # in a sentence: "a hot-list secret"


@dataclass(frozen=True)
class Part:
    """One service. docs/architecture.md shows who walks the list of parts, and for what."""

    name: str  # of its folder, its socket and its status file
    service: str  # its whole name in the contract
    contract: str  # module of its messages
    methods: tuple[Method, ...]
    settings: type[SettingsPart] | None = None
    handlers: str = ""  # module of a worker (server/calls/answered.py); "" = the engine answers
    process: str = ""  # module of the supervisor (server/host/supervised.py); "" = it keeps nothing for the service
    secret: Secret | None = None
    databases: tuple[str, ...] = ()  # SQLite files in the data directory, which `ronda doctor` looks at
    copied: tuple[str, ...] = ()  # folders and databases of the data directory that `ronda backup` takes
    own_address: str = ""  # setting of an address at which a worker answers it alone; "" = it can have none

    @property
    def socket(self) -> str:
        """The name of its process's socket, in the server's directory of sockets."""
        return f"{self.name}.sock"

    @property
    def status(self) -> str:
        """The name of its process's status file, in the same directory."""
        return f"{self.name}-status.json"


def module_of(name: str) -> ModuleType:
    """Imports a module that a card names."""
    return import_module(name)
