"""A machine that clears: a generation, an identity and a trust directory on its disk, and an audit log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.generation.manifest import MANIFEST
from ronda.spark.joining import JoinedLog
from ronda.spark.orders import Orders
from ronda.v1 import clearance_service_pb2 as contract
from server.audit.keys import load_signing_public
from server.audit.settings import AuditSettings
from server.audit.verifying import Verdict, verify
from server.trust.officer_token import TokenRules
from tests.server.published import Published
from tests.trust.trust_kit import TrustKit

WANTED = int(contract.CLEARANCE_STANDARD_WANTED)


@dataclass
class Office:
    """One directory that is driver and executor at once, as with `local[2]`."""

    directory: Path
    kit: TrustKit
    published: Published
    generation: str

    @classmethod
    def make(cls, directory: Path, generation: Path) -> Office:
        kit = TrustKit(directory / "keys")
        (directory / "data" / "generations").mkdir(parents=True)
        published = Published(directory / "data", generation)
        office = cls(directory, kit, published, published.publish())
        office.sign_in()
        (directory / "server-ca.pem").write_bytes(kit.server_ca)
        return office

    @property
    def identity(self) -> Path:
        return self.directory / "lot"

    def sign_in(self, roles: tuple[str, ...] = ("clearance",), **token: Any) -> None:
        """A new certificate, key and token."""
        agency = self.kit.issuer("digecam")
        device = agency.device("certificados", "lot-1")
        for ending, content in ((".pem", device.certificate), (".key", device.key)):
            self.identity.with_suffix(ending).write_bytes(content)
        text = agency.token("1", "certificados", list(roles), device.thumbprint, **token)
        self.identity.with_suffix(".token").write_text(f"{text}\n", encoding="ascii")

    @property
    def settings(self) -> AuditSettings:
        keys = self.directory / "keys" / "audit-keys"
        given: dict[str, Any] = {
            "data": self.published.data,
            "audit": self.directory / "audit",
            "audit_auditor_key": keys / "auditor.pub",
            "audit_signing_key": keys / "signing.key",
            "audit_keeper": str(self.directory / "keeper"),
        }
        return AuditSettings(**given)

    @property
    def environment(self) -> dict[str, str]:
        """The same settings, as the command reads them."""
        given = self.settings.model_dump(exclude_defaults=True)
        return {f"RONDA_{name.upper()}": str(value) for name, value in given.items()}

    def log(self) -> JoinedLog:
        return JoinedLog(self.settings)

    def verdict(self) -> Verdict:
        """Returns what `ronda audit verify` says of the joined log."""
        from server.audit.checkpoints import CheckpointFiles

        public = load_signing_public(self.directory / "keys" / "audit-keys" / "signing.pub")
        return verify(self.directory / "audit", public, [CheckpointFiles(self.directory / "keeper")])

    def orders(self, **changes: Any) -> Orders:
        manifest = self.published.data / "generations" / self.generation / MANIFEST
        orders = Orders(
            data=str(self.published.data),
            generation=self.generation,
            manifest=hashlib.sha256(manifest.read_bytes()).hexdigest(),
            standard=WANTED,
            request_id="",
            case="",
            identity=str(self.identity),
            trust=str(self.kit.trust),
            rules=TokenRules("ronda", 3600, 30),
            auditor_key=str(self.directory / "keys" / "audit-keys" / "auditor.pub"),
            spool=str(self.directory / "spool"),
        )
        return replace(orders, **changes)
