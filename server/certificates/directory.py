"""An office's directory: its keys, its store, and its institution. Made by `ronda keys document-signer`.

office.json              {"id", "name", "online"}, and where the institution has them {"heading", "foot", "arms"}
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
import io
import json
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from joserfc.jwk import OKPKey

from core.documents import json_of
from core.files.regular_file import read_file
from server.trust.issuing import document_signer, make_ca, write_private

_SECRET_BYTES = 32
PUBLIC = "public"
# What office.json may hold: characters at most.
_LONGEST = {"id": 64, "name": 200, "online": 200, "heading": 300, "foot": 150, "arms": 255}
_MOST_IMAGE_BYTES, _MOST_PIXELS = 2 << 20, 16_000_000
_WIDEST = 5  # times as wide as high: it stands 22 mm high between the margins of a page


class OfficeUnusable(Exception):
    """The directory is none of an office; the text names the file."""


class WordingUnusable(Exception):
    """A fact of office.json cannot stand on a page. file: where; key: which; rule: what it breaks."""

    def __init__(self, file: Path, key: str, rule: str) -> None:
        super().__init__(f"{file}: {key}: {rule}")
        self.file, self.key, self.rule = file, key, rule


def _facts(file: Path, text: str) -> dict[str, Any]:
    """Raises WordingUnusable for what is no object of JSON: the file is written by hand."""
    try:
        said = json_of(text)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise WordingUnusable(file, "JSON", "unread")
    return said


@dataclass(frozen=True)
class OfficeDirectory:
    """Paths and facts of one office.

    heading: lines above the institution's name; foot: a line at the end of each page; arms: the bytes of an image.
    """

    path: Path
    id: str
    name: str
    online: str
    heading: str = ""
    foot: str = ""
    arms: bytes | None = None

    @classmethod
    def read(cls, path: Path) -> OfficeDirectory:
        """Raises OfficeUnusable, WordingUnusable."""
        facts = path / "office.json"
        try:
            text = read_file(facts).decode()
        except OSError:
            raise OfficeUnusable(f"{facts}: no office's directory; `ronda keys document-signer` makes one") from None
        except UnicodeDecodeError:
            raise WordingUnusable(facts, "JSON", "unread") from None
        said = _facts(facts, text)
        for key, value in said.items():
            if key not in _LONGEST:
                raise WordingUnusable(facts, key, "unknown")
            if not isinstance(value, str):
                raise WordingUnusable(facts, key, "no text")
            if len(value) > _LONGEST[key]:
                raise WordingUnusable(facts, key, "too long")
        needed = {name: said.get(name, "") for name in ("id", "name", "online")}
        if not needed["id"].strip() or not needed["name"].strip():
            raise WordingUnusable(facts, "id" if not needed["id"].strip() else "name", "empty")
        if needed["online"] and not needed["online"].startswith("https://"):
            raise WordingUnusable(facts, "online", "no https")
        arms = _image(facts, path / said["arms"]) if said.get("arms") else None
        return cls(path, **needed, heading=said.get("heading", ""), foot=said.get("foot", ""), arms=arms)

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
            secret = read_file(path)
        except OSError:
            raise OfficeUnusable(f"{path}: cannot be read") from None
        if len(secret) != _SECRET_BYTES:
            raise OfficeUnusable(f"{path}: must be {_SECRET_BYTES} bytes")
        return KeyedHashes(secret)


def _image(facts: Path, path: Path) -> bytes:
    """The bytes of a PNG or JPEG that can be drawn to its end. Raises WordingUnusable."""
    from PIL import Image  # noqa: PLC0415 - slow to import, and few offices have one

    try:
        content = read_file(path)
    except OSError:
        raise WordingUnusable(facts, "arms", "cannot be read") from None
    if len(content) > _MOST_IMAGE_BYTES:
        raise WordingUnusable(facts, "arms", "too large")
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as image:
            if image.width * image.height > _MOST_PIXELS or image.width > _WIDEST * image.height:
                raise WordingUnusable(facts, "arms", "too large")
            image.load()
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise WordingUnusable(facts, "arms", "no image") from None
    return content


class KeyedHashes:
    """The hashes in place of a CUI or NIP in the store: without the key, nobody can test values against them."""

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
