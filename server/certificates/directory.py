"""An office's directory: its keys, its store, and whom it speaks for. Made by `ronda keys document-signer`.

office.json              {"id", "name", "online"}
signer.pem, signer.key   document-signing certificate (P-256), in force longer than what it signs; key mode 0600
token.key.json           private key of the QR codes' tokens (Ed25519, a JWK), mode 0600
secret.key               32 bytes under which CUIs and NIPs are hashed in the store, mode 0600
authority.key            of the CA that signed signer.pem, mode 0600: belongs in a safe; absent where a provider of
                         certification services issued the certificate
public/authority.pem     what verifiers need: the CA
public/tokens.jwks.json  and the public keys of tokens
certificates.sqlite3     the store
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from joserfc.jwk import OKPKey

from server.trust.issuing import document_signer, make_ca, write_private

_SECRET_BYTES = 32
PUBLIC = "public"


class OfficeUnusable(Exception):
    """The directory is none of an office; the text names the file."""


@dataclass(frozen=True)
class OfficeDirectory:
    """Paths and facts of one office."""

    path: Path
    id: str
    name: str
    online: str

    @classmethod
    def read(cls, path: Path) -> OfficeDirectory:
        """Raises OfficeUnusable."""
        facts = path / "office.json"
        try:
            said = json.loads(facts.read_text(encoding="utf-8"))
            return cls(path, str(said["id"]), str(said["name"]), str(said["online"]))
        except (OSError, ValueError, KeyError, TypeError):
            raise OfficeUnusable(f"{facts}: no office's directory; `ronda keys document-signer` makes one") from None

    @classmethod
    def make(
        cls, path: Path, identity: str, name: str, online: str, days: float, starts: datetime | None = None
    ) -> OfficeDirectory:
        """Makes the directory, with a CA of its own. Raises FileExistsError, OSError."""
        path.mkdir(parents=True, mode=0o700)
        public = path / PUBLIC
        public.mkdir(mode=0o755)
        authority = make_ca(f"{identity} document CA")
        (public / "authority.pem").write_bytes(authority.certificate)
        write_private(path / "authority.key", authority.key)
        document_signer(authority, name, days, starts).write(path / "signer.pem", path / "signer.key")
        key = OKPKey.generate_key("Ed25519", {"kid": uuid.uuid4().hex[:8], "use": "sig"})
        write_private(path / "token.key.json", json.dumps(key.as_dict(private=True)).encode())
        keys = {"keys": [key.as_dict(private=False)]}
        (public / "tokens.jwks.json").write_text(json.dumps(keys, indent=2) + "\n", encoding="utf-8")
        write_private(path / "secret.key", secrets.token_bytes(_SECRET_BYTES))
        facts = {"id": identity, "name": name, "online": online}
        (path / "office.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return cls(path, identity, name, online)

    @property
    def store(self) -> Path:
        """The database."""
        return self.path / "certificates.sqlite3"

    @property
    def signer_files(self) -> tuple[Path, Path, Path, Path]:
        """Certificate, key, CA and the tokens' key."""
        path = self.path
        return path / "signer.pem", path / "signer.key", path / PUBLIC / "authority.pem", path / "token.key.json"

    def hashes(self) -> KeyedHashes:
        """Raises OfficeUnusable."""
        path = self.path / "secret.key"
        try:
            secret = path.read_bytes()
        except OSError:
            raise OfficeUnusable(f"{path}: cannot be read") from None
        if len(secret) != _SECRET_BYTES:
            raise OfficeUnusable(f"{path}: must be {_SECRET_BYTES} bytes")
        return KeyedHashes(secret)


class KeyedHashes:
    """What stands in the store in place of a CUI or a NIP: who takes the store without the key can try none on it."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def person(self, cui: str) -> bytes:
        """32 bytes."""
        return self._of("person", cui)

    def officer(self, institution: str, nip: str) -> bytes:
        """32 bytes."""
        return self._of("officer", f"{institution}/{nip}")

    def _of(self, kind: str, text: str) -> bytes:
        return hmac.digest(self._secret, f"{kind}|{text}".encode(), hashlib.sha256)
