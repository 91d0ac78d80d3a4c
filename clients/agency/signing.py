"""The operator of the run, and the signature of the summary."""

from __future__ import annotations

import base64
import getpass
import hashlib
import os
import socket
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from clients.agency.engine import Engine
from clients.agency.failures import AgencyError
from clients.agency.outputs import Names
from clients.client.whole_file import read_whole


def who(engine: Engine) -> dict[str, str]:
    """The user and machine of this run, and the device that asked."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        user = f"uid {os.getuid()}"
    return {"usuario": user, "equipo": socket.gethostname(), "certificado": engine.device()}


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key that signs summaries. Raises AgencyError."""
    try:
        key = load_pem_private_key(read_whole(path), password=None)
    except (OSError, ValueError, TypeError):
        raise AgencyError(f"No se puede leer la llave {path}: debe ser Ed25519, PEM, sin contraseña.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise AgencyError(f"La llave {path} no es Ed25519.")
    return key


def sign(names: Names, text: bytes, path: Path | None) -> dict[str, str] | None:
    """Signs the summary's bytes into their file; None where there is no key. Raises AgencyError, OSError."""
    if path is None:
        names.signature.unlink(missing_ok=True)
        return None
    key = load_key(path)
    signature = key.sign(text)
    names.signature.write_bytes(signature)
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"ed25519": base64.b64encode(signature).decode(), "llave_sha256": hashlib.sha256(public).hexdigest()}
