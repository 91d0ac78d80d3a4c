"""An office of certificates beside a real server in production mode: its staff, and the commands that they type."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from typer.testing import CliRunner, Result

from ronda.command import app
from server.audit.keys import load_auditor_private
from server.audit.reading import AuditReader, AuditRecord
from server.certificates.directory import OfficeDirectory
from server.trust.issuing import Issuer
from tests.kit.nation_kit import BuiltNation
from tests.trust.conftest import TrustedServer

CLERK, REVIEWER = "2001", "2002"
OFFICE_AUDIENCE = "ronda-office"
ONLINE = "https://constancias.example/v"


@dataclass
class Counter:
    """The clerk's machine. `office`: the directory of keys and store."""

    nation: BuiltNation
    trusted: TrustedServer
    directory: Path
    office: OfficeDirectory = field(init=False)

    def __post_init__(self) -> None:
        self.office = OfficeDirectory.make(self.directory / "office", "digecam", "Oficina de Constancias", ONLINE, 1095)
        self.out = self.directory / "out"
        self.out.mkdir()
        self.institution: Issuer = self.trusted.kit.issuer("digecam")
        keys = self.trusted.kit.directory
        self.pair = self.institution.device("central", "counter-1")
        self.pair.write(keys / "counter.pem", keys / "counter.key")
        self.sign_in()

    def sign_in(self) -> None:
        """Tokens of the moment: the clerk's for the network, and each one's for the office."""
        keys = self.trusted.kit.directory
        network = self.institution.token(CLERK, "central", ["clearance"], self.pair.thumbprint)
        (keys / "counter.token").write_text(network, encoding="ascii")
        for nip, role in ((CLERK, "clearance"), (REVIEWER, "clearance-review")):
            token = self.token_of(nip, [role])
            (keys / f"{nip}.office").write_text(token, encoding="ascii")

    def token_of(self, nip: str, roles: Sequence[str]) -> str:
        """An office token."""
        return self.institution.token(nip, "central", roles, self.pair.thumbprint, audience=OFFICE_AUDIENCE)

    def environment(self, nip: str = CLERK, **changes: str) -> dict[str, str]:
        """Variables of the clerk's shell; all others that are ours are empty."""
        keys = self.trusted.kit.directory
        given = {f"RONDA_{name.upper()}": str(value) for name, value in self.trusted.kit.settings.items()}
        return {
            **{name: "" for name in os.environ if name.startswith("RONDA_")},
            **given,
            "RONDA_DATA": str(self.trusted.data),
            "RONDA_SERVER": self.trusted.address,
            "RONDA_IDENTITY": str(keys / "counter"),
            "RONDA_TOKEN": str(keys / f"{nip}.office"),
            "RONDA_CERTIFICATE_OFFICE": str(self.office.path),
            "RONDA_CERTIFICATE_TRUST": str(self.office.path / "public"),
            **changes,
        }

    def run(self, *arguments: str | Path, nip: str = CLERK, **changes: str) -> Result:
        """`ronda certificate ...`."""
        return CliRunner().invoke(app, ["certificate", *map(str, arguments)], env=self.environment(nip, **changes))

    def told(
        self, *arguments: str | Path, status: int = 0, nip: str = CLERK, given: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Its JSON, of a run that ended so; `given`: variables of the shell."""
        result = self.run(*arguments, "--json", nip=nip, **(given or {}))
        assert result.exit_code == status, result.output
        document: dict[str, Any] = json.loads(result.stdout[: result.stdout.rindex("}") + 1])
        return document

    def cui(self, who: str) -> str:
        """One of the nation's cast."""
        return str(self.nation.cast["persons"][who])

    def name(self, who: str) -> str:
        """As the nation's maker knows it, in capitals."""
        persons = pq.read_table(self.nation.truth / "persons.parquet").to_pylist()
        (found,) = [person for person in persons if str(person["cui"]).zfill(13) == self.cui(who)]
        parts = ("first_given", "second_given", "third_given", "first_surname", "second_surname")
        return " ".join(str(found[part]) for part in parts if found.get(part)).upper()

    def issued(self, who: str = "clean", standard: str = "wanted", case: str = "") -> dict[str, Any]:
        """A new certificate's JSON, and the file's bytes under "pdf"."""
        before = len(list(self.out.iterdir()))
        path = self.out / f"{before}.pdf"
        rests_on = ["--review", case] if case else []
        told = self.told("--cui", self.cui(who), "--standard", standard, *rests_on, "--out", path)
        return {**told, "pdf": path.read_bytes()}

    def records(self) -> list[AuditRecord]:
        """Audit records, newest first."""
        return self.trusted.newest(50)

    def said(self, record: AuditRecord) -> dict[str, Any]:
        """Returns what a tool's record says, opened by the auditor."""
        key = load_auditor_private(self.trusted.kit.directory / "audit-keys" / "auditor.key")
        question = AuditReader(self.trusted.data / "audit", key).question(record)
        document: dict[str, Any] = json.loads(question or b"{}")
        return document
